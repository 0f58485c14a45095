"""Levels of an ordered outcome: cut points against the likelihood, models of many data sets against single ones."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import optimize
from scipy.special import ndtr

from coxa.errors import FitError, OptionError
from coxa.estimates import cumulative_odds_ratios, standardised_win_probability
from coxa.impute import (
    Delta,
    Draws,
    Imputations,
    Steps,
    analyse_each,
    analyse_levels,
    draw_parameters,
    draw_scores,
    impute_outcomes,
    impute_scores,
    incomplete_outcomes,
    pool_imputations,
)
from coxa.impute.cuts import Cuts
from coxa.impute.levels import proportional_odds
from coxa.models import Fit, fit_mmrm, fit_ordinal

N = 240
LEVELS = Steps(1, 5, equal=False)
AT = np.array([-1.0, -0.6, 0.9, 1.3])
"""True cut points, which are far from equal distances."""


@cache
def trial(missing: float = 0.0, effect: float = 0.8) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    who = np.repeat(np.arange(N), 2)
    d = pd.DataFrame({"participant_id": who, "visit": ["a", "b"] * N, "arm": np.where(who % 2, "x", "y")})
    d["age"] = rng.normal(size=N)[who]
    behind = effect * (d["arm"] == "x") + 0.7 * rng.normal(size=N)[who] + 0.7 * rng.normal(size=2 * N)
    d["level"] = 1.0 + (behind.to_numpy()[:, None] > AT).sum(axis=1)
    d["gone"] = (d["visit"] == "b") & (rng.random(2 * N) < missing)
    return d.assign(seen=d["level"].where(~d["gone"]))


def drawn(d: pd.DataFrame, strategy: str = "mar", number: int = 200) -> tuple[Fit, Draws, Imputations]:
    fit = fit_mmrm("seen ~ arm * visit + age", d)
    outcomes = incomplete_outcomes(fit, d, reference="y", strategy=strategy)
    draws = draw_scores(fit, outcomes, LEVELS, number)
    return fit, draws, impute_scores(fit, outcomes, draws, LEVELS)


def likelihood(d: pd.DataFrame) -> np.ndarray:
    """Return the middle cut points of an ordered probit model of each visit with cut points in common."""
    level = d["level"].to_numpy(dtype=int).reshape(N, 2) - 1
    arm = (np.arange(N) % 2).astype(float)

    def minus(theta: np.ndarray) -> float:
        cuts = np.array([-np.inf, 1.5, *theta[:2], 4.5, np.inf])
        if np.any(np.diff(cuts[1:5]) <= 0):
            return 1e9
        total = 0.0
        for v in range(2):
            mean, sd = theta[2 + 3 * v] + theta[3 + 3 * v] * arm, np.exp(theta[4 + 3 * v])
            p = ndtr((cuts[level[:, v] + 1] - mean) / sd) - ndtr((cuts[level[:, v]] - mean) / sd)
            total -= float(np.log(np.maximum(p, 1e-300)).sum())
        return total

    start = [2.5, 3.5, 3.0, 1.0, 0.0, 3.0, 1.0, 0.0]
    found = optimize.minimize(minus, start, method="Nelder-Mead", options={"maxiter": 6000, "maxfev": 6000})
    return np.asarray(found.x[:2])


def test_cut_points_are_where_the_likelihood_has_them() -> None:
    _, draws, _ = drawn(trial())
    assert draws.cuts is not None
    np.testing.assert_array_equal(draws.cuts[:, [0, 3]], np.tile([1.5, 4.5], (200, 1)))
    middle = draws.cuts[:, 1:3]
    np.testing.assert_allclose(middle.mean(axis=0), likelihood(trial()), atol=0.5 * middle.std(axis=0).max())
    assert draws.convergence is not None
    assert draws.convergence.rhat < 1.1


def test_a_moved_cut_point_keeps_its_posterior() -> None:
    """With values that are uniform between two held cut points the middle one is uniform too, with no outcome."""

    class Flat:
        values = np.zeros((2000, 1, 1))
        covariance = np.ones((2000, 1, 1))

        def means(self) -> np.ndarray:
            return np.zeros((2000, 1, 1))

    cuts, rng = Cuts.started(0.0, 4, np.array([[np.nan]]), chains=2000), np.random.default_rng(2)
    cuts.length[:] = 1.0
    for _ in range(60):
        cuts.advance(Flat(), rng, adapt=False)
    share = (cuts.values[:, 1] - 0.5) / 2
    np.testing.assert_allclose(np.quantile(share, [0.25, 0.5, 0.75]), [0.25, 0.5, 0.75], atol=0.04)


def test_models_of_many_data_sets_are_those_of_single_ones() -> None:
    _, _, sets = drawn(trial(0.3), number=12)

    def one(data: pd.DataFrame) -> object:
        fit = fit_ordinal("seen ~ arm + age", data[data["visit"] == "b"], levels=[1, 2, 3, 4, 5])
        return cumulative_odds_ratios(fit, "arm", "y") + standardised_win_probability(fit, "arm", "y")

    single = analyse_each(sets, one)  # type: ignore[arg-type]
    together = analyse_levels(sets, "~ arm + age", visit="b")
    kept = single.labels["term"].isin(["cumulative_odds_ratio", "win_odds"]).to_numpy()
    np.testing.assert_allclose(together.estimates, single.estimates[:, kept], atol=1e-9)
    np.testing.assert_allclose(together.variances, single.variances[:, kept], rtol=1e-8)


def test_a_jump_to_reference_takes_some_of_the_odds_ratio_and_a_delta_more() -> None:
    found = {}
    for strategy in ("mar", "j2r"):
        fit, draws, sets = drawn(trial(0.3), strategy)
        found[strategy] = sets
    found["worse"] = impute_scores(fit, sets.outcomes, draws, LEVELS, delta=Delta(shift={"x": -1.0}))
    odds = {
        word: float(pool_imputations(analyse_levels(one, "~ arm", visit="b")).estimates.frame["estimate"].iloc[0])
        for word, one in found.items()
    }
    assert odds["mar"] > odds["j2r"] > odds["worse"]
    values = np.concatenate(list(found["j2r"].blocks()))
    assert set(np.unique(values)) == {1.0, 2.0, 3.0, 4.0, 5.0}
    assert values[:, ~sets.outcomes.missing].std(axis=0).max() == 0


def test_where_the_reference_is_followed_levels_come_as_often_as_there() -> None:
    """Those who copy the reference and have no earlier outcome have its levels."""
    d = trial(0.0, 1.5)
    d = d.assign(seen=d["level"].where(~((d["arm"] == "x") & (d["participant_id"] % 3 == 0))))
    _, _, sets = drawn(d, "cr", 300)
    gone = sets.outcomes.missing[:, 1]
    values = np.concatenate(list(sets.blocks()))[:, gone, 1]
    here = d[(d["visit"] == "b") & (d["arm"] == "y")]["level"]
    for level in range(1, 6):
        assert (values == level).mean() == pytest.approx((here == level).mean(), abs=0.06)


def test_what_has_no_levels_is_refused() -> None:
    d = trial(0.3)
    fit = fit_mmrm("seen ~ arm * visit + age", d)
    outcomes = incomplete_outcomes(fit, d, reference="y")
    with pytest.raises(OptionError, match="no change from a baseline"):
        draw_scores(fit, outcomes, LEVELS, 10, baseline="age")
    normal = impute_outcomes(fit, outcomes, draw_parameters(fit, 10))
    with pytest.raises(OptionError, match="not imputed on levels"):
        analyse_levels(normal, "~ arm", visit="b")
    x = np.repeat([-0.5, 0.5], 2)[:, None]
    with pytest.raises(FitError, match="no finite estimate"):
        proportional_odds(x, np.array([[0, 0, 1, 2]]), 3)
