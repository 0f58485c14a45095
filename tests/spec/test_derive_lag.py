"""Lagged values go by the calendar: after a gap there is no yesterday."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coxa.diary import lagged
from coxa.errors import DataError, OptionError
from tests.spec.drawn_diary import diary

LOAD = diary("load", a="10 20 . 40 ? 60", b="1 2 3")


def test_yesterday_is_the_day_before_and_nothing_else() -> None:
    before = lagged(LOAD, "load")["load_lag1"]
    #            day       1       2     4       5     6
    expected_a = [np.nan, 10.0, np.nan, 40.0, np.nan]
    assert np.array_equal(before[:5], expected_a, equal_nan=True)
    assert np.array_equal(before[5:], [np.nan, 1.0, 2.0], equal_nan=True)


def test_two_days_back() -> None:
    before = lagged(LOAD, "load", lag=2)["load_lag2"]
    assert np.array_equal(before[:5], [np.nan, np.nan, 20.0, np.nan, 40.0], equal_nan=True)


def test_the_order_and_the_index_of_the_rows_do_not_matter() -> None:
    shuffled = LOAD.sample(frac=1, random_state=1).set_index(pd.Index(range(100, 108)))
    before = lagged(shuffled, "load")
    assert before.index.equals(shuffled.index)
    back = before.sort_values(["participant_id", "study_day"])["load_lag1"].to_numpy()
    assert np.array_equal(back, lagged(LOAD, "load")["load_lag1"], equal_nan=True)


def test_dates_are_days_too_and_any_column_can_be_lagged() -> None:
    days = pd.to_datetime(["2026-02-28", "2026-03-01", "2026-03-03"])
    data = pd.DataFrame({"participant_id": "a", "date": days, "band": ["safe", "excessive", "safe"]})
    assert lagged(data, "band", day="date")["band_lag1"].tolist()[1] == "safe"
    assert lagged(data, "band", day="date")["band_lag1"].isna().tolist() == [True, False, True]


@pytest.mark.parametrize("lag", [0, -1, 1.5, True])
def test_a_lag_is_a_number_of_days(lag: float) -> None:
    with pytest.raises(OptionError, match="Give a whole number of days"):
        lagged(LOAD, "load", lag=lag)  # type: ignore[arg-type]


def test_what_would_overwrite_or_is_not_there_is_refused() -> None:
    with pytest.raises(OptionError, match="'load_lag1' exists already"):
        lagged(lagged(LOAD, "load"), "load")
    with pytest.raises(OptionError, match="did you mean load"):
        lagged(LOAD, "loads")


def test_days_that_cannot_be_told_apart_are_refused() -> None:
    with pytest.raises(DataError, match=r"row 3, participant a, study_day: .* has an earlier row of this day"):
        lagged(LOAD.assign(study_day=[1, 1, 4, 5, 6, 1, 2, 3]), "load")
    with pytest.raises(DataError, match="`study_day` is not a whole number"):
        lagged(LOAD.assign(study_day=LOAD["study_day"] + 0.5), "load")
    with pytest.raises(DataError, match=r"pd\.to_datetime"):
        lagged(LOAD.assign(study_day="1 March"), "load")


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 12)), unique=True, min_size=1, max_size=25),
    st.integers(1, 3),
)
def test_a_lag_never_crosses_a_person(keys: list[tuple[str, int]], lag: int) -> None:
    data = pd.DataFrame(keys, columns=["participant_id", "study_day"])
    data["code"] = data["participant_id"] + data["study_day"].astype(str)
    found = lagged(data, "code", lag=lag)[f"code_lag{lag}"]
    there = set(data["code"])
    for (who, day), before in zip(keys, found, strict=True):
        expected = f"{who}{day - lag}"
        assert before == expected if expected in there else pd.isna(before)
