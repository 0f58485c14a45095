"""Closed-form power against published values and other formulas; simulated trials are in tests/simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.power import TTestIndPower

from coxa.design import (
    Power,
    design_effect,
    power_ancova,
    power_cluster,
    power_partially_nested,
    power_two_means,
    power_two_proportions,
)
from coxa.design.closed_form.answer import Accuracy, t_power
from coxa.errors import FitError, OptionError

# --- published values


def test_two_means_as_published() -> None:
    """Cohen 1988: 64 per arm; the examples of R's power.t.test: n = 22.02110, power = 0.8689528.

    R leaves out the results that are significant in the wrong direction, as a one-sided test of half the level does.
    """
    assert power_two_means(sd=1, difference=0.5, power=0.8).n == (64, 64)
    assert power_two_means(sd=1, difference=1, power=0.9).n == (23, 23)
    one_tail = power_two_means(sd=1, difference=1, n=20, sides=1, alpha=0.025)
    assert one_tail.power == pytest.approx(0.8689528, abs=5e-8)
    assert 0 < power_two_means(sd=1, difference=1, n=20).power - one_tail.power < 1e-6


def test_two_proportions_as_published() -> None:
    """The examples of R's power.prop.test: power = 0.740 with 50 per arm; n = 76.7 for a power of 0.9."""
    assert power_two_proportions(reference=0.5, difference=0.25, n=50).power == pytest.approx(0.740, abs=5e-4)
    assert power_two_proportions(reference=0.5, difference=0.25, power=0.9).n == (77, 77)


# --- against other formulas


@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("sides", [1, 2])
def test_two_means_are_those_of_statsmodels(ratio: float, sides: int) -> None:
    found = power_two_means(sd=20, difference=-10, n=40, ratio=ratio, sides=sides)  # type: ignore[arg-type]
    alternative = "two-sided" if sides == 2 else "larger"
    other = TTestIndPower().power(0.5, 40, 0.05, ratio=ratio, alternative=alternative)
    assert found.power == pytest.approx(other, rel=1e-10)


def test_two_proportions_are_the_textbook_formula_either_way() -> None:
    p, q, n, ratio = 0.3, 0.45, 100, 2.0
    pooled = (p + ratio * q) / (1 + ratio)
    null = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / (ratio * n)))
    own = math.sqrt(p * (1 - p) / n + q * (1 - q) / (ratio * n))
    upper = stats.norm.sf((stats.norm.isf(0.025) * null - (q - p)) / own)
    found = power_two_proportions(reference=p, difference=q - p, n=n, ratio=ratio)
    assert found.power == pytest.approx(upper, abs=1e-5)
    mirrored = power_two_proportions(reference=1 - p, difference=p - q, n=n, ratio=ratio, sides=1, alpha=0.025)
    assert mirrored.power == pytest.approx(upper, abs=1e-9)


def test_what_a_design_collapses_to() -> None:
    plain = power_two_means(sd=10, difference=6, n=30)
    assert power_cluster(sd=10, icc=0, cluster_size=1, difference=6, clusters=30).power == pytest.approx(plain.power)
    adjusted = power_ancova(sd=10, correlation=0, difference=6, n=3000)
    assert adjusted.std_error == pytest.approx(power_two_means(sd=10, difference=6, n=3000).std_error, rel=1e-3)
    single = power_partially_nested(sd=10, icc=0, cluster_size=1, difference=6, clusters=30)
    assert single.std_error == pytest.approx(plain.std_error)
    assert single.df == pytest.approx(plain.df)


def test_the_design_effect_is_the_variance_of_a_pooled_mean() -> None:
    sizes, icc = np.array([4.0, 10, 16, 22, 8]), 0.08
    variance = (icc * sizes @ sizes + (1 - icc) * sizes.sum()) / sizes.sum() ** 2
    cv = sizes.std() / sizes.mean()
    assert design_effect(sizes.mean(), icc, cv) == pytest.approx(variance * sizes.sum(), rel=1e-12)


@pytest.mark.parametrize("df", [1.0, 2.5, 10.0, 200.0, 1e6])
def test_large_effects_have_a_power_too(df: float) -> None:
    power = [t_power(effect, Accuracy(1, df), 0.05, 2) for effect in np.linspace(0.1, 40, 200)]
    assert np.isfinite(power).all()
    assert (np.diff(power) > -1e-6).all()
    assert power[-1] > 0.99


# --- solving

DESIGNS = {
    "means": (power_two_means, {"sd": 10.0}, "n"),
    "ancova": (power_ancova, {"sd": 10.0, "correlation": 0.5}, "n"),
    "clusters": (power_cluster, {"sd": 10.0, "icc": 0.03, "cluster_size": 8}, "clusters"),
    "one arm": (power_partially_nested, {"sd": 10.0, "icc": 0.03, "cluster_size": 8}, "clusters"),
    "proportions": (power_two_proportions, {"reference": 0.3}, "n"),
}


@pytest.mark.parametrize("name", DESIGNS)
@given(power=st.floats(0.5, 0.95), effect=st.floats(0.25, 0.6), ratio=st.sampled_from([0.5, 1.0, 2.0]))
@settings(max_examples=12, deadline=None)
def test_the_number_found_is_the_smallest_that_is_enough(name: str, power: float, effect: float, ratio: float) -> None:
    solve, given_, number = DESIGNS[name]
    difference = effect if name == "proportions" else 10 * effect
    found: Power = solve(**given_, difference=difference, power=power, ratio=ratio)  # type: ignore[operator]
    n = found.clusters[0] or found.clusters[1] if found.clusters else found.n[0]
    assert found.power >= power
    if n > 2:
        less = solve(**given_, difference=difference, ratio=ratio, **{number: n - 1})  # type: ignore[operator]
        assert less.power < power
    back = solve(**given_, power=found.power, ratio=ratio, **{number: n})  # type: ignore[operator]
    assert back.difference == pytest.approx(difference, rel=1e-5)


def test_dropout_inflates_the_number_and_the_clusters() -> None:
    assert power_two_means(sd=1, difference=0.5, power=0.8, dropout=0.2).n == (80, 80)
    kept = power_two_means(sd=1, difference=0.5, n=80, dropout=0.2)
    assert kept.n_analysed == pytest.approx((64, 64))
    assert kept.power == pytest.approx(power_two_means(sd=1, difference=0.5, n=64).power)
    full, lost = (
        power_cluster(sd=1, icc=0.05, cluster_size=10, difference=0.5, clusters=10, dropout=d) for d in (0, 0.3)
    )
    assert lost.std_error > full.std_error
    assert lost.n == full.n == (100, 100)


def test_an_answer_holds_all_that_went_in_and_says_it_in_a_line() -> None:
    found = power_cluster(sd=2, icc=0.05, cluster_size=20, cluster_size_cv=0.5, difference=1, power=0.8)
    assert found.inputs["cluster_size_cv"] == 0.5
    assert (found.solved, found.alpha, found.sides) == ("n", 0.05, 2)
    assert f"{found.clusters[0]} + {found.clusters[1]} clusters" in found.as_text()  # type: ignore[index]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: power_two_means(sd=1),
            "3 of difference, n (or clusters) and power are left out. Leave",
        ),
        (
            lambda: power_two_means(sd=1, difference=1, n=10, power=0.8),
            "0 of difference, n (or clusters) and power are left out. Leave out exactly one",
        ),
        (lambda: power_two_means(sd=0, difference=1, n=10), "`sd` is 0"),
        (lambda: power_two_means(sd=1, difference=0, n=10), "`difference` is 0. Give another number"),
        (lambda: power_two_means(sd=1, difference=1, n=1), "`n` is 1. Give at least 2"),
        (lambda: power_two_means(sd=1, difference=1, power=80), "`power` is 80. Give a number between alpha"),
        (lambda: power_two_means(sd=1, difference=1, n=10, alpha=5), "`alpha` is 5"),
        (lambda: power_two_means(sd=1, difference=1, n=10, sides=3), "`sides` is 3. Give 1 or 2"),  # type: ignore[arg-type]
        (lambda: power_two_means(sd=1, difference=1, n=10, dropout=20), "a share from 0"),
        (lambda: power_ancova(sd=1, correlation=1, difference=1, n=10), "between -1 and 1"),
        (lambda: power_ancova(sd=1, correlation=0.5, covariates=0, difference=1, n=10), "use `power_two_means`"),
        (lambda: power_two_proportions(reference=0.9, difference=0.2, n=10), "compared proportion is 1.1"),
        (
            lambda: power_cluster(sd=1, icc=1, cluster_size=5, difference=1, clusters=5),
            "`icc` is 1. Give a number from 0",
        ),
        (
            lambda: power_cluster(sd=1, icc=0.1, cluster_size=0.5, difference=1, clusters=5),
            "`cluster_size` is 0.5. Give at least 1",
        ),
    ],
)
def test_wrong_numbers_are_told(call: object, said: str) -> None:
    with pytest.raises(OptionError) as caught:
        call()  # type: ignore[operator]
    assert said in str(caught.value)


def test_what_no_number_can_reach_is_told() -> None:
    with pytest.raises(FitError, match="No number up to"):
        power_two_means(sd=1e6, difference=1e-3, power=0.8)
    with pytest.raises(FitError, match="No proportion below 1"):
        power_two_proportions(reference=0.9, n=10, power=0.9)
