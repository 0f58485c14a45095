"""Weeks of training: load, change against the rule of 10%, monotony and strain, on loads drawn by hand."""

from __future__ import annotations

import math

import pytest

from coxa.diary import training_weeks
from coxa.errors import OptionError
from tests.spec.drawn_diary import diary

EVEN = "100 0 100 0 100 0 100"


def test_load_is_of_seven_days_and_sessions_are_days_with_load() -> None:
    found = training_weeks(diary("training_load", a="100 0 . 50 0 100 50"))
    assert found[["days_known", "sessions"]].to_numpy().tolist() == [[6, 4]]
    assert found["load"].tolist() == pytest.approx([7 * 300 / 6])


def test_a_week_with_too_few_days_has_no_load_unless_missing_days_are_rest() -> None:
    days = diary("training_load", a="100 . . . . . 100")
    assert math.isnan(training_weeks(days)["load"].iloc[0])
    assert training_weeks(days, missing="zero")["load"].tolist() == [200.0]


def test_change_is_against_the_week_before_by_number() -> None:
    found = training_weeks(diary("training_load", a=f"{EVEN} 110 0 110 0 110 0 110 . . . . . . . {EVEN}"))
    assert found["week"].tolist() == [1, 2, 4]
    assert found["change"].round(4).tolist()[1] == 0.1
    assert found["change"].isna().tolist() == [True, False, True]
    assert found["above_ten_percent"].tolist()[1] is False  # 10% is allowed; more is not


def test_more_than_ten_per_cent_is_marked() -> None:
    found = training_weeks(diary("training_load", a=f"{EVEN} 111 0 111 0 111 0 111"))
    assert found["above_ten_percent"].tolist()[1] is True


def test_monotony_and_strain_are_those_of_the_formula() -> None:
    loads = [100.0, 0.0, 200.0, 0.0, 150.0, 0.0, 250.0]
    mean = sum(loads) / 7
    sd = math.sqrt(sum((load - mean) ** 2 for load in loads) / 6)
    found = training_weeks(diary("training_load", a=" ".join(map(str, loads)))).iloc[0]
    assert found["monotony"] == pytest.approx(mean / sd)
    assert found["strain"] == pytest.approx(sum(loads) * mean / sd)


def test_equal_days_have_no_monotony() -> None:
    assert training_weeks(diary("training_load", a="80 80 80 80 80 80 80"))["monotony"].isna().all()


def test_a_share_is_asked_for() -> None:
    with pytest.raises(OptionError, match="`min_recorded` is 5, not a share"):
        training_weeks(diary("training_load", a=EVEN), min_recorded=5)
