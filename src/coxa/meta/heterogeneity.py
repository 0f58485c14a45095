"""The variance between studies, tau²: eight estimators with their standard errors, and its interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy import stats
from scipy.optimize import brentq

from coxa.meta.effects import Floats
from coxa.meta.weighted import fit_line, many_q, projection

PoolMethod = Literal[
    "fixed", "dersimonian-laird", "paule-mandel", "reml", "ml", "sidik-jonkman", "hedges", "empirical-bayes"
]
POOL_METHODS: tuple[PoolMethod, ...] = get_args(PoolMethod)
GRID = 60
"""Values of tau² among which the peak of a likelihood is looked for before it is found exactly."""
SMALLEST = 1e-8
"""Smallest tau² of that grid that is not zero, relative to the largest."""


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """tau² with its standard error; both zero where one effect is assumed."""

    tau2: float
    std_error: float


def heterogeneity(y: Floats, x: Floats, v: Floats, method: PoolMethod) -> Heterogeneity:
    """Return tau² of estimates y (k,), moderators x (k, p) and sampling variances v (k,)."""
    if method == "fixed" or len(y) <= x.shape[1]:
        return Heterogeneity(0.0, math.nan)
    return ESTIMATORS[method](y, x, v)


def dersimonian_laird(y: Floats, x: Floats, v: Floats) -> Heterogeneity:
    """Return the moment estimator with inverse variances as weights."""
    df = len(y) - x.shape[1]
    p = projection(x, 1 / v)
    trace = float(np.trace(p))
    tau2 = max(0.0, (fit_line(y, x, 1 / v).q - df) / trace)
    error = math.sqrt(2 * df + 4 * tau2 * trace + 2 * tau2**2 * float(np.sum(p * p))) / trace
    return Heterogeneity(tau2, error)


def hedges(y: Floats, x: Floats, v: Floats) -> Heterogeneity:
    """Return the moment estimator with equal weights (Hedges and Olkin; Cochran's analysis of variance)."""
    df = len(y) - x.shape[1]
    p = projection(x, np.ones_like(v))
    tau2 = max(0.0, (float(y @ p @ y) - float(np.diag(p) @ v)) / df)
    pv = p * v[None, :]
    inside = 2 * np.sum(pv * pv.T) + 4 * tau2 * np.trace(pv @ p) + 2 * tau2**2 * df
    return Heterogeneity(tau2, math.sqrt(float(inside)) / df)


def sidik_jonkman(y: Floats, x: Floats, v: Floats) -> Heterogeneity:
    """Return the estimator of Sidik and Jonkman, which is never zero unless all estimates are the same."""
    df = len(y) - x.shape[1]
    start = float(np.var(y))
    if start == 0:
        return Heterogeneity(0.0, 0.0)
    weights = 1 / (v + start)
    p = projection(x, weights)
    # start times the weights are those of Sidik and Jonkman, 1 / (v / start + 1)
    tau2 = start * fit_line(y, x, weights).q / df
    pv = p * v[None, :]
    inside = 2 * np.sum(pv * pv.T) + 4 * tau2 * np.trace(pv @ p) + 2 * tau2**2 * np.sum(p * p)
    return Heterogeneity(tau2, math.sqrt(start**2 / df**2 * float(inside)))


def paule_mandel(y: Floats, x: Floats, v: Floats) -> Heterogeneity:
    """Return the tau² at which the weighted sum of squares is its degrees of freedom; also called empirical Bayes."""
    k, df = len(y), len(y) - x.shape[1]
    tau2 = where_q_is(y, x, v, df)
    return Heterogeneity(tau2, math.sqrt(2 * k**2 / df) / float(np.sum(1 / (v + tau2))))


def reml(y: Floats, x: Floats, v: Floats) -> Heterogeneity:
    """Return the restricted maximum likelihood estimate; its error is from the expected information."""
    tau2 = _peak(y, x, v, restricted=True)
    p = projection(x, 1 / (v + tau2))
    return Heterogeneity(tau2, math.sqrt(2 / float(np.sum(p * p))))


def ml(y: Floats, x: Floats, v: Floats) -> Heterogeneity:
    """Return the maximum likelihood estimate; its error is from the expected information."""
    tau2 = _peak(y, x, v, restricted=False)
    return Heterogeneity(tau2, math.sqrt(2 / float(np.sum((v + tau2) ** -2.0))))


ESTIMATORS: dict[PoolMethod, Callable[[Floats, Floats, Floats], Heterogeneity]] = {
    "dersimonian-laird": dersimonian_laird,
    "paule-mandel": paule_mandel,
    "empirical-bayes": paule_mandel,
    "reml": reml,
    "ml": ml,
    "sidik-jonkman": sidik_jonkman,
    "hedges": hedges,
}


def where_q_is(y: Floats, x: Floats, v: Floats, level: float) -> float:
    """Return the tau² at which the weighted sum of squares, which falls with tau², is `level`; 0 where none is."""

    def above(tau2: float) -> float:
        return fit_line(y, x, 1 / (v + tau2)).q - level

    if above(0.0) <= 0:
        return 0.0
    high = max(float(np.var(y)), float(v.max()))
    while above(high) > 0:
        high *= 4
    return float(brentq(above, 0.0, high, xtol=1e-15 * high, rtol=1e-14))


def tau2_interval(y: Floats, x: Floats, v: Floats, level: float) -> tuple[float, float]:
    """Return the interval of tau² by Q profiles (Viechtbauer 2007); (0, 0) where even tau² = 0 is too large."""
    df = len(y) - x.shape[1]
    if df < 1:
        return math.nan, math.nan
    outside = (1 - level) / 2
    low, high = (float(stats.chi2.ppf(share, df)) for share in (1 - outside, outside))
    return where_q_is(y, x, v, low), where_q_is(y, x, v, high)


def _peak(y: Floats, x: Floats, v: Floats, *, restricted: bool) -> float:
    """Return the tau² of the largest likelihood: the best of a grid, then the root of the score next to it."""
    top = 10 * (float(np.ptp(y)) ** 2 + float(v.min()))
    grid = np.concatenate([[0.0], np.geomspace(SMALLEST * top, top, GRID)])
    q, information, variances = many_q(y, x, v, grid)
    best = int(np.argmin(q + variances + (information if restricted else 0.0)))

    def score(tau2: float) -> float:
        weights = 1 / (v + tau2)
        line = fit_line(y, x, weights)
        trace = float(np.sum(weights))
        if restricted:
            trace -= float(np.sum(line.covariance * (x.T @ (weights[:, None] ** 2 * x))))
        return float(np.sum((weights * line.residuals) ** 2)) - trace

    low, high = grid[max(best - 1, 0)], grid[min(best + 1, GRID)]
    if best <= 1 and score(0.0) <= 0:
        if best == 0 or score(grid[1]) <= 0:
            return 0.0
        low = grid[1]
    if score(low) <= 0 or score(high) >= 0:
        return float(grid[best])
    return float(brentq(score, low, high, xtol=1e-16 * top, rtol=1e-14))
