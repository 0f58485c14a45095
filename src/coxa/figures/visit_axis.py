"""The axis of visits: to the scale of time where the visits leave room for it, else evenly spaced, and said so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pandas as pd

from coxa.figures.figure import literal
from coxa.figures.theme import WIDTH, options

DODGE = 0.011
"""Step between arms at one visit, as a share of the axis, so that intervals do not hide each other."""
MOST_OF_GAP = 0.4
"""Share of the gap between two visits that all arms of a visit take at most."""
MARGIN = 0.06
"""Room left of the first and right of the last visit, as a share of the axis."""
SLANT = -35
LETTER = 7.2
"""Width of a letter in pixels, about."""
ROOM = 30.0
"""Pixels between two visits that a slanted name needs at least."""
EVEN, EVEN_SHORT = "Visits evenly spaced, not to the scale of time", "Not to the scale of time"


@dataclass(frozen=True, slots=True)
class VisitAxis:
    """Where visits stand.

    place    : planned day -> position
    names    : planned day -> label of the visit
    to_scale : whether positions are days
    width    : of the axis, in pixels
    """

    place: Mapping[float, float]
    names: Mapping[float, str]
    to_scale: bool
    width: int

    @property
    def span(self) -> float:
        """Length of the axis between the first and the last visit, in its own unit."""
        return max(max(self.place.values()) - min(self.place.values()), 1.0)

    @property
    def slanted(self) -> bool:
        """Whether visits are too close for their names to stand side by side."""
        pixels = self.width / (1 + 2 * MARGIN) / self.span
        ends = [(self.place[day] * pixels, len(self.names[day]) * LETTER) for day in sorted(self.place)]
        return any(right - left < (a + b) / 2 + LETTER for (left, a), (right, b) in pairwise(ends))

    @property
    def room_below(self) -> int:
        """Pixels that the names of the visits, and a word on their spacing, need below the axis."""
        longest = max(map(len, self.names.values()))
        said = 0 if self.to_scale else 22
        return 30 + said + (round(longest * LETTER * 0.6) if self.slanted else 0)

    def dodged(self, labelled: pd.DataFrame, arms: Sequence[str]) -> pd.DataFrame:
        """Give rows their `x`, arms apart at each visit by less than the gap to the next."""
        places = sorted(self.place.values())
        gap = min((later - earlier for earlier, later in pairwise(places)), default=1.0)
        step = min(DODGE * self.span, MOST_OF_GAP * gap / max(len(arms) - 1, 1))
        middle = (len(arms) - 1) / 2
        steps = {arm: (index - middle) * step for index, arm in enumerate(arms)}
        return labelled.assign(x=labelled["day"].map(self.place) + labelled["arm_label"].map(steps))

    def x(self, *, labels: bool = True) -> Any:
        """Return the axis for a chart whose rows have `x`; visits are named under their place."""
        import altair as alt

        places = [self.place[day] for day in sorted(self.place)]
        named = " : ".join(
            f"datum.value == {self.place[day]} ? {literal(self.names[day])}" for day in sorted(self.place)
        )
        axis = options(
            values=places,
            labelExpr=f"{named} : ''",
            labelAngle=SLANT if self.slanted else 0,
            labelAlign="right" if self.slanted else "center",
            labelOverlap=False,
            labelPadding=6,
            grid=False,
            title=None if self.to_scale else EVEN if self.width >= WIDTH else EVEN_SHORT,
        )
        edge = MARGIN * self.span
        scale = options(domain=[places[0] - edge, places[-1] + edge], nice=False, zero=False)
        return alt.X("x:Q", axis=axis if labels else None, scale=scale)


def axis_of_visits(labelled: pd.DataFrame, width: int = WIDTH) -> VisitAxis:
    """Return the axis of visits for rows with `day`, `visit_label` and `n`.

    Visits are to the scale of time where each has room for its name and for the number of participants below it. Else
    they are evenly spaced, and the axis is widened where there are very many.
    """
    names = dict(zip(labelled["day"], labelled["visit_label"], strict=True))
    days = sorted(names)
    room = max(ROOM, LETTER * (max(len(str(n)) for n in labelled["n"]) + 2))
    span = max(days[-1] - days[0], 1)
    narrowest = min((later - earlier for earlier, later in pairwise(days)), default=span)
    if narrowest / span * width / (1 + 2 * MARGIN) >= room:
        return VisitAxis({day: day for day in days}, names, True, width)
    wanted = round(room * (len(days) - 1) * (1 + 2 * MARGIN))
    return VisitAxis({day: float(place) for place, day in enumerate(days)}, names, False, max(width, wanted))
