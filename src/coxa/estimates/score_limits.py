"""Score limits of a risk ratio and of an odds ratio, which hold where a cell of the table is empty."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats
from scipy.optimize import brentq

Cell = tuple[int, int]
"""Events and participants."""

FURTHEST = 60.0
"""Largest log ratio that is looked at; a ratio beyond it is one without a limit."""


def risk_ratio_limits(arm: Cell, reference: Cell, level: float) -> tuple[float, float]:
    """Return Koopman's score limits of a risk ratio; 0 and infinity where there is none.

    Notes
    -----
    The limits are the ratios at which Pearson's chi-squared statistic is just significant, so that they leave out 1
    exactly where its test is significant. Source: Koopman, Biometrics 1984, 40:513-517.

    Examples
    --------
    >>> tuple(round(limit, 4) for limit in risk_ratio_limits((7, 34), (1, 34), 0.95))
    (1.2209, 42.5757)
    >>> tuple(round(limit, 3) for limit in risk_ratio_limits((12, 12), (12, 12), 0.95))
    (0.758, 1.32)
    """
    (a, n), (c, m) = arm, reference

    def z(log_ratio: float) -> float:
        ratio = np.exp(log_ratio)
        # the larger risk is at most 1: the smaller root of the likelihood equation
        minus_b = n * ratio + a + m + c * ratio
        risk = (minus_b - np.sqrt(max(minus_b**2 - 4 * (n + m) * ratio * (a + c), 0.0))) / (2 * (n + m) * ratio)
        variance = ratio * risk * (1 - ratio * risk) / n + ratio**2 * risk * (1 - risk) / m
        return _statistic(a / n - ratio * c / m, variance)

    return _limits(z, level, none_below=a == 0, none_above=c == 0)


def odds_ratio_limits(arm: Cell, reference: Cell, level: float) -> tuple[float, float]:
    """Return the score limits of an odds ratio; 0 and infinity where there is none.

    Notes
    -----
    As `risk_ratio_limits`. Source: Cornfield, Proceedings of the Third Berkeley Symposium 1956, 4:135-148, without his
    correction of continuity; Miettinen & Nurminen, Statistics in Medicine 1985, 4:213-226.

    Examples
    --------
    >>> tuple(round(limit, 4) for limit in odds_ratio_limits((0, 16), (15, 72), 0.95))
    (0.0, 0.9532)
    """
    (a, n), (c, m) = arm, reference

    def z(log_ratio: float) -> float:
        more = np.expm1(log_ratio)
        b = n * (1 + more) + m - (a + c) * more
        # the form of the root without a difference of two large numbers
        risk = 2 * (a + c) / (b + np.sqrt(b**2 + 4 * m * more * (a + c)))
        risk_arm = (1 + more) * risk / (1 + more * risk)
        information = 1 / (1 / (n * risk_arm * (1 - risk_arm)) + 1 / (m * risk * (1 - risk)))
        return _statistic(a - n * risk_arm, information)

    return _limits(z, level, none_below=a == 0 or c == m, none_above=c == 0 or a == n)


def _statistic(score: float, variance: float) -> float:
    return float(score / np.sqrt(variance)) if variance > 0 else float(np.sign(score)) * np.inf if score else 0.0


def _limits(z: Callable[[float], float], level: float, *, none_below: bool, none_above: bool) -> tuple[float, float]:
    """Return the ratios at which the statistic, which falls with the log ratio, is the upper and the lower quantile."""
    quantile = float(stats.norm.ppf((1 + level) / 2))
    low = 0.0 if none_below else float(np.exp(_root(lambda at: z(at) - quantile)))
    high = np.inf if none_above else float(np.exp(_root(lambda at: z(at) + quantile)))
    return low, high


def _root(falling: Callable[[float], float]) -> float:
    """Return where a falling function of the log ratio is zero, looking further out until it is enclosed."""
    low, high = -1.0, 1.0
    while falling(low) < 0 and low > -FURTHEST:
        low *= 2
    while falling(high) > 0 and high < FURTHEST:
        high *= 2

    def bounded(at: float) -> float:
        return float(np.clip(falling(at), -1e6, 1e6))

    return float(brentq(bounded, low, high, xtol=1e-12))
