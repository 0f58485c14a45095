"""Weeks in which pain-guided progression was kept, and what broke the others."""

from __future__ import annotations

import pandas as pd
import pytest

from coxa.diary import progression
from coxa.errors import OptionError
from tests.spec.drawn_diary import diary


def weeks(pain: str, morning: str | None = None, **options: float) -> pd.DataFrame:
    """Return the weeks of one participant."""
    days = diary(a=pain)
    if morning:
        days = days.merge(diary("pain_next_morning", a=morning), how="left")
    return progression(days, **options)  # type: ignore[arg-type]


WEEK = "3 3 3 3 3 3 3"
SAFE = "1 1 1 1 1 1 1"


def test_a_week_of_acceptable_pain_that_settles_is_kept() -> None:
    found = weeks(WEEK, SAFE)
    assert found[["kept", "excessive", "unsettled", "rising"]].to_numpy().tolist() == [[True, False, False, False]]


@pytest.mark.parametrize(
    ("pain", "morning", "rule"),
    [
        ("3 3 3 6 3 3 3", SAFE, "excessive"),
        (WEEK, "1 1 4 1 1 1 1", "unsettled"),
        (f"{WEEK} 4 4 4 4 4 4 4", f"{SAFE} {SAFE}", "rising"),
    ],
)
def test_each_rule_breaks_a_week(pain: str, morning: str, rule: str) -> None:
    last = weeks(pain, morning).iloc[-1]
    assert not last["kept"]
    assert [name for name in ("excessive", "unsettled", "rising") if last[name]] == [rule]


def test_a_rise_within_the_tolerance_keeps_the_week() -> None:
    pain, morning = f"{WEEK} 3.5 3.5 3.5 3.5 3.5 3.5 3.5", f"{SAFE} {SAFE}"
    assert weeks(pain, morning)["kept"].tolist() == [True, False]
    assert weeks(pain, morning, tolerance=0.5)["kept"].tolist() == [True, True]


def test_nothing_is_known_of_a_week_with_too_few_days_nor_of_a_rise_from_one() -> None:
    found = weeks(f"1 1 1 . . . . {WEEK}", f"0 0 0 . . . . {SAFE}")
    assert found["kept"].isna().tolist() == [True, False]
    assert found["kept"].iloc[1]


def test_pain_during_training_counts_where_it_is_worse() -> None:
    days = diary(a="2 2 2 2").merge(diary("pain_during", a="2 7 2 2"))
    assert progression(days)["excessive"].tolist() == [True]


def test_a_week_has_seven_days() -> None:
    with pytest.raises(OptionError, match="`min_recorded` is 8"):
        weeks(WEEK, min_recorded=8)
