"""The amount nearest to none at which a conclusion changes, where each look at an amount analyses data sets."""

from __future__ import annotations

import math
from collections.abc import Callable


def nearest_change(excess: Callable[[float], float], *, first: float, most: float, close: float) -> tuple[float, float]:
    """Return the amount nearest to 0, up or down, at which a function changes its sign, and its value at 0.

    Parameters
    ----------
    excess
        The logarithm of the p-value over the level, of an amount.
    first
        The first amount that is looked at on each side; then twice as much, and so on.
    most
        The farthest amount that is looked at.
    close
        How closely an amount is found.

    Returns
    -------
    tuple of float
        NaN for the amount where there is no change up to the farthest.

    Examples
    --------
    >>> found, at_none = nearest_change(lambda a: 3 * a + 1, first=0.1, most=8, close=1e-4)
    >>> round(found, 2), at_none
    (-0.33, 1.0)
    >>> nearest_change(lambda a: 1.0, first=1, most=8, close=0.1)[0]
    nan
    """
    at_none = excess(0.0)
    edges = dict.fromkeys((1.0, -1.0), (0.0, at_none))
    reach = first
    while reach <= most * (1 + 1e-9):
        for sign, low in edges.items():
            high = (sign * reach, excess(sign * reach))
            if (high[1] < 0) != (at_none < 0):
                return _between(excess, low, high, close), at_none
            edges[sign] = high
        reach *= 2
    return math.nan, at_none


def _between(
    excess: Callable[[float], float], low: tuple[float, float], high: tuple[float, float], close: float
) -> float:
    """Return the amount between two of which one has another sign, by secants that never come too near an end."""
    while abs(high[0] - low[0]) > close:
        share = min(max(low[1] / (low[1] - high[1]), 0.1), 0.9)
        amount = low[0] + share * (high[0] - low[0])
        value = excess(amount)
        if (value < 0) == (low[1] < 0):
            low = (amount, value)
        else:
            high = (amount, value)
    return (low[0] + high[0]) / 2
