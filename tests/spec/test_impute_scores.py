"""Scores imputed on the instrument's own steps: the normal variable behind them, floors and ceilings, and the range."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats
from statsmodels.tools.numdiff import approx_hess

from coxa.errors import OptionError
from coxa.impute import (
    Steps,
    analyse_ancova,
    draw_parameters,
    draw_scores,
    impute_outcomes,
    impute_scores,
    incomplete_outcomes,
    pool_imputations,
)
from coxa.impute.scores import truncated
from coxa.models import fit_mmrm
from tests.sizes import few
from tests.spec.impute_trial import trial

NRS = Steps(0, 10)


def pain(n: int = 120, seed: int = 1, mean: float = 1.0) -> pd.DataFrame:
    """Draw a trial of pain from 0 to 10 with a floor: a third of the scores is 0."""
    d = trial(n, seed=seed, effect=-4.0)
    variable = mean + 0.3 * d["change"]
    return d.assign(pain=NRS.nearest(variable.to_numpy()))


@pytest.mark.parametrize(
    ("value", "low", "high"), [(0.0, -np.inf, 0.5), (3.0, 2.5, 3.5), (10.0, 9.5, np.inf), (np.nan, -np.inf, np.inf)]
)
def test_a_score_says_in_which_interval_the_variable_is(value: float, low: float, high: float) -> None:
    found = NRS.interval(np.array([value]))
    assert (found[0][0], found[1][0]) == (low, high)


def test_every_step_is_the_nearest_of_its_interval() -> None:
    steps = Steps(-5, 5, 0.25)
    scores = -5 + 0.25 * np.arange(steps.count)
    low, high = steps.interval(scores)
    inside = np.where(np.isinf(low), high - 40, np.where(np.isinf(high), low + 40, (low + high) / 2))
    assert steps.nearest(inside) == pytest.approx(scores)
    assert steps.nearest(high[:-1] - 1e-9) == pytest.approx(scores[:-1])


@pytest.mark.parametrize(("low", "high"), [(-0.5, 0.3), (2.0, np.inf), (-np.inf, -3.0), (7.0, 7.5), (-np.inf, np.inf)])
def test_truncated_draws_have_the_truncated_normal_distribution(low: float, high: float) -> None:
    drawn = truncated(np.full(4000, low), np.full(4000, high), np.random.default_rng(2))
    assert ((drawn >= low) & (drawn <= high)).all()
    assert stats.kstest(drawn, stats.truncnorm(low, high).cdf).pvalue > 1e-3


def test_with_fine_steps_they_are_draws_of_a_normal_outcome() -> None:
    """Steps of 0.01 without a floor: the posterior of the Gibbs sampler on sums, which knows no steps."""
    d = trial()
    fine = Steps(-200, 200, 0.01)
    d["change"] = fine.nearest(d["change"].to_numpy())
    d.loc[trial()["change"].isna(), "change"] = np.nan
    fit = fit_mmrm("change ~ baseline * visit + arm * visit", d)
    size = few(1000, 5000)
    by_steps = draw_scores(fit, incomplete_outcomes(fit, d, reference="usual"), fine, size, seed=3)
    by_sums = draw_parameters(fit, size, seed=4)
    spread = by_sums.beta.std(axis=0)
    assert (np.abs(by_steps.beta.mean(axis=0) - by_sums.beta.mean(axis=0)) < 5 * spread * np.sqrt(3 / size)).all()
    assert by_steps.beta.std(axis=0) == pytest.approx(spread, rel=0.15)
    assert by_steps.covariance.mean(axis=0) == pytest.approx(by_sums.covariance.mean(axis=0), rel=0.1)


def test_at_one_visit_they_are_around_the_likelihood_of_intervals() -> None:
    """A floor with two thirds of the scores: the maximum likelihood estimates of interval-censored normal values."""
    rng = np.random.default_rng(5)
    arm = np.arange(400) % 2
    score = NRS.nearest(-1.0 + 1.5 * arm + 3 * rng.standard_normal(400))
    d = pd.DataFrame({"participant_id": range(400), "visit": "week_12", "arm": np.where(arm, "b", "a"), "pain": score})
    low, high = NRS.interval(score)

    def minus_loglik(p: np.ndarray) -> float:
        mean, sd = p[0] + p[1] * arm, np.exp(p[2])
        return -float(np.log(stats.norm.cdf((high - mean) / sd) - stats.norm.cdf((low - mean) / sd)).sum())

    best = optimize.minimize(minus_loglik, np.array([0.0, 1.0, 1.0]), method="BFGS").x
    fit = fit_mmrm("pain ~ arm", d)
    drawn = draw_scores(fit, incomplete_outcomes(fit, d, reference="a"), NRS, few(1500, 6000), seed=6, thin=10)
    error = np.sqrt(np.diag(np.linalg.inv(approx_hess(best, minus_loglik))))
    assert np.abs(drawn.beta.mean(axis=0) - best[:2]).max() < 0.25 * error[:2].max()
    assert drawn.beta.std(axis=0) == pytest.approx(error[:2], rel=0.2)
    assert np.sqrt(drawn.covariance.mean()) == pytest.approx(np.exp(best[2]), rel=0.05)
    # Least squares of the scores themselves sees a smaller effect: the floor cuts it.
    assert drawn.beta[:, 1].mean() > 1.5 * fit.params["arm[b]"]


def test_imputed_scores_are_steps_and_never_outside_the_range() -> None:
    d = pain(150, mean=0.5)
    fit = fit_mmrm("pain ~ baseline * visit + arm * visit", d)
    outcomes = incomplete_outcomes(fit, d, reference="usual", strategy="j2r")
    imputed = impute_scores(fit, outcomes, draw_scores(fit, outcomes, NRS, few(400, 20_000), thin=2), NRS)
    counted = 0
    for block in imputed.blocks():
        values = block[:, outcomes.missing]
        counted += values.size
        assert ((values >= 0) & (values <= 10) & (values == np.rint(values))).all()
        assert (block[:, ~outcomes.missing] == outcomes.y[~outcomes.missing]).all()
    assert counted == imputed.size * outcomes.missing.sum()
    normal = impute_outcomes(fit, outcomes, draw_parameters(fit, 100))
    assert any((block[:, outcomes.missing] < 0).any() for block in normal.blocks())


def test_a_floor_that_is_imputed_is_as_common_as_the_floor_that_was_seen() -> None:
    d = pain(400, seed=7, mean=0.5)
    fit = fit_mmrm("pain ~ baseline * visit + arm * visit", d)
    outcomes = incomplete_outcomes(fit, d, reference="usual")
    imputed = impute_scores(fit, outcomes, draw_scores(fit, outcomes, NRS, 100, thin=3), NRS)
    complete = trial(400, seed=7, effect=-4.0, missing=0.0)
    truth = NRS.nearest(0.5 + 0.3 * complete["change"].to_numpy()).reshape(-1, 3)
    missing = outcomes.missing
    share = np.mean([(block[:, missing] == 0).mean() for block in imputed.blocks()])
    assert share == pytest.approx((truth[missing] == 0).mean(), abs=0.08)


def test_changes_from_baseline_keep_the_range_of_the_score() -> None:
    d = pain()
    first = np.repeat(NRS.nearest(np.random.default_rng(8).normal(5, 2, 120)), 3)
    d = d.assign(start=first, fall=d["pain"] - first)
    fit = fit_mmrm("fall ~ start * visit + arm * visit", d)
    outcomes = incomplete_outcomes(fit, d, reference="usual", strategy="cir")
    drawn = draw_scores(fit, outcomes, NRS, 60, baseline="start", thin=2)
    start = outcomes.people["start"].to_numpy()[:, None]
    for block in impute_scores(fit, outcomes, drawn, NRS, baseline="start").blocks():
        score = block + start
        assert ((score >= 0) & (score <= 10)).all()
    with pytest.raises(OptionError, match="give the column of the baseline"):
        draw_scores(fit, outcomes, NRS, 60)


def test_they_are_analysed_and_pooled_as_any_other() -> None:
    d = pain()
    fit = fit_mmrm("pain ~ baseline * visit + arm * visit", d)
    outcomes = incomplete_outcomes(fit, d, reference="usual")
    drawn = draw_scores(fit, outcomes, NRS, 200)
    table = pool_imputations(analyse_ancova(impute_scores(fit, outcomes, drawn, NRS), "~ baseline + arm")).table
    assert table["fmi"].between(0, 0.6).all()
    assert drawn.convergence is not None
    assert drawn.convergence.converged


@pytest.mark.parametrize(("steps", "message"), [((0, 10, 3), "not a whole number of steps"), ((5, 5, 1), "5 to 5")])
def test_a_range_without_steps_is_refused(steps: tuple[float, float, float], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Steps(*steps)


def test_other_draws_are_refused() -> None:
    d = pain()
    fit = fit_mmrm("pain ~ baseline * visit + arm * visit", d)
    outcomes = incomplete_outcomes(fit, d, reference="usual")
    with pytest.raises(OptionError, match="not those of scores"):
        impute_scores(fit, outcomes, draw_parameters(fit, 40), NRS)
    with pytest.raises(OptionError, match="outside 0 to 5"):
        draw_scores(fit, outcomes, Steps(0, 5), 40)
