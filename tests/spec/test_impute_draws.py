"""Draws of an imputation model: against closed forms, rows in place of sums, and one sampler against the other."""

from __future__ import annotations

import numpy as np
import pytest

from coxa.errors import FitError, OptionError
from coxa.impute import draw_parameters
from coxa.impute.convergence import Convergence, effective_draws, split_rhat
from coxa.impute.draws import by_gibbs, by_metropolis
from coxa.impute.gibbs import completed, inverse_wishart, wishart
from coxa.models import Fit, fit_mmrm
from coxa.models.results.rebuilt import rebuilt
from tests.sizes import few
from tests.spec.impute_trial import FORMULA, SPREAD, trial

DRAWS = few(4000, 40_000)


@pytest.fixture(scope="module")
def fit() -> Fit:
    return fit_mmrm(FORMULA, trial())


def near(found: np.ndarray, expected: np.ndarray, spread: np.ndarray, draws: float, errors: float = 4.5) -> bool:
    """Return whether means of draws are expected ones within Monte Carlo errors."""
    return bool((np.abs(found - expected) < errors * spread / np.sqrt(draws)).all())


def test_without_gaps_the_posterior_is_an_inverse_wishart() -> None:
    """A saturated model by visit: Sigma ~ IW(n - q, S), S the residual products, whose mean is S / (n - q - m - 1)."""
    full = fit_mmrm(FORMULA, trial(missing=0.0))
    drawn = draw_parameters(full, DRAWS, seed=3, thin=1)
    n, q, m = 90, 3, 3
    residual_products = full.covariance.to_numpy() * (n - q)
    expected = residual_products / (n - q - m - 1)
    spread = drawn.covariance[:, 0].std(axis=0)
    assert near(drawn.covariance[:, 0].mean(axis=0), expected, spread, DRAWS / 1.5)
    assert near(drawn.beta.mean(axis=0), full.params.to_numpy(), drawn.beta.std(axis=0), DRAWS)


@pytest.mark.parametrize(
    ("n", "seen"), [(20, [True, False, True]), (2, [True, True, False]), (1, [True, False, False])]
)
def test_completed_sums_are_those_of_completed_rows(n: int, seen: list[bool]) -> None:
    """Mean and variance of each sum of squares over draws, from the sums and from rows that are filled in."""
    rng = np.random.default_rng(2)
    mask, size = np.array(seen), few(20_000, 100_000)
    residuals = np.where(mask, rng.normal(0, 5, (n, 3)), 0.0)
    o, u = np.flatnonzero(mask), np.flatnonzero(~mask)
    inverse = np.zeros((3, 3))
    inverse[np.ix_(o, o)] = np.linalg.inv(SPREAD[np.ix_(o, o)])
    products, spreads, inverses = (np.tile(a, (size, 1, 1)) for a in (residuals.T @ residuals, SPREAD, inverse))
    by_sums = completed(products, spreads, inverses, mask, n, rng)
    slopes = SPREAD[np.ix_(u, o)] @ inverse[np.ix_(o, o)]
    rest = np.linalg.cholesky(SPREAD[np.ix_(u, u)] - slopes @ SPREAD[np.ix_(o, u)])
    rows = np.tile(residuals, (size, 1, 1))
    rows[:, :, u] = residuals[:, o] @ slopes.T + rng.standard_normal((size, n, len(u))) @ rest.T
    by_rows = rows.swapaxes(1, 2) @ rows
    spread = by_rows.std(axis=0) + 1e-9
    assert near(by_sums.mean(axis=0), by_rows.mean(axis=0), spread * np.sqrt(2), size)
    assert by_sums.std(axis=0) == pytest.approx(by_rows.std(axis=0), rel=0.06, abs=1e-6)


def test_wishart_matrices_have_their_mean() -> None:
    rng = np.random.default_rng(4)
    scale = np.broadcast_to(SPREAD * 20, (20_000, 1, 3, 3))
    drawn = inverse_wishart(scale, np.array([24]), rng)[:, 0]
    assert drawn.mean(axis=0) == pytest.approx(SPREAD, rel=0.03)
    assert wishart(20_000, 2, 5, rng).mean(axis=0) == pytest.approx(5 * np.eye(2), abs=0.1)
    assert wishart(20_000, 3, 1, rng).mean(axis=0) == pytest.approx(np.eye(3), abs=0.1)
    assert np.abs(np.linalg.det(wishart(10, 3, 1, rng))).max() < 1e-12


def test_gibbs_and_metropolis_draw_the_same_posterior(fit: Fit) -> None:
    """Two samplers that share nothing but the sums: the unstructured covariance under Jeffreys' prior."""
    made, ran = rebuilt(fit), Convergence(10, DRAWS // 20, 50, 2)
    ours = [sample(fit, made, ran, np.random.default_rng(5)) for sample in (by_gibbs, by_metropolis)]
    for first, second in zip(ours[0][:2], ours[1][:2], strict=True):
        one, other = (drawn.reshape(drawn.shape[0] * drawn.shape[1], -1) for drawn in (first, second))
        spread = one.std(axis=0) * np.sqrt(2)
        assert near(one.mean(axis=0), other.mean(axis=0), spread, DRAWS / 6)
        assert other.std(axis=0) == pytest.approx(one.std(axis=0), rel=0.15)
    assert ours[1][2] > 0.3


@pytest.mark.parametrize("covariance", ["csh", "ar1h", "toep"])
def test_a_structured_posterior_is_around_the_fit(covariance: str) -> None:
    fit = fit_mmrm(FORMULA, trial(), covariance=covariance)
    drawn = draw_parameters(fit, 500, seed=6, burn_in=20, thin=2)
    assert drawn.convergence is not None
    assert drawn.convergence.converged
    assert drawn.convergence.accepted > 0.4
    assert near(drawn.beta.mean(axis=0), fit.params.to_numpy(), drawn.beta.std(axis=0), 150)
    assert drawn.beta.std(axis=0) == pytest.approx(fit.bse.to_numpy(), rel=0.2)
    sample = drawn.covariance[0, 0]
    assert fit.structure != "toep" or np.ptp(np.diag(sample)) == pytest.approx(0, abs=1e-9)


def test_each_arm_may_have_its_own_covariance() -> None:
    fit = fit_mmrm(FORMULA, trial(120), group="arm")
    drawn = draw_parameters(fit, 1000, seed=7)
    assert drawn.covariance.shape == (1000, 2, 3, 3)
    estimated = fit.covariance.to_numpy().reshape(2, 3, 3)
    assert drawn.covariance.mean(axis=0) == pytest.approx(estimated, rel=0.2, abs=2)
    assert drawn.convergence is not None
    assert drawn.convergence.converged


def test_bootstrap_estimates_are_around_the_fit(fit: Fit) -> None:
    drawn = draw_parameters(fit, 300, method="bootstrap", seed=8)
    assert drawn.size == 300
    assert near(drawn.beta.mean(axis=0), fit.params.to_numpy(), drawn.beta.std(axis=0), 50)
    assert drawn.beta.std(axis=0) == pytest.approx(fit.bse.to_numpy(), rel=0.3)
    assert "300 bootstrap samples" in drawn.sentence


def test_the_same_seed_draws_the_same(fit: Fit) -> None:
    first, second, other = (draw_parameters(fit, 40, seed=seed) for seed in (1, 1, 2))
    assert (first.beta == second.beta).all()
    assert (first.covariance == second.covariance).all()
    assert not (first.beta == other.beta).any()


def test_chains_that_have_not_met_are_named(fit: Fit) -> None:
    """With no burn-in the scattered starts are still seen; the warning says where."""
    started = draw_parameters(fit, 80, seed=9, burn_in=0, thin=1, chains=20)
    assert started.convergence is not None
    assert started.convergence.rhat > draw_parameters(fit, 2000, seed=9).convergence.rhat  # type: ignore[union-attr]
    apart = np.random.default_rng(1).normal(size=(4, 100, 2)) + np.array([0.0, 1.0]) * np.arange(4)[:, None, None]
    assert split_rhat(apart)[0] < 1.05 < split_rhat(apart)[1]
    assert effective_draws(apart)[1] < 20 < effective_draws(apart)[0]


def test_what_cannot_be_drawn_is_refused(fit: Fit) -> None:
    with pytest.raises(OptionError, match="`thin` is 0"):
        draw_parameters(fit, 100, thin=0)
    with pytest.raises(OptionError, match="method"):
        draw_parameters(fit, 100, method="mcmc")  # type: ignore[arg-type]
    few_people = fit_mmrm("change ~ visit", trial(8, missing=0.0, effect=0), group="arm")
    with pytest.raises(FitError, match="4 participants are too few to draw"):
        draw_parameters(few_people, 40)
