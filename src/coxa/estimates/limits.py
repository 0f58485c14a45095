"""Limits of proportions, rates and differences that have a closed form, from the events of one or two groups."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import betaincinv, gammaincinv

from coxa.distributions import norm


def wilson(events: Any, n: Any, level: float) -> tuple[Any, Any]:
    """Return Wilson's limits of proportions (Wilson, J Am Stat Assoc 1927, 22:209-212).

    Examples
    --------
    >>> [round(float(limit), 3) for limit in wilson(12, 77, 0.95)]
    [0.091, 0.253]
    """
    share, n = np.asarray(events) / np.asarray(n), np.asarray(n)
    z = norm.ppf((1 + level) / 2)
    scale = 1 + z**2 / n
    centre = (share + z**2 / (2 * n)) / scale
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / scale
    return np.where(share == 0, 0.0, centre - half)[()], np.where(share == 1, 1.0, centre + half)[()]


def newcombe(cell: tuple[int, int], reference: tuple[int, int], level: float) -> tuple[float, float]:
    """Return Newcombe's limits of a difference of two proportions (Stat Med 1998, 17:873-890, method 10).

    Examples
    --------
    >>> [round(limit, 3) for limit in newcombe((36, 154), (12, 77), 0.95)]
    [-0.036, 0.175]
    """
    (a, n), (c, m) = cell, reference
    share, other = a / n, c / m
    (low, high), (other_low, other_high) = wilson(a, n, level), wilson(c, m, level)
    difference = share - other
    below, above = np.hypot(share - low, other_high - other), np.hypot(high - share, other - other_low)
    return float(difference - below), float(difference + above)


def garwood(events: int, level: float) -> tuple[float, float]:
    """Return the exact limits of a Poisson mean (Garwood, Biometrika 1936, 28:437-442).

    Examples
    --------
    >>> [round(limit, 2) for limit in garwood(5, 0.95)]
    [1.62, 11.67]
    """
    tail = (1 - level) / 2
    low = float(gammaincinv(events, tail)) if events else 0.0
    return low, float(gammaincinv(events + 1, 1 - tail))


def clopper_pearson(events: int, n: int, level: float) -> tuple[float, float]:
    """Return the exact limits of a proportion (Clopper and Pearson, Biometrika 1934, 26:404-413).

    Examples
    --------
    >>> [round(limit, 3) for limit in clopper_pearson(0, 20, 0.95)]
    [0.0, 0.168]
    """
    tail = (1 - level) / 2
    low = float(betaincinv(events, n - events + 1, tail)) if events else 0.0
    return low, float(betaincinv(events + 1, n - events, 1 - tail)) if events < n else 1.0
