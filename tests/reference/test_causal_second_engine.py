"""Stacked standard errors against delicatessen (MIT), which solves all equations at once and derives them itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from delicatessen import MEstimator

from coxa.causal import compare_groups, transport
from tests.reference.lmm_cases import packaged

CONFOUNDERS = ["age", "educ", "race", "married", "nodegree", "re74", "re75"]
AGREES = 1e-6
"""Relative. The second engine finds its roots to 1e-9 and derives exactly."""


@cache
def lalonde() -> pd.DataFrame:
    """Return the cohort with earnings in thousands, so that both engines see columns of one size."""
    found = packaged("MatchIt", "lalonde")
    for name in ("re74", "re75", "re78"):
        found[name] /= 1000
    return found.assign(over=(found["re78"] > 5).astype(float))


def design(frame: pd.DataFrame) -> np.ndarray:
    """Return the columns of the confounders with a constant, written out by hand."""
    races = [(frame["race"] == level).to_numpy(float) for level in ("hispan", "white")]
    plain = [frame[name].to_numpy(float) for name in ("age", "educ", "married", "nodegree", "re74", "re75")]
    return np.column_stack([np.ones(len(frame)), *plain, *races])


def logistic(linear: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-linear))


def weights_of(e: np.ndarray, t: np.ndarray, target: str) -> tuple[np.ndarray, np.ndarray]:
    """Return weights and the tilt of the target by their textbook formulas."""
    if target == "ATE":
        return t / e + (1 - t) / (1 - e), np.ones(len(t))
    if target == "ATT":
        return t + (1 - t) * e / (1 - e), t
    return t * (1 - e) + (1 - t) * e, e * (1 - e)


def solved(psi: Callable[[np.ndarray], Any], start: list[float], step: int = 1) -> tuple[float, float]:
    """Return the first parameter less the second, and its error by the sandwich of all equations."""
    found = MEstimator(psi, init=start)
    found.estimate(solver="lm", deriv_method="exact", maxiter=20_000, tolerance=1e-11)
    apart = np.zeros(len(start))
    apart[0], apart[step] = 1.0, -1.0
    return float(apart @ found.theta), float(np.sqrt(apart @ found.variance @ apart))


def weighted(frame: pd.DataFrame, target: str) -> tuple[float, float]:
    x, t, y = design(frame), frame["treat"].to_numpy(float), frame["re78"].to_numpy(float)

    def psi(theta: np.ndarray) -> Any:
        e = logistic(x @ theta[2:])
        w, _ = weights_of(e, t, target)
        means = [w * t * (y - theta[0]), w * (1 - t) * (y - theta[1])]
        return np.vstack([*means, (x * (t - e)[:, None]).T])

    return solved(psi, [6.0, 6.0, *([0.0] * x.shape[1])])


def augmented(frame: pd.DataFrame, target: str, outcome: str) -> tuple[float, float]:
    """AIPW with residuals in their weighted means; six means, weights and two models of the outcome."""
    x, t, y = design(frame), frame["treat"].to_numpy(float), frame[outcome].to_numpy(float)
    p = x.shape[1]
    mean_of = logistic if outcome == "over" else lambda linear: linear

    def psi(theta: np.ndarray) -> Any:
        e = logistic(x @ theta[6 : 6 + p])
        new, old = mean_of(x @ theta[6 + p : 6 + 2 * p]), mean_of(x @ theta[6 + 2 * p :])
        w, tilt = weights_of(e, t, target)
        return np.vstack(
            [
                np.ones(len(t)) * (theta[0] - theta[2] - theta[4]),
                np.ones(len(t)) * (theta[1] - theta[3] - theta[5]),
                tilt * (new - theta[2]),
                tilt * (old - theta[3]),
                w * t * (y - new - theta[4]),
                w * (1 - t) * (y - old - theta[5]),
                (x * (t - e)[:, None]).T,
                (x * (t * (y - new))[:, None]).T,
                (x * ((1 - t) * (y - old))[:, None]).T,
            ]
        )

    level = float(y.mean())
    return solved(psi, [level, level, level, level, 0.0, 0.0, *([0.0] * 3 * p)])


def coxa_says(frame: pd.DataFrame, outcome: str, **options: Any) -> tuple[float, float]:
    kind = "yes_no" if outcome == "over" else "mean"
    found = compare_groups(
        frame, outcome=outcome, group="treat", treated=1, confounders=CONFOUNDERS, kind=kind, **options
    ).estimates.frame
    row = found[found["term"].isin(["difference", "risk_difference"])].iloc[0]
    return float(row["estimate"]), float(row["std_error"])


@pytest.mark.parametrize("target", ["ATE", "ATT", "ATO"])
def test_weighted_means_have_the_errors_of_the_second_engine(target: str) -> None:
    assert coxa_says(lalonde(), "re78", target=target) == pytest.approx(weighted(lalonde(), target), rel=AGREES)


@pytest.mark.parametrize("outcome", ["re78", "over"])
@pytest.mark.parametrize("target", ["ATE", "ATT", "ATO"])
def test_doubly_robust_means_and_risks_have_the_errors_of_the_second_engine(target: str, outcome: str) -> None:
    expected = augmented(lalonde(), target, outcome)
    assert coxa_says(lalonde(), outcome, target=target, estimator="doubly_robust") == pytest.approx(
        expected, rel=AGREES
    )


def test_a_trial_in_the_case_mix_of_a_clinic_has_the_errors_of_the_second_engine() -> None:
    rng = np.random.default_rng(8)
    age = np.concatenate([rng.uniform(40, 80, 160), rng.triangular(45, 70, 75, 200)])
    trial, arm = np.arange(360) < 160, rng.integers(0, 2, 360).astype(float)
    pain = np.where(trial, 0.2 * age - 0.1 * (age - 50) * arm + rng.normal(0, 2, 360), 0.0)
    x = np.column_stack([np.ones(360), age])

    def psi(theta: np.ndarray) -> Any:
        clinic = logistic(x @ theta[2:])
        w = trial * clinic / (1 - clinic)
        means = [w * arm * (pain - theta[0]), w * (1 - arm) * (pain - theta[1])]
        return np.vstack([*means, (x * ((~trial) - clinic)[:, None]).T])

    frame = pd.DataFrame({"age": age, "arm": np.where(arm == 1, "new", "old"), "pain": pain})
    found = transport(
        frame[trial], frame[~trial], outcome="pain", arm="arm", treated="new", covariates=["age"], estimator="weighted"
    ).estimates.only(term="difference").frame.iloc[0]  # fmt: skip
    assert (found["estimate"], found["std_error"]) == pytest.approx(solved(psi, [5.0, 5.0, 0.0, 0.0]), rel=AGREES)
