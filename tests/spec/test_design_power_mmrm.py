"""Power of the MMRM against the paper's tables as other software prints them, and dense matrices."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coxa.design import power_ancova, power_mmrm, power_two_means
from coxa.design.closed_form.mmrm import mean_variance
from coxa.errors import OptionError

CS = 0.25 + 0.75 * np.eye(4)
TIMES = np.arange(4)
AR1 = 0.6 ** np.abs(TIMES[:, None] - TIMES)
SD = np.array([10.0, 12.0, 14.0, 15.0])
SIGMA = np.outer(SD, SD) * AR1
KEPT = (1.0, 0.9, 0.8, 0.7)


def test_the_power_that_longpower_prints() -> None:
    """Its tests of power.mmrm: N = 174, compound symmetry 0.25, power 0.800037187212964 in the right direction."""
    found = power_mmrm(covariance=CS, retention=KEPT, difference=0.5, n=87, test="normal", sides=1, alpha=0.025)
    assert found.power == pytest.approx(0.800037187212964, rel=1e-12)
    assert power_mmrm(covariance=CS, retention=KEPT, difference=0.5, power=0.8, test="normal").n == (87, 87)


def test_the_variance_that_longpower_prints() -> None:
    """Its tests of power.mmrm.ar1: rho 0.6, phi1 = 1.75227635858878."""
    kept = np.array([1, 0.76, 0.63, 0.52])
    assert mean_variance(AR1, kept)[-1, -1] == pytest.approx(1.75227635858878, rel=1e-12)


@pytest.mark.parametrize("r", [0.6, 0.9])
@pytest.mark.parametrize("rho", [0.0, 0.1, 0.9])
def test_two_visits_have_a_closed_form(r: float, rho: float) -> None:
    """The first column of Table 2 of Lu, Luo & Chen 2008: 1 + (1 - rho^2)(1 - r) / r."""
    found = mean_variance(np.array([[1, rho], [rho, 1]]), np.array([1, r]))[-1, -1]
    assert found == pytest.approx(1 + (1 - rho**2) * (1 - r) / r, rel=1e-12)


def test_the_information_is_that_of_dense_matrices() -> None:
    """Everybody of a trial with the expected patterns, as one big generalised least squares."""
    n = 20
    last = np.repeat([1, 2, 3, 4], [2, 2, 2, 14])
    rows = [(i, j) for i in range(n) for j in range(last[i])]
    x = np.array([np.eye(4)[j] for _, j in rows])
    v = np.array([[SIGMA[j, b] if i == k else 0.0 for k, b in rows] for i, j in rows])
    dense = np.linalg.inv(x.T @ np.linalg.solve(v, x))
    np.testing.assert_allclose(mean_variance(SIGMA, np.array(KEPT)) / n, dense, rtol=1e-10)


def test_complete_data_are_a_t_test_of_the_last_visit() -> None:
    found = power_mmrm(covariance=SIGMA, retention=[1] * 4, difference=8, n=40)
    plain = power_two_means(sd=SD[-1], difference=8, n=40)
    assert (found.power, found.df) == pytest.approx((plain.power, plain.df))


def test_complete_data_with_a_baseline_are_an_ancova() -> None:
    found = power_mmrm(covariance=SIGMA, retention=[1] * 4, baseline=True, difference=8, n=40)
    adjusted = power_ancova(sd=SD[-1], correlation=float(AR1[0, 3]), difference=8, n=40)
    assert (found.power, found.df) == pytest.approx((adjusted.power, adjusted.df))


def test_an_average_over_visits_and_arms_that_lose_differently() -> None:
    weights = np.array([0, 1 / 3, 1 / 3, 1 / 3])
    found = power_mmrm(
        covariance=SIGMA,
        retention=KEPT,
        retention_compared=(1, 1, 1, 1),
        weights=weights,
        difference=6,
        n=50,
        ratio=2,
        test="normal",
    )
    one, other = mean_variance(SIGMA, np.array(KEPT)), SIGMA
    assert found.std_error == pytest.approx(math.sqrt(weights @ (one / 50 + other / 100) @ weights))
    assert found.n_analysed == pytest.approx((35, 100))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"retention": (1, 0.9, 0.95, 0.7)}, "none above the one before"),
        ({"retention": (1, 0.9)}, "Give one share per visit"),
        ({"covariance": np.ones((4, 4))}, "not positive definite"),
        ({"covariance": [[1, 0.2], [0.3, 1]]}, "not a symmetric matrix"),
        ({"weights": (0, 0, 0, 0)}, "not all zero"),
        ({"baseline": True, "retention": (0.9, 0.9, 0.8, 0.7)}, "the first is not attended by all"),
        ({"baseline": True, "weights": (1, 0, 0, -1)}, "Give it the weight 0"),
        ({"test": "z"}, "Choose one of t, normal"),
    ],
)
def test_what_cannot_be_is_told(options: dict[str, object], said: str) -> None:
    with pytest.raises(OptionError) as caught:
        power_mmrm(**{"covariance": CS, "retention": KEPT, "difference": 1, "n": 20, **options})  # type: ignore[arg-type]
    assert said in str(caught.value)
