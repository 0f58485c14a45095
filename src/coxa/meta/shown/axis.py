"""An axis of a drawing: from numbers to places, and where its ticks are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from coxa.tables.formats import number

TICKS = 6
RATIO_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1, 2, 4, 5, 10, 20, 50, 100)
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Axis:
    """A horizontal axis of shown numbers.

    low, high   : of the numbers
    left, width : of the drawing, in pixels
    ratio       : whether equal ratios have equal distances
    """

    low: float
    high: float
    left: float
    width: float
    ratio: bool = False

    def place(self, value: float) -> float:
        """Return where a number is, at most at an end of the axis."""
        low, high, at = (math.log(x) if self.ratio else x for x in (self.low, self.high, self.clip(value)))
        return self.left + self.width * (at - low) / (high - low)

    def clip(self, value: float) -> float:
        """Return a number that is on the axis."""
        return min(max(value, self.low), self.high)

    def outside(self, value: float) -> bool:
        """Say whether a number is beyond the ends."""
        return value < self.low or value > self.high

    @property
    def ticks(self) -> list[float]:
        """Round numbers on the axis."""
        if self.ratio:
            found = [tick for tick in RATIO_TICKS if self.low <= tick <= self.high]
            return found if len(found) <= TICKS else [tick for tick in found if _is_plain(tick)]
        step = _step((self.high - self.low) / TICKS)
        first = math.ceil(self.low / step - 1e-9)
        return [place * step for place in range(first, math.floor(self.high / step + 1e-9) + 1)]


def axis(numbers: Sequence[tuple[float, float]], null: float, left: float, width: float, *, ratio: bool) -> Axis:
    """Return an axis on which intervals fit, all but those that are far wider than the others.

    Parameters
    ----------
    numbers
        Limits of the intervals, as shown.
    null
        No effect, which is on the axis.
    left, width
        Of the drawing.
    ratio
        Whether equal ratios have equal distances.
    """
    turned = [(math.log(max(low, 1e-9)), math.log(high)) if ratio else (low, high) for low, high in numbers]
    middle = math.log(null) if ratio else null
    halves = sorted((high - low) / 2 for low, high in turned)
    reach = 3 * halves[len(halves) // 2]
    lows = [max(low, (low + high) / 2 - reach) for low, high in turned]
    highs = [min(high, (low + high) / 2 + reach) for low, high in turned]
    low, high = min(*lows, middle), max(*highs, middle)
    room = 0.06 * (high - low or 1.0)
    low, high = low - room, high + room
    return Axis(math.exp(low), math.exp(high), left, width, True) if ratio else Axis(low, high, left, width)


def plain_number(value: float) -> str:
    """Return a number as it was given, with a true minus sign.

    Examples
    --------
    >>> plain_number(-0.5), plain_number(0.0), plain_number(10)
    ('−0.5', '0', '10')
    """
    return f"{round(value, 10):g}".replace("-", "\N{MINUS SIGN}")


def tick_words(ticks: Sequence[float], *, ratio: bool = False) -> list[str]:
    """Return ticks as texts, all with the decimals of the one that has most; those of ratios as they are.

    Examples
    --------
    >>> tick_words([-0.5, -0.25, 0.0])
    ['−0.50', '−0.25', '0.00']
    """
    if ratio:
        return [plain_number(tick) for tick in ticks]
    decimals = max((len(f"{round(tick, 10):g}".partition(".")[2]) for tick in ticks), default=0)
    return [number(tick, decimals) for tick in ticks]


def _is_plain(tick: float) -> bool:
    """Say whether a ratio is 1 or a power of 10, or twice or half of one."""
    return tick in (0.01, 0.1, 0.5, 1, 2, 10, 100)


def _step(least: float) -> float:
    size = 10 ** math.floor(math.log10(least))
    return next(size * step for step in STEPS if size * step >= least * (1 - 1e-9))
