"""The cascade from eligible to an outcome in time, on a table small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from statsmodels.stats.proportion import proportion_confint

from coxa.audit import completeness
from coxa.errors import DataError, OptionError

COLUMNS = ["clinic", "eligible", "asked", "intake", "due", "done", "late"]
ROWS = [
    ["A", 1, 1, 1, 1, 1, 0],
    ["A", 1, 1, 1, 1, 0, 1],  # answered after the window
    ["A", 1, 1, 1, 0, 0, 0],  # still in treatment
    ["A", 1, 0, 0, 1, 0, 0],  # never asked: naive numbers do not see it
    ["A", 0, 1, 1, 1, 1, 0],  # not eligible: naive numbers count it
    ["B", 1, 1, 1, 1, 1, 0],
    ["B", 1, 1, 0, 1, 0, 0],  # asked, no intake
    ["B", 1, 1, 0, 1, 1, 0],  # an outcome without intake
    [None, 1, 1, 1, 0, 0, 0],
]


def episodes() -> pd.DataFrame:
    frame = pd.DataFrame(ROWS, columns=COLUMNS)
    return frame.assign(**{name: frame[name].astype(bool) for name in COLUMNS[1:]})


def test_counts_of_each_clinic_and_of_all() -> None:
    found = completeness(episodes(), ["clinic"], late="late").set_index("clinic")
    stages = ["eligible", "asked", "intake", "due", "done"]
    assert found.loc["A", stages].tolist() == [4, 3, 3, 2, 1]
    assert found.loc["B", stages].tolist() == [3, 3, 1, 1, 1]
    assert found.loc["not recorded", stages].tolist() == [1, 1, 1, 0, 0]
    assert found.loc["all", stages].tolist() == [8, 7, 5, 3, 2]
    assert found["not_in_order"].to_dict() == {"A": 1, "B": 1, "not recorded": 0, "all": 2}


def test_naive_completeness_is_another_number() -> None:
    """A: 1 of 3 due was done in time; 3 forms came of 4 intakes."""
    found = completeness(episodes(), ["clinic"], late="late").set_index("clinic")
    assert found.loc["A", "complete"] == pytest.approx(1 / 3)
    assert found.loc["A", "naive"] == pytest.approx(3 / 4)
    assert found.loc["B", "complete"] == pytest.approx(2 / 3)
    assert found.loc["B", "naive"] == pytest.approx(2 / 1)
    assert found.loc["A", "recruited"] == pytest.approx(3 / 4)


def test_limits_are_wilson_s() -> None:
    found = completeness(episodes(), conf_level=0.9).iloc[-1]
    assert (found["conf_low"], found["conf_high"]) == pytest.approx(proportion_confint(3, 6, 0.1, method="wilson"))
    p, n, z = 5 / 8, 8, 1.6448536269514722
    middle, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    limits = [(middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)]
    assert [found["recruited_low"], found["recruited_high"]] == pytest.approx(limits)


def test_a_group_of_which_nothing_is_due_has_no_share() -> None:
    found = completeness(episodes(), ["clinic"]).set_index("clinic").loc["not recorded"]
    assert found[["complete", "conf_low", "conf_high"]].isna().all()
    assert found["recruited"] == 1


def test_groups_by_several_columns_add_up_and_nothing_is_lost() -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.random((500, 5)) < 0.8, columns=COLUMNS[1:6])
    frame = frame.assign(clinic=rng.choice(["A", "B", None], 500), sex=rng.choice(["f", "m"], 500))
    before = frame.copy()
    found = completeness(frame, ["clinic", "sex"])
    assert len(found) == 7
    counts = ["eligible", "asked", "intake", "due", "done", "not_in_order"]
    assert found[counts].iloc[:-1].sum().tolist() == found[counts].iloc[-1].tolist()
    assert (found["eligible"] >= found["asked"]).all()
    assert (found["due"] >= found["done"]).all()
    pd.testing.assert_frame_equal(frame, before)


def test_without_episodes_there_is_one_empty_row() -> None:
    found = completeness(episodes().iloc[:0], ["clinic"])
    assert found["clinic"].tolist() == ["all"]
    assert found["eligible"].tolist() == [0]
    assert found["complete"].isna().all()


def test_other_frames_are_taken() -> None:
    frame = episodes().fillna({"clinic": "C"})
    pd.testing.assert_frame_equal(completeness(pl.from_pandas(frame), ["clinic"]), completeness(frame, ["clinic"]))


def test_what_is_refused() -> None:
    with pytest.raises(OptionError, match='There is no column "clinics"'):
        completeness(episodes(), ["clinics"])
    with pytest.raises(OptionError, match='There is no column "due"'):
        completeness(episodes().drop(columns="due"))
    with pytest.raises(DataError, match="neither true nor false in 1 of 9 rows"):
        completeness(episodes().assign(asked=[2, *[1] * 8]))
