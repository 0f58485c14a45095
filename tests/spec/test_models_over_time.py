"""Residuals whose correlation fades over continuous time: the simpler models they contain, the nugget, and the speed
of a recursion that gives the numbers of whole matrices."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import coxa
from coxa.models import fit_lmm, fit_mmrm
from coxa.models.covariance import STRUCTURES
from coxa.models.covariance.spatial_exponential import AT_ONE, AT_ZERO
from coxa.models.lmm import rows as mixed_rows
from coxa.models.lmm.predictions import random_part_of
from coxa.models.numerics.mixed.derivatives import derived
from coxa.models.numerics.mixed.likelihood import state
from coxa.models.numerics.mixed.markov import Markov
from coxa.models.numerics.mixed.structured import Structured
from coxa.models.results.fit import Fit
from tests.sizes import few

STEP, DIFFERENCE = 1e-5, 1e-6
"""Half a difference of derivatives, and what it is good for here."""

SAME = 1e-9
"""The recursion and whole matrices are the same numbers in another order."""

FORMULA = "pain ~ arm * day + (1 | participant_id)"


def diary(
    people: int = 12, count: int = 20, *, rho: float = 0.6, nugget: float = 0.3, sd: float = 1.0, seed: int = 1
) -> pd.DataFrame:
    """Return ratings at irregular times, each person with an intercept, in clinics of three persons."""
    rng = np.random.default_rng(seed)
    found = []
    for who in range(people):
        own = int(rng.integers(count // 2, count + 1))
        day = np.sort(rng.uniform(0, count, own))
        shape = rho ** np.abs(np.subtract.outer(day, day))
        covariance = (1 - nugget) * shape + nugget * np.eye(own)
        pain = 5 + rng.normal() - 0.02 * day + sd * np.linalg.cholesky(covariance) @ rng.normal(size=own)
        found.append(pd.DataFrame({"participant_id": who, "clinic": who // 3, "day": day, "pain": pain}))
    rows = pd.concat(found, ignore_index=True)
    return rows.assign(arm=np.where(rows["participant_id"] % 2, "exercise", "usual_care"))


def over_time(rows: pd.DataFrame, residual: str, formula: str = FORMULA, ddf: str = "satterthwaite") -> Fit:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        return fit_lmm(formula, rows, covariance=residual, time="day", participant="participant_id", ddf=ddf)


SEVERAL = "(day || participant_id) + (1 | clinic)"
CASES = [
    pytest.param(
        *(random, residual, ddf),
        marks=[pytest.mark.slow] * (random == SEVERAL and (residual, ddf) != ("sp_exp", "kenward-roger")),
    )
    for random in ("(1 | participant_id)", SEVERAL, "(1 | clinic)")
    for residual in ("sp_exp", "sp_exp_nugget")
    for ddf in ("satterthwaite", "kenward-roger", "kenward-roger-linear")
]


@pytest.mark.some(5)
@pytest.mark.parametrize(("random", "residual", "ddf"), CASES)
def test_the_recursion_along_times_gives_the_numbers_of_whole_matrices(
    random: str, residual: str, ddf: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = diary()
    formula = f"pain ~ arm * day + {random}"
    found = []
    for many, kind in ((0, Markov), (1000, Structured)):
        monkeypatch.setattr(mixed_rows, "MANY_TIMES", many)
        fit = over_time(rows, residual, formula, ddf)
        assert isinstance(random_part_of(fit).model.within, kind)
        effects = fit.random_effects()[["value", "std_error"]].to_numpy().ravel()
        found.append(
            np.concatenate([[fit.loglik], fit.params, fit.std_error, fit.df, fit.covariance_parameters, effects])
        )
    np.testing.assert_allclose(found[0], found[1], rtol=SAME, atol=SAME)


@pytest.mark.parametrize("reml", [True, False])
def test_gradient_and_hessian_of_the_recursion_are_those_of_differences(reml: bool) -> None:
    fit = fit_lmm(FORMULA, diary(), covariance="sp_exp_nugget", time="day", reml=reml)
    part = random_part_of(fit)
    model, theta = part.model, part.optimum.theta + np.array([0.1, 0.3, -0.4, 0.2])
    here = derived(model, state(model, theta))
    steps = STEP * np.eye(len(theta))
    slopes = [(state(model, theta - h).loglik - state(model, theta + h).loglik) / (2 * STEP) for h in steps]
    np.testing.assert_allclose(here.gradient, slopes, atol=DIFFERENCE)
    up, down = ([derived(model, state(model, theta + sign * h)).gradient for h in steps] for sign in (1, -1))
    np.testing.assert_allclose(here.observed, (np.array(up) - np.array(down)) / (2 * STEP), atol=DIFFERENCE)


@pytest.mark.parametrize("seed", range(few(2, 6)))
def test_a_correlation_over_time_is_never_less_likely_than_the_independent_rows_it_contains(seed: int) -> None:
    rows = diary(8, 25, nugget=1.0, seed=seed)
    independent = fit_lmm(FORMULA, rows)
    fit = over_time(rows, "sp_exp")
    nugget = over_time(rows, "sp_exp_nugget")
    assert fit.loglik > independent.loglik - 1e-6
    assert nugget.loglik > fit.loglik - 1e-6
    if fit.loglik < independent.loglik + 1e-6:
        assert fit.covariance_parameters["residual correlation[distance 1]"] == 0.0
    assert any("correlation of the residuals" in text for text in fit.warnings)


def test_a_correlation_estimated_at_its_limit_gives_the_independent_fit_and_says_so() -> None:
    rows = diary(8, 25, nugget=1.0, seed=2)
    rank = rows.groupby("participant_id").cumcount()
    rows["pain"] += np.where(rank % 2, 1.0, -1.0)  # neighbours differ more than rows far apart
    independent, fit = fit_lmm(FORMULA, rows), over_time(rows, "sp_exp")
    assert fit.loglik == pytest.approx(independent.loglik, abs=1e-9)
    np.testing.assert_allclose(fit.std_error, independent.std_error, rtol=1e-8)
    np.testing.assert_allclose(fit.df, independent.df, rtol=1e-6)
    assert any("estimated at 0, its lower limit" in text for text in fit.warnings)
    intervals = coxa.models.variance_intervals(fit, method="wald").set_index("name")
    assert intervals.loc["residual correlation[distance 1]", ["conf_low", "conf_high"]].isna().all()
    assert intervals.loc["residual sd", ["conf_low", "conf_high"]].notna().all()
    expected = over_time(rows, "sp_exp", ddf="kenward-roger")
    np.testing.assert_allclose(expected.df, fit_lmm(FORMULA, rows, ddf="kenward-roger").df, rtol=1e-6)


def test_a_correlation_that_does_not_fade_is_a_shared_intercept() -> None:
    """At rho = 1 a nugget leaves a random intercept beside independent rows, at nugget 0 it is sp_exp."""
    times, nugget = np.array([0.0, 1.5, 4.0]), STRUCTURES["sp_exp_nugget"]
    shared = nugget.matrix(np.array([0.0, AT_ONE, 0.0]), times)
    np.testing.assert_allclose(shared, 0.5 * np.ones((3, 3)) + 0.5 * np.eye(3))
    plain = STRUCTURES["sp_exp"].matrix(np.array([0.2, 0.4]), times)
    np.testing.assert_allclose(nugget.matrix(np.array([0.2, 0.4, -AT_ZERO]), times), plain)
    rows = diary(30, 12, rho=1 - 1e-9, nugget=0.5, seed=4).assign(one=lambda table: table["participant_id"])
    fit = fit_lmm(
        "pain ~ day + (1 | clinic)", rows, covariance="sp_exp_nugget", time="day", participant="participant_id"
    )
    intercept = fit_lmm("pain ~ day + (1 | clinic) + (1 | one)", rows)
    assert fit.loglik > intercept.loglik - 1e-6
    assert fit.loglik < intercept.loglik + 1e-6 or fit.covariance_parameters["residual correlation[distance 1]"] < 1


def test_a_planted_nugget_and_correlation_come_back() -> None:
    fit = over_time(diary(60, 40, sd=1.5, seed=7), "sp_exp_nugget")
    named = fit.covariance_parameters
    assert named["residual sd"] == pytest.approx(1.5, abs=0.15)
    assert named["residual correlation[distance 1]"] == pytest.approx(0.6, abs=0.12)
    assert named["residual nugget"] == pytest.approx(0.3, abs=0.12)
    assert named["sd[participant_id: Intercept]"] == pytest.approx(1.0, abs=0.3)
    assert fit.warnings == ()


def test_the_repeated_measures_model_compares_with_independent_rows_too() -> None:
    rng = np.random.default_rng(3)
    rows = pd.DataFrame({"participant_id": np.repeat(np.arange(40), 4), "visit": np.tile(list("abcd"), 40)})
    rows["week"] = np.tile([0.0, 2, 6, 12], 40) + rng.uniform(-0.5, 0.5, 160)
    sign = np.where(np.arange(40) % 2, 1.0, -1.0)[rows["participant_id"]]
    turn = rows["visit"].map({"a": 1.0, "b": -1.0, "c": 1.0, "d": -1.0})
    rows["pain"] = rng.normal(size=160) + sign * turn  # neighbours differ more than rows far apart
    fit = fit_mmrm("pain ~ visit", rows, covariance="sp_exp", time="week")
    alone = fit_mmrm("pain ~ visit", rows, covariance="cs")
    assert fit.covariance_parameters["correlation[distance 1]"] == 0.0
    assert any("its lower limit" in text for text in fit.warnings)
    assert fit.loglik == pytest.approx(alone.loglik, abs=1e-6) or alone.covariance_parameters["correlation"] < 0
    half = rows.assign(pain=rows["pain"] + 2 * rng.normal(size=40)[rows["participant_id"]])
    nugget = fit_mmrm("pain ~ visit", half, covariance="sp_exp_nugget", time="week")
    assert nugget.loglik > fit_mmrm("pain ~ visit", half, covariance="cs").loglik - 1e-6


@pytest.mark.slow
def test_residuals_intervals_and_predictions_of_a_long_diary() -> None:
    rows = diary(10, 30, seed=5)
    fit = over_time(rows, "sp_exp_nugget")
    assert coxa.models.icc(fit, method="wald")["icc"].between(0, 1).all()
    intervals = coxa.models.variance_intervals(fit).set_index("name")
    named = intervals.loc["residual nugget"]
    assert named["conf_low"] < fit.covariance_parameters["residual nugget"] < named["conf_high"]
    assert fit.predict(rows.head(5))["std_error"].notna().all()
