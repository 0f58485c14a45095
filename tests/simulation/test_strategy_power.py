"""Power of a plan in the world of each strategy: the analysis that assumes what is true has no bias.

The truth of each world is exact, so that the bias is held against the Monte Carlo error of the trials alone.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import coxa
from tests.simulation.strategy_plans import WORLDS, counts_plan, world_plan
from tests.sizes import few

ADJUST: dict[str, Any] = {"estimand": "primary", "adjust": ["baseline * visit"]}
ANALYSES: dict[str, dict[str, Any]] = {
    **{
        word: ADJUST | {"model": "imputation", "strategy": word, "standard_error": "gradient"}
        for word in ("mar", "j2r", "cir", "cr", "lmcf")
    },
    **{world: ADJUST | {"model": "mmrm"} for world in ("effect", "composite", "while")},
}
COUNTS: dict[str, dict[str, Any]] = {
    "mar": {"strategy": "mar"},
    "j2r": {"strategy": "j2r"},
    "half": {"strategy": "j2r", "keeps": 0.5},
}


def last(world: str, replicates: int) -> pd.Series:
    """Return the row of power at the last visit of the analysis that assumes what is true."""
    study = world_plan(world, {"right": ANALYSES[world]})
    found = coxa.simulated_power(study, replicates=replicates, seed=11, analyses=["right"]).frame
    return found[found["visit"] == "w26"].iloc[0]


@pytest.mark.parametrize("world", list(ANALYSES))
def test_a_few_trials_of_each_world_have_their_truth(world: str) -> None:
    row = last(world, few(6, 40))
    assert abs(row["bias"]) < 4 * row["bias_error"]


@pytest.mark.slow
@pytest.mark.parametrize("world", list(ANALYSES))
def test_the_analysis_that_assumes_what_is_true_has_no_bias(world: str) -> None:
    row = last(world, 400)
    assert abs(row["bias"]) < 3.5 * row["bias_error"]
    assert row["bias_error"] < 0.15
    assert 0.92 < row["coverage"] < 0.98


@pytest.mark.slow
@pytest.mark.parametrize("world", list(COUNTS))
def test_events_imputed_as_they_come_have_no_bias(world: str) -> None:
    options = {"estimand": "primary", "model": "imputed_counts", "imputations": 20, **COUNTS[world]}
    found = coxa.simulated_power(counts_plan(world, {"right": options}), replicates=200, seed=5).frame.iloc[0]
    assert abs(found["bias"]) < 3.5 * found["bias_error"]
    assert found["coverage"] > 0.92


def test_a_few_trials_of_counts_have_their_truth() -> None:
    options = {"estimand": "primary", "model": "imputed_counts", "imputations": 10, "strategy": "j2r"}
    found = coxa.simulated_power(counts_plan("j2r", {"right": options}, 60), replicates=few(5, 20), seed=5).frame.iloc[
        0
    ]
    assert abs(found["bias"]) < 4 * found["bias_error"]


def test_every_world_has_a_trial() -> None:
    for world in WORLDS:
        trial = coxa.simulate_study(world_plan(world), participants=20, truth_size=2000, seed=1)
        assert trial.truth.value("primary", "exercise", "w26").obtained == "exact"
