"""A yes or no at visits, imputed by a probit model of a normal variable: two steps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from coxa.impute import (
    Steps,
    analyse_responders,
    draw_scores,
    impute_scores,
    incomplete_outcomes,
    pool_imputations,
)
from coxa.models import fit_mmrm
from tests.sizes import few
from tests.spec.impute_trial import FORMULA, trial

YES_NO = Steps(0, 1)


def responses(n: int = 300, seed: int = 1) -> tuple[pd.DataFrame, np.ndarray]:
    """Draw who responds at three visits, with dropout by the visit before, and who would have responded (n, 3)."""
    d, full = (trial(n, seed=seed, effect=6.0, missing=share) for share in (0.0, 0.0))
    truth = (full["change"].to_numpy() > 4).astype(float).reshape(-1, 3)
    rng = np.random.default_rng(seed + 1)
    seen = truth.copy()
    for v in (1, 2):
        leaves = rng.random(n) < np.where(seen[:, v - 1] == 1, 0.05, 0.35)
        seen[leaves | np.isnan(seen[:, v - 1]), v] = np.nan
    return d.assign(change=seen.ravel()), truth


def test_at_one_visit_it_is_the_probit_regression_of_statsmodels() -> None:
    rng = np.random.default_rng(2)
    arm, x = np.arange(500) % 2, rng.normal(size=500)
    better = (0.3 + 0.8 * arm + 0.6 * x + rng.normal(size=500) > 0).astype(float)
    d = pd.DataFrame({"participant_id": range(500), "visit": "w", "arm": np.where(arm, "b", "a"), "x": x, "y": better})
    fit = fit_mmrm("y ~ arm + x", d)
    drawn = draw_scores(fit, incomplete_outcomes(fit, d, reference="a"), YES_NO, few(800, 6000), seed=3, thin=8)
    standard = (drawn.beta - np.array([0.5, 0, 0])) / np.sqrt(drawn.covariance[:, 0, 0])
    probit = sm.Probit(better, sm.add_constant(np.column_stack([arm, x]))).fit(disp=0)
    assert standard.mean(axis=0) == pytest.approx(probit.params, abs=0.25 * probit.bse.max())
    assert standard.std(axis=0) == pytest.approx(probit.bse, rel=0.2)
    assert drawn.convergence is not None
    assert drawn.convergence.converged


def test_dropout_of_those_who_do_not_respond_is_corrected() -> None:
    d, truth = responses(600)
    fit = fit_mmrm(FORMULA, d)
    outcomes = incomplete_outcomes(fit, d, reference="usual")
    drawn = draw_scores(fit, outcomes, YES_NO, 100, seed=4)
    imputed = impute_scores(fit, outcomes, drawn, YES_NO)
    results = pool_imputations(analyse_responders(imputed, "~ baseline + arm", visit="week_26", threshold=1))
    risks = results.table[results.table["term"] == "risk"].reset_index(drop=True)
    complete = [truth[outcomes.arm == code, 2].mean() for code in (0, 1)]
    observed = [np.nanmean(outcomes.y[outcomes.arm == code, 2]) for code in (0, 1)]
    for code in (0, 1):
        off = abs(risks["estimate"][code] - complete[code])
        assert off < 2.5 * risks["std_error"][code]
        assert off < abs(observed[code] - complete[code])
    assert results.table["fmi"].between(0, 0.7).all()


def test_a_jump_to_reference_lowers_the_risk_of_the_arm_alone() -> None:
    d, _ = responses(300)
    fit = fit_mmrm(FORMULA, d)
    risks = {}
    for strategy in ("mar", "j2r"):
        outcomes = incomplete_outcomes(fit, d, reference="usual", strategy=strategy)
        drawn = draw_scores(fit, outcomes, YES_NO, 200, seed=5)
        imputed = impute_scores(fit, outcomes, drawn, YES_NO, seed=6)
        values = np.concatenate(list(imputed.blocks()))
        assert set(np.unique(values)) == {0.0, 1.0}
        risks[strategy] = [values[:, outcomes.arm == code, 2].mean() for code in (0, 1)]
    assert risks["j2r"][0] == pytest.approx(risks["mar"][0])
    assert risks["j2r"][1] < risks["mar"][1] - 0.01
