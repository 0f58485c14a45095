"""Flares of drawn diaries: 2 points above the reference on 2 days, and what gaps, ends and long flares do."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coxa.diary import FlareRule, flare_rates, flares
from coxa.errors import DataError, OptionError
from tests.spec.drawn_diary import diary

RULE = FlareRule(reference_days=4, min_recorded=3)
"""2 points above the mean of the first 4 days, on 2 days."""

CALM = "3 3 3 3 "
"""Four days with a mean of 3, from which pain of 5 and more is raised."""


def found(line: str, rule: FlareRule = RULE) -> list[tuple[int, int]]:
    """Return start and end of the flares of one drawn diary."""
    table = flares(diary(a=line), rule)
    return list(zip(table["start"].tolist(), table["end"].tolist(), strict=True))


def test_raised_days_in_a_row_are_one_flare_however_many() -> None:
    assert found(CALM + "5 5 3 3") == [(5, 6)]
    assert found(CALM + "5 6 7 6 5 3") == [(5, 9)]
    assert found(CALM + "5 5 3 5 5 3") == [(5, 6), (8, 9)]


def test_one_raised_day_or_too_small_a_rise_is_none() -> None:
    assert found(CALM + "8 3 8 3") == []
    assert found(CALM + "4.9 4.9 4.9") == []
    assert found("3.3 3.3 3.3 3.3 5.3 5.3") == [(5, 6)]  # 5.3 - 3.3 is a little below 2 in binary


def test_a_flare_is_described() -> None:
    table = flares(diary(a=CALM + "5 6 . 7 3", b="1 1 1 1 1"), RULE)
    assert table.to_dict("records") == [
        {
            "participant_id": "a",
            "flare": 1,
            "start": 5,
            "end": 8,
            "days": 4,
            "days_raised": 3,
            "reference": 3.0,
            "peak": 7.0,
            "rise": 4.0,
            "closed": True,
        }
    ]


def test_a_day_that_is_not_known_neither_makes_a_flare_nor_ends_it() -> None:
    assert found(CALM + "5 . 5 3") == [(5, 7)]
    assert found(CALM + "5 ? 5 3") == [(5, 7)]  # a row without a value is no more than no row
    assert found(CALM + "5 . 3") == []
    assert found(CALM + "5 . . 5 5") == [(8, 9)]  # a longer gap ends it


def test_how_long_a_gap_may_be_is_part_of_the_rule() -> None:
    strict, lenient = (FlareRule(reference_days=4, min_recorded=3, max_gap=gap) for gap in (0, 2))
    assert found(CALM + "5 . 5 3", strict) == []
    assert found(CALM + "5 . . 5 3", lenient) == [(5, 8)]


def test_a_flare_whose_end_is_not_seen_says_so() -> None:
    table = flares(diary(a=CALM + "5 5 3", b=CALM + "5 5", c=CALM + "5 5 . . 3"), RULE)
    assert table["closed"].tolist() == [True, False, False]


def test_the_first_days_are_the_reference_and_cannot_flare() -> None:
    assert found("9 9 1 1 5 5") == []  # reference 5
    assert found("3 . 3 3 5 5") == [(5, 6)]
    assert found("3 . . 3 5 5") == []  # two recorded days are no reference by this rule


def test_a_rolling_median_follows_a_lasting_change_but_is_held_during_a_flare() -> None:
    rolling = FlareRule(reference="rolling_median", reference_days=4, min_recorded=3)
    assert found("3 3 3 6 6 6 6 6 6", rolling) == [(4, 9)]  # held at 3, or the flare would end on day 6
    assert found("3 3 3 4 4 5 6 7", rolling) == [(7, 8)]  # pain that creeps up is raised late: the median goes along
    assert found("3 3 3 6 3 3 6 6", rolling) == [(7, 8)]
    assert found("1 1 1 4 4 1 1 4 4", rolling) == [(4, 5)]  # days of a flare raise the median after it to 2.5


def test_a_rate_has_the_days_on_which_a_flare_could_begin() -> None:
    rates = flare_rates(diary(a=CALM + "3 5 5 5 3 . 3", b="3 . . 3 5 5", c="3"), RULE, per=7)
    assert rates["participant_id"].tolist() == ["a", "b", "c"]
    assert rates["flares"].tolist() == [1, 0, 0]
    assert rates["flare_days"].tolist() == [3, 0, 0]
    assert rates["days_recorded"].tolist() == [10, 4, 1]
    assert rates["days_at_risk"].tolist() == [4, 0, 0]  # days 5, 6 (the onset), 9 and 11
    assert rates["rate"].iloc[0] == 7 * 1 / 4
    assert rates["rate"].iloc[1:].isna().all()  # never at risk: no rate, not a rate of 0


def test_dates_come_back_as_dates() -> None:
    data = diary(a=CALM + "5 5").assign(date=pd.date_range("2026-03-01", periods=6))
    assert flares(data, RULE, day="date")["start"].tolist() == [pd.Timestamp("2026-03-05")]


def test_no_flare_gives_an_empty_table_with_all_columns() -> None:
    table = flares(diary(a=CALM), RULE)
    assert table.empty
    assert list(table.columns) == list(flares(diary(a=CALM + "5 5"), RULE).columns)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rise": 0}, "`rise` of the flare rule is 0. Give a number of points above 0."),
        ({"days": 0}, "`days` of the flare rule is 0. Give a whole number, 1 or more."),
        ({"days": 1.5}, "`days` of the flare rule is 1.5"),
        ({"max_gap": -1}, "`max_gap` of the flare rule is -1. Give a whole number, 0 or more."),
        ({"min_recorded": 8}, "`min_recorded` is 8, but the reference has 7 days"),
        ({"reference": "rolling_mean"}, "did you mean rolling_median"),
    ],
)
def test_an_impossible_rule_is_refused(options: dict, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        FlareRule(**options)


def test_two_rows_for_a_day_are_refused() -> None:
    with pytest.raises(DataError, match="the participant has an earlier row of this day"):
        flares(pd.concat([diary(a=CALM), diary(a="3")]), RULE)


marks = st.lists(st.sampled_from([".", "?", "1", "3", "5", "7", "9"]), min_size=1, max_size=30)


@given(marks, st.sampled_from(["baseline_mean", "rolling_median"]), st.integers(0, 2), st.integers(1, 3))
def test_flares_do_not_overlap_and_hold_together(line: list[str], reference, gap: int, days: int) -> None:
    rule = FlareRule(days=days, reference=reference, reference_days=4, min_recorded=2, max_gap=gap)
    data = diary(a=" ".join(line), b="3")
    table, rates = flares(data, rule), flare_rates(data, rule).set_index("participant_id")
    assert (table["start"].iloc[1:].to_numpy() > table["end"].iloc[:-1].to_numpy()).all()
    assert (table["rise"] >= rule.rise - 1e-9).all()
    assert (table["days_raised"] >= days).all()
    assert (table["days"] >= table["days_raised"]).all()
    known = set(data.dropna().query("participant_id == 'a'")["study_day"])
    assert set(table["start"]) | set(table["end"]) <= known
    assert rates["flares"].sum() == len(table)
    assert (rates["flares"] <= rates["days_at_risk"]).all()
    assert (rates["days_at_risk"] <= rates["days_recorded"]).all()
