"""Run charts of an audit: where the plan asks for one, and where points are too few for limits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coxa.audit.charts.chart import variation_icon
from coxa.audit.charts.rules import COMMON
from coxa.audit.charts.runs import run_chart
from coxa.audit.limits import Floats
from coxa.clinics.audit import Series
from coxa.errors import OptionError

FEWEST_FOR_LIMITS = 6
"""Points of a part between two recalculations from which on it has limits."""

FEW_POINTS, RUN_NONE, RUN_SIGNAL = "few_points", "run_none", "run_signal"
"""In place of the icon: the last part has too few points for anything; a run chart without a signal, and with one."""

RUN_RULE, CROSSED_RULE = "run about the median", "few crossings of the median"
"""Why a point of a run chart is a signal: its run is too long, or it is in the last run of a series of too few."""


def points_of_parts(one: Series) -> list[int]:
    """Return how many points of each part of a chart have a value, in the order of the parts."""
    frame = one.frame[one.frame["value"].notna()]
    return [int(n) for n in frame.groupby("part", sort=True).size()]


def with_enough_points(one: Series) -> Series:
    """Return a chart whose parts have a median and no limits where the plan asks for it, or points are fewer than six.

    Of so few points no run is longer than chance makes it, so that there is no signal either.

    Examples
    --------
    >>> import pandas as pd
    >>> points = {"period": list("abc"), "part": 0, "value": [1.0, 2.0, 9.0], "centre": 4.0, "low": 0.0, "high": 5.0}
    >>> points |= {"rule": ["common cause"] * 2 + ["outside limits"], "direction": 0, "kind": "neutral"}
    >>> one = Series("episodes", "all", pd.DataFrame(points), "neutral_high", None, None, "neutral", "")
    >>> few = with_enough_points(one)
    >>> few.variation, bool(few.frame["low"].isna().all()), set(few.frame["kind"]), set(few.frame["centre"])
    ('few_points', True, {'common cause'}, {2.0})
    """
    frame, shown = one.frame.copy(), one.frame["value"].notna()
    parts = [(part, shown & (frame["part"] == part)) for part in sorted(frame.loc[shown, "part"].unique())]
    drawn = [(here, _few(here)) for _, here in parts if one.run_chart or _few(here)]
    if not drawn:
        return one
    variation, assurance = one.variation, one.assurance
    last = np.flatnonzero(shown)[-1]
    for here, few in drawn:
        run = _run(frame.loc[here, "value"].to_numpy(dtype=float))
        kinds = [variation_icon(int(way), one.improvement).split("_")[0] if way else COMMON for way in run.direction]
        frame.loc[here, ["low", "high"]] = np.nan
        frame.loc[here, "centre"] = run.median
        frame.loc[here, "rule"] = np.where(run.direction != 0, run.rule, COMMON)
        frame.loc[here, "direction"] = run.direction
        frame.loc[here, "kind"] = kinds
        if here.iloc[last]:
            variation, assurance = FEW_POINTS if few else RUN_SIGNAL if run.signal else RUN_NONE, None
    return replace(one, frame=frame, variation=variation, assurance=assurance)


def _few(here: pd.Series) -> bool:
    return int(here.sum()) < FEWEST_FOR_LIMITS


@dataclass(frozen=True, slots=True)
class _Run:
    """The median of points, whether they are a signal, and (n,) the side of those that make it one, otherwise 0.

    These are the runs that are too long; where there is none and the crossings are too few, the last run.
    """

    median: float
    signal: bool
    direction: Floats
    rule: str = RUN_RULE


def _run(values: Floats) -> _Run:
    median = float(np.median(values))
    try:
        chart = run_chart(values)
    except OptionError:  # all are on the median, or all but one
        return _Run(median, False, np.zeros(len(values)))
    direction, side = np.zeros(len(values)), np.sign(values - median)
    useful = np.flatnonzero(side)
    runs = np.split(useful, np.flatnonzero(np.diff(side[useful])) + 1)
    long = [run for run in runs if len(run) > chart.longest_chance]
    for run in long or (runs[-1:] if chart.signal else []):
        direction[run] = side[run]
    return _Run(median, chart.signal, direction, RUN_RULE if long else CROSSED_RULE)
