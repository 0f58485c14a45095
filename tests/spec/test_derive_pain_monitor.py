"""Pain-monitoring bands: where a rating on the cut belongs, and what a week is summed up to."""

from __future__ import annotations

import pandas as pd
import pytest

from coxa.derive.pain_monitor import PAIN_BANDS, pain_bands
from coxa.diary import PainBands, pain_monitoring
from coxa.errors import DataError, OptionError


def ratings(*pain: float | None, morning: tuple[float | None, ...] = (), first_day: int = 1) -> pd.DataFrame:
    days = range(first_day, first_day + len(pain))
    data = pd.DataFrame({"participant_id": "a", "study_day": days, "pain": pain})
    return data.assign(pain_next_morning=list(morning) or [0.0] * len(pain))


ON_THE_CUTS = ratings(0, 2, 2.1, 3, 3.1, 5, 5.1, 10)


@pytest.mark.parametrize(
    ("bands", "expected"),
    [
        ("silbernagel_thomee", "safe safe acceptable acceptable acceptable acceptable excessive excessive"),
        ("safe_to_3", "safe safe safe safe acceptable acceptable excessive excessive"),
        (PainBands(safe=4, acceptable=6), "safe safe safe safe safe acceptable acceptable excessive"),
    ],
)
def test_a_rating_on_a_cut_is_in_the_lower_band(bands: PainBands | str, expected: str) -> None:
    assert pain_bands(ON_THE_CUTS, "pain", bands)["pain_band"].tolist() == expected.split()


def test_bands_are_ordered_and_a_missing_rating_has_none() -> None:
    found = pain_bands(ratings(1, None, 8), "pain")["pain_band"]
    assert found.isna().tolist() == [False, True, False]
    assert found.max() == "excessive"


def test_every_rating_has_its_own_band() -> None:
    found = pain_bands(ratings(6, morning=(1,)))
    assert (found["pain_band"].iloc[0], found["pain_next_morning_band"].iloc[0]) == ("excessive", "safe")


def test_a_week_in_shares() -> None:
    week = pain_monitoring(ratings(1, 3, 4, 7, None, morning=(1, 2, 3, 1, 5))).iloc[0]
    assert week["days_recorded"] == 4  # nothing is known of the fifth day
    assert [week[f"share_{band}"] for band in ("safe", "acceptable", "excessive")] == [0.25, 0.5, 0.25]
    assert week["days_above_safe"] == 3
    assert week["share_settled"] == pytest.approx(2 / 3)  # of pain 3, 4 and 7, that of 4 had not settled


def test_whether_pain_settled_is_not_asked_where_the_morning_is_not_known() -> None:
    week = pain_monitoring(ratings(4, 6, morning=(1, None))).iloc[0]
    assert (week["days_above_safe"], week["share_settled"]) == (1, 1.0)
    assert pd.isna(pain_monitoring(ratings(1, 2)).iloc[0]["share_settled"])  # never above safe


def test_pain_rises_from_week_to_week() -> None:
    weeks = pain_monitoring(pd.concat([ratings(2, 4), ratings(4, 4, first_day=8), ratings(3, first_day=22)]))
    assert weeks["week"].tolist() == [1, 2, 4]
    assert weeks["mean_pain"].tolist() == [3, 4, 3]
    assert weeks["change"].iloc[1] == 1
    assert weeks["change"].isna().tolist() == [True, False, True]  # there is no week 3 to compare week 4 with
    assert weeks["rising"].tolist() == [pd.NA, True, pd.NA]
    tolerant = pain_monitoring(pd.concat([ratings(2, 4), ratings(4, 4, first_day=8)]), tolerance=1)
    assert tolerant["rising"].tolist() == [pd.NA, False]


def test_of_several_ratings_the_worst_counts() -> None:
    data = ratings(1, 1).assign(pain_after=[6, None])
    week = pain_monitoring(data, pain=["pain", "pain_after"]).iloc[0]
    assert (week["share_safe"], week["share_excessive"]) == (0.5, 0.5)


def test_weeks_begin_on_the_day_that_is_said() -> None:
    assert pain_monitoring(ratings(*[1] * 8, first_day=0))["week"].tolist() == [0, 1]
    assert pain_monitoring(ratings(*[1] * 8, first_day=0), first_day=0)["week"].tolist() == [1, 2]


def test_published_cuts() -> None:
    assert {name: (cut.safe, cut.acceptable) for name, cut in PAIN_BANDS.items()} == {
        "silbernagel_thomee": (2, 5),
        "safe_to_3": (3, 5),
    }


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(OptionError, match="Give 0 <= safe < acceptable < worst"):
        PainBands(safe=5, acceptable=2)
    with pytest.raises(OptionError, match="did you mean safe_to_3"):
        pain_bands(ON_THE_CUTS, "pain", "safe_to3")
    with pytest.raises(DataError, match=r"row 3, participant a, pain: `pain` is not between 0 and 10 \(found '11'\)"):
        pain_bands(ratings(1, 11).astype({"pain": int}), "pain")
    with pytest.raises(DataError, match="earlier row of this day"):
        pain_monitoring(pd.concat([ratings(1), ratings(2)]))
