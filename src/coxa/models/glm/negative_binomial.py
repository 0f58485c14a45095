"""The negative binomial likelihood (variance mu + alpha mu^2) in the coefficients and the dispersion, and its maximum.

Written so that nothing cancels as alpha goes to 0, where it is Poisson's: with N_j the number of rows with y > j,

    l = sum_j N_j log(1 + alpha j) + sum_i [y_i log mu_i - y_i log(1 + t_i) - log(1 + t_i) / alpha - log y_i!],
    t_i = alpha mu_i,

whose derivatives in alpha need f(t) = (log(1 + t) - t / (1 + t)) / t^2, a power series where t is small. Sources:
Lawless, Canadian Journal of Statistics 1987, 15:209-225; Venables & Ripley, Modern Applied Statistics with S, 2002.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from coxa.errors import FitError, NonConvergenceError
from coxa.models.glm.families import POISSON
from coxa.models.numerics.newton import TIE, Optimum, Point, minimise

MOST_EVENTS = 10_000_000
"""Largest count of a row: so many terms does the sum over j have at most."""

SMALL = 0.05
"""Value of t below which f(t) is taken as its power series."""

POWERS = np.arange(14.0)
SERIES = (-1) ** POWERS * (POWERS + 1) / (POWERS + 2)
"""Coefficients of f(t); the last that are left out are below 1e-17 at t = `SMALL`."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What the likelihood needs of the N rows.

    q      : (N, p) design
    y      : (N,) counts
    offset : (N,) logarithm of the exposure
    above  : (J,) number of rows with y > j, for j = 0 ... J - 1
    """

    q: np.ndarray
    y: np.ndarray
    offset: np.ndarray
    above: np.ndarray

    @classmethod
    def of(cls, q: np.ndarray, y: np.ndarray, offset: np.ndarray) -> Counts:
        """Return the rows with the sums over j counted.

        Raises
        ------
        FitError
            A count is too large for them.
        """
        if y.max() > MOST_EVENTS:
            raise FitError(
                f"a count is {y.max():,.0f}, more than {MOST_EVENTS:,} events",
                ["Analyse it as a measurement, such as its logarithm.", "Look whether the right column was given."],
            )
        frequency = np.bincount(y.astype(np.intp))
        return cls(q, y, offset, (len(y) - np.cumsum(frequency))[:-1].astype(float))

    def mean(self, gamma: np.ndarray) -> np.ndarray:
        """Return the means (N,) at coefficients (p,)."""
        return np.exp(np.minimum(self.q @ gamma + self.offset, 700.0))


@dataclass(frozen=True, slots=True)
class Maximum:
    """The maximum of the likelihood.

    gamma      : (p,) coefficients
    dispersion : alpha; 0 where the likelihood is highest at Poisson's
    loglik     : with all constants
    hessian    : (p + 1, p + 1) of minus the log-likelihood in gamma and log alpha; (p, p) in gamma where alpha is 0
    steps      : of Newton's method
    """

    gamma: np.ndarray
    dispersion: float
    loglik: float
    hessian: np.ndarray
    steps: int


def slope_of_log(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return f(t) = (log(1 + t) - t / (1 + t)) / t^2 and its derivative.

    Examples
    --------
    >>> [value.round(6).tolist() for value in slope_of_log(np.array([0.0, 1.0]))]
    [[0.5, 0.193147], [-0.666667, -0.136294]]
    """
    small = np.minimum(t, SMALL)
    series = np.polynomial.polynomial.polyval(small, SERIES)
    series_slope = np.polynomial.polynomial.polyval(small, (POWERS * SERIES)[1:])
    large = np.maximum(t, SMALL)
    closed = (np.log1p(large) - large / (1 + large)) / large**2
    closed_slope = 1 / (large * (1 + large) ** 2) - 2 * closed / large
    return np.where(t < SMALL, series, closed), np.where(t < SMALL, series_slope, closed_slope)


def log_likelihood(counts: Counts, gamma: np.ndarray, alpha: float) -> float:
    """Return the log-likelihood, with all constants; Poisson's at alpha = 0."""
    y, mean = counts.y, counts.mean(gamma)
    predictor = counts.q @ gamma + counts.offset
    grown = np.log1p(alpha * mean)
    lost = grown / alpha if alpha > 0 else mean
    factors = counts.above @ np.log1p(alpha * np.arange(len(counts.above)))
    return float(factors + (y * predictor - y * grown - lost - gammaln(y + 1)).sum())


def slopes_of_alpha(counts: Counts, mean: np.ndarray, alpha: float) -> tuple[float, float]:
    """Return the first and second derivative of the log-likelihood in alpha, at fixed means (N,)."""
    y, j = counts.y, np.arange(len(counts.above))
    value, slope = slope_of_log(alpha * mean)
    share = mean / (1 + alpha * mean)
    each = j / (1 + alpha * j)
    first = counts.above @ each - y @ share + mean**2 @ value
    second = -(counts.above @ each**2) + y @ share**2 + mean**3 @ slope
    return float(first), float(second)


def point_at(counts: Counts, theta: np.ndarray) -> Point:
    """Return minus the log-likelihood with its derivatives in gamma and log alpha, theta (p + 1,)."""
    gamma, alpha = theta[:-1], float(np.exp(theta[-1]))
    mean = counts.mean(gamma)
    grown = 1 + alpha * mean
    gap = counts.y - mean
    first, second = slopes_of_alpha(counts, mean, alpha)
    hessian = np.empty((len(theta), len(theta)))
    hessian[:-1, :-1] = (counts.q.T * (mean * (1 + alpha * counts.y) / grown**2)) @ counts.q
    hessian[:-1, -1] = hessian[-1, :-1] = alpha * counts.q.T @ (gap * mean / grown**2)
    hessian[-1, -1] = -(alpha**2 * second + alpha * first)
    gradient = np.r_[counts.q.T @ (gap / grown), alpha * first]
    return Point(theta, -log_likelihood(counts, gamma, alpha), -gradient, hessian)


def maximum(counts: Counts, poisson: np.ndarray) -> Maximum:
    """Return the maximum, searched from Poisson's coefficients (p,).

    Where the likelihood does not rise from alpha = 0 and is nowhere higher, the maximum is Poisson's.

    Raises
    ------
    NonConvergenceError
        No maximum is proven.
    """
    mean = counts.mean(poisson)
    at_zero = log_likelihood(counts, poisson, 0.0)
    rising = slopes_of_alpha(counts, mean, 0.0)[0] > 0
    moment = (((counts.y - mean) ** 2 - mean).sum()) / (mean**2).sum()
    start = np.r_[poisson, np.log(np.clip(moment, 1e-3, 1e3) if rising else 1.0)]
    found = searched(counts, start)
    if not found.failure and -found.point.value > at_zero + TIE:
        theta = found.point.theta
        return Maximum(theta[:-1], float(np.exp(theta[-1])), -found.point.value, found.point.hessian, found.iterations)
    if -found.point.value > at_zero + TIE:
        raise NonConvergenceError(
            f"the negative binomial likelihood has no proven maximum: {found.failure}",
            ["Look at the covariates for values that are far from all others.", "Use a smaller formula."],
        )
    information = (counts.q.T * mean) @ counts.q
    return Maximum(poisson, 0.0, float(POISSON.loglik(counts.y, mean).sum()), information, found.iterations)


def searched(counts: Counts, start: np.ndarray) -> Optimum:
    """Return where Newton's method ends from a start (p + 1,)."""

    def value(theta: np.ndarray) -> float:
        result = -log_likelihood(counts, theta[:-1], float(np.exp(np.clip(theta[-1], -700, 700))))
        return result if np.isfinite(result) else np.inf

    with np.errstate(over="ignore", invalid="ignore"):
        return minimise(value, lambda theta: point_at(counts, theta), start)
