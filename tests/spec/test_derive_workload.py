"""Training load and its ratio: weeks with a known load, the four variants by hand, and gaps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coxa.derive.workload_ratio import WORKLOAD_VARIANTS
from coxa.diary import session_load, workload, workload_summary
from coxa.errors import DataError, OptionError

CLOSE = 1e-12
"""Closed forms, a few operations in double precision."""


def weeks(*loads: float, missing: tuple[int, ...] = (), first_day: int = 1) -> pd.DataFrame:
    """Return a diary with the same load on every day of a week, without rows for the missing days."""
    load = np.repeat(loads, 7)
    data = pd.DataFrame({"participant_id": "a", "study_day": np.arange(len(load)) + first_day, "training_load": load})
    return data[~data["study_day"].isin(missing)].reset_index(drop=True)


FIVE = weeks(10, 20, 30, 40, 50)


def last(data: pd.DataFrame, variant: str, **options: object) -> tuple[float, float, float]:
    row = workload(data, variant, **options).iloc[-1]  # type: ignore[arg-type]
    return row["acute_load"], row["chronic_load"], row["workload_ratio"]


def test_load_is_minutes_times_exertion_and_rest_is_none() -> None:
    day = pd.DataFrame(
        {"participant_id": "a", "training_minutes": [40, 0, 30, None], "perceived_exertion": [5, None, None, 6]}
    )
    load = session_load(day)["training_load"].tolist()
    assert load[:2] == [200.0, 0.0]
    assert np.isnan(load[2:]).all()  # half known is not known
    with pytest.raises(DataError, match="`perceived_exertion` is not between 0 and 10"):
        session_load(day.assign(perceived_exertion=[5, None, 11, 6]))
    with pytest.raises(DataError, match="row 2, participant a, training_minutes: training_minutes is below"):
        session_load(day.assign(training_minutes=[-40, 0, 30, 20]))


def test_a_column_of_the_data_dictionary_that_is_empty_is_filled() -> None:
    day = pd.DataFrame(
        {"participant_id": ["a"], "training_minutes": 40, "perceived_exertion": 5, "training_load": None}
    )
    assert session_load(day)["training_load"].tolist() == [200.0]
    with pytest.raises(OptionError, match="'training_load' exists already"):
        session_load(session_load(day))


def test_the_windows_of_the_rolling_variants() -> None:
    assert last(FIVE, "coupled") == pytest.approx((50, (20 + 30 + 40 + 50) / 4, 50 / 35), abs=CLOSE)
    assert last(FIVE, "uncoupled") == pytest.approx((50, (10 + 20 + 30 + 40) / 4, 2.0), abs=CLOSE)
    assert last(FIVE, "week_on_week") == pytest.approx((50, 40, 1.25), abs=CLOSE)


def test_the_acute_window_ends_with_the_day_itself() -> None:
    day_37 = workload(weeks(10, 20, 30, 40, 50, 60), "uncoupled").set_index("study_day").loc[37]
    assert day_37["acute_load"] == pytest.approx((5 * 50 + 2 * 60) / 7, abs=CLOSE)
    assert day_37["chronic_load"] == pytest.approx((5 * 10 + 7 * 20 + 7 * 30 + 7 * 40 + 2 * 50) / 28, abs=CLOSE)


def test_exponential_weights_by_hand() -> None:
    load = [float(number) for number in range(1, 29)]
    data = pd.DataFrame({"participant_id": "a", "study_day": range(1, 29), "training_load": load})
    acute = chronic = load[0]
    for today in load[1:]:
        acute, chronic = 0.25 * today + 0.75 * acute, 2 / 29 * today + 27 / 29 * chronic
    assert last(data, "ewma") == pytest.approx((acute, chronic, acute / chronic), abs=CLOSE)


@pytest.mark.parametrize(("variant", "first"), [("coupled", 28), ("uncoupled", 35), ("ewma", 28), ("week_on_week", 14)])
def test_no_ratio_before_the_diary_goes_back_far_enough(variant: str, first: int) -> None:
    found = workload(weeks(10, 20, 30, 40, 50, first_day=4), variant)  # type: ignore[arg-type]
    assert found.loc[found["workload_ratio"].notna(), "study_day"].min() == first + 3


def test_a_day_that_is_not_known_is_not_a_day_of_rest() -> None:
    gaps = weeks(10, 20, 30, 40, 50, missing=(30, 31))
    assert last(gaps, "uncoupled") == pytest.approx((50, 25, 2), abs=CLOSE)
    assert last(gaps, "uncoupled", missing="zero") == pytest.approx((50 * 5 / 7, 25, 50 * 5 / 7 / 25), abs=CLOSE)
    empty = FIVE.assign(training_load=FIVE["training_load"].astype(float).mask(FIVE["study_day"].isin([30, 31])))
    assert last(empty, "uncoupled") == last(gaps, "uncoupled")  # a row without a value is no more than no row


def test_too_few_known_days_give_no_ratio() -> None:
    gaps = weeks(10, 20, 30, 40, 50, missing=(30, 31, 32))  # 4 of 7 known, below 0.7
    assert np.isnan(last(gaps, "uncoupled")).all()
    assert last(gaps, "uncoupled", min_recorded=0.5) == pytest.approx((50, 25, 2), abs=CLOSE)


def test_an_unknown_day_leaves_an_exponential_mean_as_it_was() -> None:
    whole = pd.DataFrame({"participant_id": "a", "study_day": range(1, 30), "training_load": [10.0] * 28 + [40.0]})
    gap = whole.assign(study_day=[*range(1, 29), 30])  # day 29 is not there
    assert last(gap, "ewma") == pytest.approx(last(whole, "ewma"), abs=CLOSE)


def test_a_month_of_rest_has_no_ratio() -> None:
    acute, chronic, ratio = last(weeks(0, 0, 0, 0, 50), "uncoupled")
    assert (acute, chronic) == (50, 0)
    assert np.isnan(ratio)


def test_persons_do_not_mix_and_the_data_stay_as_they_were() -> None:
    both = pd.concat([FIVE, weeks(50, 40, 30, 20, 10).assign(participant_id="b")]).sample(frac=1, random_state=2)
    before = both.copy(deep=True)
    found = workload(both, "uncoupled").sort_values(["participant_id", "study_day"]).groupby("participant_id").last()
    assert found["workload_ratio"].tolist() == pytest.approx([2.0, 10 / 35], abs=CLOSE)
    pd.testing.assert_frame_equal(both, before)


def test_the_summary_counts_increases_among_training_days() -> None:
    table = workload_summary(weeks(10, 10, 10, 10, 13, 0)).set_index("variant")
    assert list(table.index) == list(WORKLOAD_VARIANTS)
    assert (table["training_days"] == 35).all()
    assert table["with_ratio"].to_dict() == {"coupled": 8, "uncoupled": 1, "ewma": 8, "week_on_week": 22}
    assert table["share_increased"].to_dict() == {
        "coupled": 0.0,
        "uncoupled": 0.0,
        "ewma": 0.0,
        "week_on_week": pytest.approx(1 / 22),
    }
    assert workload_summary(weeks(10, 10, 10, 10, 13), marks={"uncoupled": 1.3})["share_increased"].iloc[1] == 1.0


def test_wrong_options_and_loads_are_refused() -> None:
    with pytest.raises(OptionError, match="did you mean uncoupled"):
        workload(FIVE, "uncopled")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="Choose one of unknown, zero"):
        workload(FIVE, missing="rest")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=r"`min_recorded` is 0. Give a share"):
        workload(FIVE, min_recorded=0)
    with pytest.raises(OptionError, match="'acute_load' exists already"):
        workload(workload(FIVE))
    with pytest.raises(DataError, match=r"35 rows \(2, 3, 4, 5, 6, ...\), training_load: training_load is below 0"):
        workload(FIVE.assign(training_load=-1))
    with pytest.raises(DataError, match="earlier row of this day"):
        workload(pd.concat([FIVE, FIVE]))


@given(st.lists(st.integers(0, 900), min_size=35, max_size=50))
def test_chronic_windows_differ_by_the_acute_week_and_the_week_that_it_pushes_out(load: list[int]) -> None:
    data = pd.DataFrame({"participant_id": "a", "study_day": range(len(load)), "training_load": load})
    coupled, uncoupled = (workload(data, variant).iloc[-1] for variant in ("coupled", "uncoupled"))
    dropped = np.mean(load[-35:-28])
    assert coupled["acute_load"] == uncoupled["acute_load"]
    expected = uncoupled["chronic_load"] + (uncoupled["acute_load"] - dropped) / 4
    assert coupled["chronic_load"] == pytest.approx(expected, abs=1e-9)
