"""Intervals of shares that are shown: of one, and of the difference between two."""

from __future__ import annotations

import math

from statsmodels.stats.proportion import proportion_confint

LEVEL = 0.95
"""Of every interval on the page; limits of charts have their own."""


def wilson(events: float, n: float) -> tuple[float, float]:
    """Return Wilson's interval of a share; NaN where a count is hidden or there is nobody.

    Examples
    --------
    >>> [round(limit, 3) for limit in wilson(72, 100)]
    [0.625, 0.799]
    """
    if not (n > 0 and math.isfinite(events)):
        return math.nan, math.nan
    low, high = proportion_confint(events, n, 1 - LEVEL, method="wilson")
    return float(low), float(high)


def share_values(events: float, n: float) -> dict[str, float]:
    """Return a share with its interval, by the names of the rule `share_interval`."""
    low, high = wilson(events, n)
    return {"share": events / n if n > 0 else math.nan, "conf_low": low, "conf_high": high}


def difference_values(events: float, n: float, events_of: float, n_of: float) -> dict[str, float]:
    """Return a share less another with Newcombe's interval (score, method 10), by the names of `points_interval`.

    Examples
    --------
    >>> {name: round(value, 4) for name, value in difference_values(56, 70, 48, 80).items()}
    {'estimate': 0.2, 'conf_low': 0.0524, 'conf_high': 0.3339}
    """
    one, other = share_values(events, n), share_values(events_of, n_of)
    difference = one["share"] - other["share"]
    below = math.hypot(one["share"] - one["conf_low"], other["conf_high"] - other["share"])
    above = math.hypot(one["conf_high"] - one["share"], other["share"] - other["conf_low"])
    return {"estimate": difference, "conf_low": difference - below, "conf_high": difference + above}
