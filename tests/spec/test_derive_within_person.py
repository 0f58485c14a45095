"""Within and between: two persons, three days, the split written out; and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coxa.diary import within_between
from coxa.errors import DataError, OptionError
from tests.spec.drawn_diary import diary

LOAD = diary("load", a="100 300 ?", b="0 . 50")

EXACT = 1e-12
"""Sums of a few numbers of like size in double precision."""


def test_the_mean_is_over_the_days_with_a_value() -> None:
    split = within_between(LOAD, "load")
    assert split["load_between"].tolist() == [200.0, 200.0, 200.0, 25.0, 25.0]
    assert split["load_within"].tolist()[:2] == [-100.0, 100.0]
    assert np.isnan(split["load_within"].iloc[2])  # nothing is known of that day
    assert split["load_within"].tolist()[3:] == [-25.0, 25.0]


def test_each_person_counts_once_in_the_grand_mean() -> None:
    split = within_between(LOAD, "load", centre="grand_mean")
    assert split["load_between"].tolist() == [87.5, 87.5, 87.5, -87.5, -87.5]  # (200 + 25) / 2 = 112.5
    assert split["load_within"].equals(within_between(LOAD, "load")["load_within"])


def test_somebody_without_any_value_has_no_mean() -> None:
    split = within_between(diary("load", a="1 2", b="? ?"), "load", centre="grand_mean")
    assert split["load_between"].tolist()[:2] == [0.0, 0.0]
    assert split["load_between"].iloc[2:].isna().all()


def test_several_columns_and_the_data_stay_as_they_were() -> None:
    data = LOAD.assign(sleep=[7, 8, 9, 6, 8])
    before = data.copy(deep=True)
    split = within_between(data, ["load", "sleep"])
    assert list(split.columns[-4:]) == ["load_between", "load_within", "sleep_between", "sleep_within"]
    pd.testing.assert_frame_equal(data, before)


def test_visits_need_no_study_day() -> None:
    visits = pd.DataFrame({"participant_id": ["a", "a"], "visit": ["baseline", "week_6"], "pain": [4, 2]})
    assert within_between(visits, "pain")["pain_within"].tolist() == [1.0, -1.0]


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (LOAD, {"columns": "lod"}, "did you mean load"),
        (LOAD, {"columns": []}, "No column was named"),
        (LOAD, {"columns": "load", "centre": "grand mean"}, "Choose one of none, grand_mean"),
        (LOAD.assign(load_within=1), {"columns": "load"}, "'load_within' exists already"),
    ],
)
def test_wrong_options_are_answered(data: pd.DataFrame, options: dict, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        within_between(data, **options)


def test_wrong_rows_are_named() -> None:
    with pytest.raises(DataError, match=r"row 3, participant a, load: load is not a finite number \(found 'much'\)"):
        within_between(LOAD.assign(load=["1", "much", "3", "4", "5"]), "load")
    with pytest.raises(DataError, match="row 4, participant_id: the row has no participant"):
        within_between(LOAD.assign(participant_id=["a", "a", None, "b", "b"]), "load")
    with pytest.raises(
        DataError, match="row 3, participant a, study_day: the participant has an earlier row of this day"
    ):
        within_between(LOAD.assign(study_day=[1, 1, 3, 1, 3]), "load")


def test_rows_of_a_cohort_are_named_as_in_their_file() -> None:
    twice = LOAD.assign(study_day=[1, 1, 3, 1, 3], source_row=[12, 13, 14, 15, 16])
    with pytest.raises(DataError, match="row 13, participant a"):
        within_between(twice, "load")


numbers = st.floats(-1e6, 1e6, allow_nan=False)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.none() | numbers), min_size=1, max_size=30))
def test_between_and_within_add_up_to_the_value(rows: list[tuple[str, float | None]]) -> None:
    data = pd.DataFrame(rows, columns=["participant_id", "load"])
    split = within_between(data, "load")
    value = data["load"].astype(float)
    total = split["load_between"] + split["load_within"]
    assert total[value.notna()].to_numpy() == pytest.approx(value.dropna().to_numpy(), abs=1e6 * EXACT)
    assert split["load_within"].groupby(data["participant_id"]).mean().fillna(0).abs().max() < 1e6 * EXACT
    assert (split.groupby("participant_id")["load_between"].nunique() <= 1).all()
