"""A control chart: points with their limits, the rules they break, and the two icons of Making Data Count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from coxa.audit.charts.rules import COMMON, special_causes
from coxa.audit.limits import Floats
from coxa.errors import OptionError, check_option

Improvement = Literal["increase", "decrease", "neutral"]
IMPROVEMENTS: tuple[Improvement, ...] = ("increase", "decrease", "neutral")
Variation = Literal[
    "common_cause", "improvement_high", "improvement_low", "concern_high", "concern_low", "neutral_high", "neutral_low"
]
Assurance = Literal["consistent_pass", "consistent_fail", "inconsistent"]

SHORT = 12
"""Points below which limits are trial limits, to be read with care."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Centre and limits of each point between two recalculations; (n,) each."""

    centre: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a chart: which direction is better, a target, and where limits are reckoned anew."""

    improvement: Improvement
    target: float | None = None
    recalculate_at: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ControlChart:
    """A control chart.

    frame       : one row per point: part (0 before the first recalculation), value, centre, low, high, rule (the rule
                  of Making Data Count that it breaks, or common cause), direction (1 high or rising, -1 low or falling,
                  0), kind (improvement, concern, neutral or common cause)
    improvement : which direction is better
    target      : what the values are compared with, if anything
    method      : how the limits were reckoned, in words
    warnings    : what a reader has to know

    Examples
    --------
    >>> from coxa.audit import xmr_chart
    >>> chart = xmr_chart([5, 6, 5, 6, 5, 6, 5, 6, 12], improvement="increase", target=7)
    >>> chart.variation, chart.assurance
    ('improvement_high', 'inconsistent')
    """

    frame: pd.DataFrame
    improvement: Improvement
    target: float | None
    method: str
    warnings: tuple[str, ...]

    @property
    def variation(self) -> Variation:
        """The variation icon: the class of the last point only."""
        last = self.frame.iloc[-1]
        return variation_icon(int(last["direction"]), self.improvement)

    @property
    def assurance(self) -> Assurance | None:
        """The assurance icon: the target against the last limits; None without target or direction."""
        last = self.frame.iloc[-1]
        return assurance_icon(self.target, float(last["low"]), float(last["high"]), self.improvement)


def variation_icon(direction: int, improvement: Improvement) -> Variation:
    """Return the icon of a point with this direction: 1 high or rising, -1 low or falling, 0 common cause.

    Examples
    --------
    >>> variation_icon(-1, "decrease"), variation_icon(-1, "increase"), variation_icon(1, "neutral")
    ('improvement_low', 'concern_low', 'neutral_high')
    """
    check_option("improvement", improvement, IMPROVEMENTS)
    if direction == 0:
        return "common_cause"
    if improvement == "neutral":
        return "neutral_high" if direction > 0 else "neutral_low"
    if (direction > 0) == (improvement == "increase"):
        return "improvement_high" if direction > 0 else "improvement_low"
    return "concern_high" if direction > 0 else "concern_low"


def assurance_icon(target: float | None, low: float, high: float, improvement: Improvement) -> Assurance | None:
    """Return whether a process in control passes its target always, never or sometimes; None where it has none.

    Examples
    --------
    >>> [assurance_icon(4, *limits, "increase") for limits in ((1, 3), (5, 7), (1, 5))]
    ['consistent_fail', 'consistent_pass', 'inconsistent']
    """
    check_option("improvement", improvement, IMPROVEMENTS)
    if target is None or improvement == "neutral":
        return None
    if low <= target <= high:
        return "inconsistent"
    return "consistent_pass" if (target < low) == (improvement == "increase") else "consistent_fail"


def control_chart(
    values: Floats,
    limits: Callable[[slice], Limits],
    asked: Asked,
    method: str,
) -> ControlChart:
    """Return the chart of values whose limits are reckoned for each part between two recalculations."""
    improvement, recalculate_at = check_option("improvement", asked.improvement, IMPROVEMENTS), asked.recalculate_at
    if not len(values):
        raise OptionError("A chart without points is not defined. Give at least one value.")
    starts = [0, *recalculate_at]
    if any(not 0 < at < len(values) for at in recalculate_at) or sorted(set(starts)) != starts:
        raise OptionError(
            f"`recalculate_at` is {list(recalculate_at)}. Give places from 1 to {len(values) - 1}, each once, in order."
        )
    spans = [slice(first, end) for first, end in zip(starts, [*recalculate_at, len(values)], strict=True)]
    parts = [_part(number, values[span], limits(span)) for number, span in enumerate(spans)]
    frame = pd.concat(parts, ignore_index=True)
    frame["kind"] = [_kind(int(direction), improvement) for direction in frame["direction"]]
    short = [span.stop - span.start for span in spans if span.stop - span.start < SHORT]
    warnings = tuple(f"Limits rest on {n} points, fewer than {SHORT}. Read them as trial limits." for n in short)
    return ControlChart(frame, improvement, asked.target, method, warnings)


def _part(number: int, values: Floats, limits: Limits) -> pd.DataFrame:
    """Return the rows of a part: values, limits and rules, of which none looks across a recalculation."""
    outside = (values > limits.high) | (values < limits.low)
    side = np.sign(values - limits.centre).astype(int)
    nearly_low = limits.centre - 2 / 3 * (limits.centre - limits.low)
    nearly_high = limits.centre + 2 / 3 * (limits.high - limits.centre)
    near = ~outside & ((values < nearly_low) | (values > nearly_high))
    names, direction = special_causes(values, side, near.astype(int), outside)
    columns = {"part": number, "value": values, "centre": limits.centre, "low": limits.low, "high": limits.high}
    return pd.DataFrame(columns).assign(rule=names, direction=direction)


def _kind(direction: int, improvement: Improvement) -> str:
    return COMMON if direction == 0 else variation_icon(direction, improvement).split("_")[0]
