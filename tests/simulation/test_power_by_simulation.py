"""Where power has a closed form, simulation through the plan's analysis agrees; size and coverage are nominal."""

from __future__ import annotations

import numpy as np
import pytest

from coxa import simulated_power
from coxa.design import find_n, power_ancova, power_mmrm, power_two_means
from tests.sizes import few
from tests.spec.power_plan import MMRM, power_plan, two_arms

ERRORS = 3.0
"""Monte Carlo standard errors of itself."""


def test_two_means() -> None:
    found = simulated_power(two_arms(60, 7.0, 0.5, []), replicates=few(1_500, 4_000)).frame.iloc[0]
    exact = power_two_means(sd=10, difference=7.0, n=30).power
    assert abs(found["power"] - exact) < ERRORS * found["power_error"]
    assert abs(found["coverage"] - 0.95) < ERRORS * found["coverage_error"]
    assert abs(found["bias"]) < ERRORS * found["bias_error"]


def test_ancova() -> None:
    found = simulated_power(two_arms(60, 6.0, 0.7, ["baseline"]), replicates=few(1_500, 4_000)).frame.iloc[0]
    exact = power_ancova(sd=10, correlation=0.7, difference=6.0, n=30).power
    assert abs(found["power"] - exact) < ERRORS * found["power_error"]


def test_mmrm_with_dropout() -> None:
    study = power_plan(
        {"primary": {**MMRM, "adjust": []}},
        participants=120,
        outcomes={
            "pain": {
                "baseline": {"mean": 50, "sd": 10},
                "mean_change": {"exercise": 6, "manual_therapy": 6},
                "scale": "continuous",
                "correlation": 0.5,
            }
        },
        covariates={},
        dropout={"probability": 0.3},
    )
    found = simulated_power(study, replicates=1_000).only(arm="exercise", visit="w26").iloc[0]
    stays = [0.7 ** (day / 182) for day in (42, 84, 182)]
    change = 100.0 * (0.5 * np.eye(3) + 0.5 * np.ones((3, 3)))  # of changes: 2 (1 - 0.5) SD^2, correlated 0.5
    # The formula is of two arms; the third lends degrees of freedom and a better covariance.
    exact = power_mmrm(covariance=change, retention=stays, difference=6.0, n=40).power
    assert abs(found["power"] - exact) < ERRORS * found["power_error"] + 0.012
    assert abs(found["coverage"] - 0.95) < ERRORS * found["coverage_error"]


@pytest.mark.parametrize("model", ["ancova", "mmrm"])
def test_size_without_an_effect(model: str) -> None:
    analysis = MMRM if model == "mmrm" else {"estimand": "primary", "model": "ancova", "adjust": ["baseline", "age"]}
    pain = {"baseline": {"mean": 50, "sd": 15}, "scale": "continuous", "correlation": 0.5, "covariates": {"age": -0.2}}
    found = simulated_power(power_plan({"a": analysis}, outcomes={"pain": pain}), 60, replicates=1_000).frame
    assert (abs(found["power"] - 0.05) < ERRORS * found["power_error"] + 0.005).all()
    assert found["type_m"].isna().all()


def test_the_number_for_a_power_is_that_of_the_formula() -> None:
    found = find_n(two_arms(60, 6.0, 0.7, ["baseline"]), 0.9, replicates=few(500, 1_500))
    exact = sum(power_ancova(sd=10, correlation=0.7, difference=6.0, power=0.9).n)
    assert found.low <= exact <= found.high
    assert abs(found.n - exact) < 0.1 * exact
