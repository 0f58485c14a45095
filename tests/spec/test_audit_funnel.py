"""Funnels: limits by brute force, names, options, small numbers of units."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coxa.audit import (
    binomial_limits,
    funnel_means,
    funnel_proportions,
    funnel_ratios,
    over_dispersion,
    poisson_count_limits,
    poisson_predictive_limits,
)
from coxa.errors import OptionError


@pytest.mark.parametrize("n", [1, 7, 40, 333])
@pytest.mark.parametrize("target", [0.02, 0.4, 0.97])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.998])
def test_binomial_limits_by_going_through_all_counts(n: int, target: float, level: float) -> None:
    for got, p in zip(binomial_limits([n], target, level), ((1 - level) / 2, (1 + level) / 2), strict=True):
        chances = [stats.binom.pmf(r, n, target) for r in range(n + 1)]
        below = np.cumsum(chances)
        r = int(np.argmax(below > p)) if (below > p).any() else n
        by_hand = (r - (below[r] - p) / chances[r]) / n
        assert got.item() == pytest.approx(min(max(by_hand, 0), 1), abs=1e-12)


@pytest.mark.parametrize("expected", [0.3, 4.2, 60.0])
def test_predictive_limits_by_going_through_all_counts(expected: float) -> None:
    for got, p in zip(poisson_predictive_limits([expected], 0.998), (0.001, 0.999), strict=True):
        chances = [stats.poisson.pmf(r, expected) for r in range(200)]
        below = np.cumsum(chances)
        r = int(np.argmax(below > p))
        assert got.item() == pytest.approx(max(0.0, (r - (below[r] - p) / chances[r]) / expected), abs=1e-12)


def test_limits_of_a_large_unit_are_near_the_normal_ones() -> None:
    low, high = binomial_limits([1_000_000], 0.3, 0.95)
    assert [low.item(), high.item()] == pytest.approx([0.3 - 1.96 * 4.583e-4, 0.3 + 1.96 * 4.583e-4], abs=2e-6)


def test_the_interval_of_a_count_is_not_the_range_of_counts() -> None:
    """Which of the two is drawn changes who is an outlier: both are named in `method`."""
    ratios = {"observed": [24, 15], "expected": [15.0, 15.0]}
    counted, predicted = funnel_ratios(**ratios, exact="count"), funnel_ratios(**ratios)
    assert counted.outliers(0.95).tolist() == [0, 0]
    assert predicted.outliers(0.95).tolist() == [1, 0]
    assert "(count)" in counted.method
    assert "(predictive)" in predicted.method
    assert poisson_count_limits([15.0])[1].item() > poisson_predictive_limits([15.0])[1].item()


def test_every_level_has_its_columns_and_the_widest_limits_give_the_position() -> None:
    funnel = funnel_proportions(
        [2, 10, 33], [40, 40, 80], units=["A", "B", "C"], target=0.25, levels=(0.998, 0.9, 0.95)
    )
    assert funnel.levels == (0.9, 0.95, 0.998)
    assert {"low_90", "high_95", "low_99_8"} <= set(funnel.frame)
    assert funnel.outliers(0.95).tolist() == [-1, 0, 1]
    assert funnel.frame["position"].tolist() == ["within", "within", "high"]


def test_adjusted_proportions_have_wider_limits_that_stay_proportions() -> None:
    events, n = [1, 30, 9, 20, 2, 30], [40, 40, 40, 40, 40, 40]
    plain, wide = funnel_proportions(events, n), funnel_proportions(events, n, adjust="additive")
    assert (wide.frame["high_99_8"] > plain.frame["high_99_8"]).all()
    assert wide.frame[["low_99_8", "high_99_8"]].stack().between(0, 1).all()
    assert "additive" in wide.method
    multiplied = funnel_means([0.0, 4.0, 8.0], [1.0, 1.0, 2.0], target=4.0, adjust="multiplicative", screen="none")
    phi = (16 + 0 + 4) / 3
    assert multiplied.dispersion.phi == pytest.approx(phi)
    assert multiplied.frame["high_95"].to_numpy() == pytest.approx(4 + 1.959964 * np.sqrt(phi) * np.array([1, 1, 2]))


def test_less_variation_than_by_chance_narrows_nothing() -> None:
    funnel = funnel_means([1.0, 1.1, 0.9], [1.0, 1.0, 1.0], adjust="multiplicative")
    assert funnel.dispersion.phi < 1
    assert funnel.dispersion.tau2 == 0
    assert funnel.frame["high_95"].tolist() == pytest.approx([1 + 1.959964] * 3)


def test_one_unit_has_limits_and_no_dispersion() -> None:
    funnel = funnel_proportions([4], [50], target=0.3)
    assert funnel.dispersion is None
    assert funnel.frame["position"].tolist() == ["low"]
    with pytest.raises(OptionError, match="Dispersion of 1 unit is not defined"):
        funnel_proportions([4], [50], target=0.3, adjust="additive")


def test_a_unit_without_events_is_drawn_but_has_no_logarithm() -> None:
    assert funnel_ratios([0, 10], [9.0, 10.0]).frame["position"].tolist() == ["low", "within"]
    with pytest.raises(OptionError, match="Choose the form cqc"):
        funnel_ratios([0, 10], [9.0, 10.0], form="shmi")


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: funnel_proportions([5, 1], [4, 4]), "more events than patients"),
        (lambda: funnel_proportions([0, 1], [0, 4]), "no patient"),
        (lambda: funnel_proportions([1, 2, 3], [4, 4]), "differ in length"),
        (lambda: funnel_ratios([1, np.nan], [4, 4]), "missing or below 0"),
        (lambda: funnel_ratios([1, 2], [4, 0]), "not above zero"),
        (lambda: funnel_means([1, 2], [1, 0]), "not above zero"),
        (lambda: funnel_means([1, 2], [1, 1], units=["A"]), "1 names are given for 2 units"),
        (lambda: funnel_means([1, 2], [1, 1], adjust="add"), "Choose one of none, additive"),
        (lambda: funnel_means([1, 2], [1, 1], levels=(95,)), "not between 0 and 1"),
        (lambda: over_dispersion([1, 2], [1, 1], share=0.5), "not from 0 to below 0.5"),
        (lambda: over_dispersion([1, 2], [1, 1], screen="truncated", share=0.4), "Choose winsorised, or none"),
    ],
)
def test_what_is_refused(made: object, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        made()


def test_clinics_that_differ_by_chance_are_rarely_outside() -> None:
    """Of 200 registers with 40 clinics, 0.2 % of the clinics are expected outside the limits of 99.8 %."""
    rng = np.random.default_rng(20261130)
    n = rng.integers(20, 400, 40)
    means = [rng.normal(50, 12 / np.sqrt(n)) for _ in range(200)]
    outside = [np.abs(funnel_means(each, 12 / np.sqrt(n)).outliers(0.998)).mean() for each in means]
    assert np.mean(outside) == pytest.approx(0.002, abs=0.001)


def test_a_frame_of_pandas_is_taken_by_its_columns_and_not_changed() -> None:
    frame = pd.DataFrame({"clinic": ["A", "B"], "better": [5, 8], "n": [20, 20]}, index=[7, 9])
    before = frame.copy()
    funnel = funnel_proportions(frame["better"], frame["n"], units=frame["clinic"].tolist())
    assert funnel.frame["unit"].tolist() == ["A", "B"]
    pd.testing.assert_frame_equal(frame, before)
