"""Charts of few points: limits of fewer than six say nothing, so that there are none, and no signal."""

from __future__ import annotations

from dataclasses import replace

from coxa.audit.charts.rules import COMMON
from coxa.clinics.audit import Series

FEWEST_FOR_LIMITS = 6
"""Points of a part between two recalculations from which on it has limits."""

FEW_POINTS = "few_points"
"""In place of the icon of a chart whose last part has too few."""


def points_of_parts(one: Series) -> list[int]:
    """Return how many points of each part of a chart have a value, in the order of the parts."""
    frame = one.frame[one.frame["value"].notna()]
    return [int(n) for n in frame.groupby("part", sort=True).size()]


def with_enough_points(one: Series) -> Series:
    """Return a chart without limits and signals where a part of it has fewer than six points.

    Examples
    --------
    >>> import pandas as pd
    >>> points = {"period": list("abc"), "part": 0, "value": [1.0, 2.0, 9.0], "low": 0.0, "high": 5.0}
    >>> points |= {"rule": ["common cause"] * 2 + ["outside limits"], "kind": "neutral"}
    >>> one = Series("episodes", "all", pd.DataFrame(points), "neutral_high", None, None, "neutral", "")
    >>> few = with_enough_points(one)
    >>> few.variation, bool(few.frame["low"].isna().all()), set(few.frame["kind"])
    ('few_points', True, {'common cause'})
    """
    frame, shown = one.frame, one.frame["value"].notna()
    if not shown.any():
        return one
    n = shown.groupby(frame["part"]).transform("sum")
    few = shown & (n < FEWEST_FOR_LIMITS)
    if not few.any():
        return one
    low, high = (frame[name].astype(float).mask(few) for name in ("low", "high"))
    frame = frame.assign(low=low, high=high, rule=frame["rule"].mask(few, COMMON), kind=frame["kind"].mask(few, COMMON))
    if not few[shown].iloc[-1]:
        return replace(one, frame=frame)
    return replace(one, frame=frame, variation=FEW_POINTS, assurance=None)
