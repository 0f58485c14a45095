"""Until when rows without a visit count for each visit of a plan."""

from __future__ import annotations

from collections.abc import Mapping

from coxa.study.parts import Visit


def visit_ends(visits: Mapping[str, Visit]) -> dict[str, float]:
    """Return visit -> the last day that counts for it, in the order of the visits.

    Examples
    --------
    >>> visit_ends({"week_12": Visit(day=84, window=(-7, 14)), "baseline": Visit(day=0)})
    {'baseline': 0.0, 'week_12': 98.0}
    """
    ends = {name: float(visit.day + (visit.window or (0, 0))[1]) for name, visit in visits.items()}
    return dict(sorted(ends.items(), key=lambda item: item[1]))
