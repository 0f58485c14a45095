"""What must not change a linear mixed model: order, names, units; and what two rows in place of a weight do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from coxa.errors import NonConvergenceError
from coxa.models import Fit, fit_lmm, fit_mmrm
from tests.reference.tolerances import DEVIANCE, DF, EFFECT, STANDARD_ERROR

FORMULA = "pain ~ arm * week + (week | participant_id) + (1 | therapist)"

seeds = st.integers(0, 10_000)
few = settings(max_examples=12, deadline=None, derandomize=True)


def drawn(seed: int, people: int = 18) -> pd.DataFrame:
    """Return an unbalanced trial: three to five weeks of each participant, therapists crossed with arms."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(people), rng.integers(3, 6, people))
    data = pd.DataFrame({"participant_id": who, "arm": np.array(["usual", "exercise"])[who % 2]})
    data["week"] = data.groupby("participant_id").cumcount() * 1.0
    data["therapist"] = rng.integers(0, 5, people)[who]
    own = rng.normal(size=(2, people))[:, who] * [[1.5], [0.7]]
    data["pain"] = own[0] + own[1] * data["week"] + rng.normal(size=5)[data["therapist"]] + rng.normal(size=len(who))
    return data.assign(weight=rng.uniform(0.5, 2, len(who)))


def fitted(data: pd.DataFrame, formula: str = FORMULA, **options: object) -> Fit:
    return fit_lmm(formula, data, ddf="satterthwaite", weights="weight", **options)  # type: ignore[arg-type]


def same_tests(one: Fit, other: Fit) -> None:
    """Check that statistics and degrees of freedom agree, of all coefficients but the intercept."""
    rows = np.eye(len(one.params))[1:]
    first, second = one.test(rows), other.test(rows)
    np.testing.assert_allclose(second.statistic, first.statistic, atol=10 * EFFECT, rtol=EFFECT)
    np.testing.assert_allclose(second.df, first.df, rtol=DF)


@few
@given(seeds)
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    data = drawn(seed)
    mixed = data.sample(frac=1, random_state=seed)
    one, other = fitted(data), fitted(mixed)
    assert other.loglik == pytest.approx(one.loglik, rel=DEVIANCE)
    same_tests(one, other)
    np.testing.assert_allclose(other.predict(data)["estimate"], one.predict(data)["estimate"], rtol=1e-5, atol=1e-6)


@few
@given(seeds)
def test_names_of_levels_do_not_matter(seed: int) -> None:
    data = drawn(seed)
    rng = np.random.default_rng(seed)
    named = data.assign(
        participant_id=np.array([f"{k:x}" for k in rng.permutation(1000)[:18]])[data["participant_id"]],
        therapist=rng.permutation(5)[data["therapist"]] + 100,
    )
    one, other = fitted(data), fitted(named)
    assert other.loglik == pytest.approx(one.loglik, rel=DEVIANCE)
    same_tests(one, other)
    effects = [
        fit.random_effects("therapist").assign(level=lambda d: d["level"].astype(int)).set_index("level")["value"]
        for fit in (one, other)
    ]
    back = named["therapist"].map(effects[1]).to_numpy()
    np.testing.assert_allclose(back, data["therapist"].map(effects[0]), atol=1e-5)


@few
@given(
    seeds, st.sampled_from([1e-6, 0.01, 1e6]), st.sampled_from([1 / 52, 7.0, 1e4]), st.sampled_from([0.0, -40.0, 1e5])
)
def test_units_of_outcome_and_time_do_not_matter(seed: int, outcome: float, time: float, shift: float) -> None:
    data = drawn(seed)
    other = data.assign(pain=outcome * (data["pain"] + shift), week=time * data["week"])
    one, two = fitted(data), fitted(other)
    same_tests(one, two)
    scale = outcome * np.array([1, 1 / time, 1])
    sd = [fit.covariance_parameters.filter(like="sd[").drop("sd[residual]") for fit in (one, two)]
    np.testing.assert_allclose(sd[1] / scale, sd[0], atol=1e-5)
    free = len(data) - 4
    moved = one.loglik - free * np.log(outcome) - 2 * np.log(time)  # week and arm:week are in a unit of their own
    assert two.loglik == pytest.approx(moved, rel=DEVIANCE, abs=1e-6)


@few
@given(seeds, st.sampled_from(["ar1", "csh", "toep"]))
def test_units_of_the_outcome_do_not_matter_beside_a_covariance_of_visits(seed: int, covariance: str) -> None:
    data = drawn(seed, people=30).assign(visit=lambda d: d["week"].astype(int))
    data = data[data["visit"] < 3]
    formula = "pain ~ arm * visit + (1 | therapist)"
    one, two = (fit_mmrm(formula, d, covariance=covariance) for d in (data, data.assign(pain=1e5 * data["pain"] + 1e7)))
    same_tests(one, two)
    np.testing.assert_allclose(two.covariance / 1e10, one.covariance, rtol=1e-4)


@few
@given(seeds)
def test_a_shift_of_time_changes_a_correlated_slope_in_its_parameters_alone(seed: int) -> None:
    """The intercept is then at another time; the covariance of the outcomes is the same."""
    data = drawn(seed)
    one, two = fitted(data), fitted(data.assign(week=data["week"] - 2))
    assert two.loglik == pytest.approx(one.loglik, rel=DEVIANCE)
    k = list(one.params.index).index("arm[usual]:week")
    row = np.eye(4)[[k]]
    np.testing.assert_allclose(two.test(row).statistic, one.test(row).statistic, rtol=EFFECT, atol=10 * EFFECT)


@few
@given(seeds)
def test_two_rows_are_their_mean_at_weight_two_and_their_difference(seed: int) -> None:
    """A row of weight two is not the same row twice, which would say that there is no residual.

    It is the mean of two rows. Their difference knows the residual's variance alone; where it has that variance the
    optimum stays, and the log-likelihood of the differences is added.
    """
    data = drawn(seed)
    once = fit_lmm(FORMULA, data.assign(two=2.0), weights="two", ddf="satterthwaite")
    variance, n = once.variance_components["variance"].iloc[-1], len(data)
    half = np.random.default_rng(seed).normal(size=n)
    half *= np.sqrt(n * variance / 2 / (half @ half))
    pairs = pd.concat([data.assign(pain=data["pain"] + sign * half) for sign in (1, -1)], ignore_index=True)
    twice = fit_lmm(FORMULA, pairs, ddf="satterthwaite")
    same = once.covariance_parameters
    np.testing.assert_allclose(twice.covariance_parameters, same, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(twice.params, once.params, atol=1e-6)
    np.testing.assert_allclose(twice.std_error, once.std_error, rtol=STANDARD_ERROR)
    differences = -n / 2 * (np.log(2 * np.pi * variance) + 1)
    assert twice.loglik == pytest.approx(once.loglik + differences - n / 2 * np.log(2), rel=DEVIANCE)


OPTIMISER = 1e-4
"""Absolute, of a log-likelihood: where statsmodels' optimiser stops."""


@settings(max_examples=5, deadline=None, derandomize=True)
@given(seeds)
def test_statsmodels_agrees_on_slopes_of_one_factor(seed: int) -> None:
    data = drawn(seed, people=40)
    formula = "pain ~ arm * week + (week | participant_id)"
    ours = fit_lmm(formula, data)
    assume(not any("zero" in text or "multiple" in text for text in ours.warnings))
    theirs = fit_lmm(formula, data, engine="statsmodels")
    assert theirs.loglik == pytest.approx(ours.loglik, abs=OPTIMISER)
    np.testing.assert_allclose(theirs.params, ours.params, atol=0.01 * ours.std_error.min())
    np.testing.assert_allclose(theirs.std_error, ours.std_error, rtol=0.01)  # as flat as the likelihood there


@settings(max_examples=3, deadline=None, derandomize=True)
@given(seeds)
def test_statsmodels_finds_no_better_optimum_of_crossed_factors(seed: int) -> None:
    """It often stops before the optimum where factors cross, and sometimes says so."""
    data = drawn(seed)
    formula = "pain ~ arm * week + (1 | participant_id) + (1 | therapist)"
    try:
        theirs = fit_lmm(formula, data, engine="statsmodels")
    except NonConvergenceError:
        reject()
    assert theirs.loglik <= fit_lmm(formula, data).loglik + 1e-6
