"""Control limits of a funnel: what a unit of a given size gives by chance if it is on target."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from coxa.errors import check_level

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]
"""Lower and upper limits, one per unit."""


def tails(level: float) -> tuple[float, float]:
    """Return the probabilities below the lower and below the upper limit."""
    check_level(level)
    return (1 - level) / 2, (1 + level) / 2


def normal_quantile(level: float) -> float:
    """Return how many standard errors the limits are from the target: 1.96 for 0.95, 3.09 for 0.998."""
    return float(stats.norm.ppf(tails(level)[1]))


def binomial_limits(n: ArrayLike, target: float, level: float = 0.95) -> Pair:
    """Return exact limits of a proportion: the binomial distribution at the target, inverted with interpolation.

    Parameters
    ----------
    n
        Patients of each unit.
    target
        The proportion that units are compared with.
    level
        0.95 and 0.998 are usual.

    Returns
    -------
    (n_units,) float, (n_units,) float
        Between 0 and 1.

    Notes
    -----
    With F the distribution function, f the probabilities and p the tail, the limit is (r - a) / n with r the smallest
    whole number with F(r) > p and a = (F(r) - p) / f(r). Source: Spiegelhalter, Statistics in Medicine 2005,
    24:1185-1202, appendix A.1.1.

    Examples
    --------
    >>> low, high = binomial_limits([20, 50], target=0.4)
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.1629, 0.2559], [0.5944, 0.5283])
    """
    n = np.asarray(n, dtype=float)
    low, high = (_interpolated(stats.binom(n, target), p) / n for p in tails(level))
    return np.clip(low, 0, 1), np.clip(high, 0, 1)


def poisson_predictive_limits(expected: ArrayLike, level: float = 0.95) -> Pair:
    """Return exact limits of a ratio O/E: what a count with this expectation gives, inverted with interpolation.

    Parameters
    ----------
    expected
        Expected counts, above zero.
    level
        0.95 and 0.998 are usual.

    Returns
    -------
    (n_units,) float, (n_units,) float
        Of the ratio. Zero where no count is low enough.

    Notes
    -----
    As `binomial_limits`, with the Poisson distribution and E in place of n; these are the limits of a funnel.
    `poisson_count_limits` are another thing. Source: Spiegelhalter, Statistics in Medicine 2005, 24:1185-1202.

    Examples
    --------
    >>> low, high = poisson_predictive_limits([15.0])
    >>> round(low.item(), 4), round(high.item(), 4)
    (0.4907, 1.5055)
    """
    expected = np.asarray(expected, dtype=float)
    low, high = (_interpolated(stats.poisson(expected), p) / expected for p in tails(level))
    return np.maximum(low, 0), high


def poisson_count_limits(expected: ArrayLike, level: float = 0.95) -> Pair:
    """Return the exact interval of an observed count of E, divided by E: the limits that FunnelPlotR draws.

    Parameters
    ----------
    expected
        Expected counts, above zero.
    level
        0.95 and 0.998 are usual.

    Returns
    -------
    (n_units,) float, (n_units,) float
        Of the ratio.

    Notes
    -----
    Quantiles of chi-squared with 2E and 2(E + 1) degrees of freedom, halved (Garwood, Biometrika 1936, 28:437-442).
    It is a confidence interval for the mean of a count that was E, not the range of counts with mean E: the upper limit
    is further from 1 than that of `poisson_predictive_limits`. It is here so that charts of FunnelPlotR can be repeated
    (nhs-r-community/FunnelPlotR, tests/testthat/test-poisson_limits.R).

    Examples
    --------
    >>> low, high = poisson_count_limits([15.0])
    >>> round(low.item(), 7), round(high.item(), 6)
    (0.5596924, 1.649348)
    """
    expected = np.asarray(expected, dtype=float)
    below, above = tails(level)
    low = stats.chi2.ppf(below, 2 * expected) / 2 / expected
    return low, stats.chi2.ppf(above, 2 * (expected + 1)) / 2 / expected


def normal_limits(target: float, std_errors: ArrayLike, level: float = 0.95) -> Pair:
    """Return limits on a scale where values are normal with known standard errors.

    Parameters
    ----------
    target
        On the same scale.
    std_errors
        Of each unit; with variation between units the root of the sum of both variances.
    level
        0.95 and 0.998 are usual.

    Returns
    -------
    (n_units,) float, (n_units,) float

    Examples
    --------
    >>> low, high = normal_limits(10.0, [1.0, 2.0], level=0.998)
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([6.91, 3.82], [13.09, 16.18])
    """
    half = normal_quantile(level) * np.asarray(std_errors, dtype=float)
    return target - half, target + half


def sides(values: ArrayLike, low: ArrayLike, high: ArrayLike) -> NDArray[np.int_]:
    """Return -1 below, 1 above and 0 within limits."""
    return (np.asarray(values) > np.asarray(high)).astype(int) - (np.asarray(values) < np.asarray(low)).astype(int)


def _interpolated(distribution: Any, p: float) -> Floats:
    """Return the count, not a whole number, below which a discrete distribution has the probability p."""
    r = distribution.ppf(p)
    return np.asarray(r - (distribution.cdf(r) - p) / distribution.pmf(r), dtype=float)
