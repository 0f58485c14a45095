"""Which counts of a table have to be hidden, so that no small one can be worked out from those that are shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

Place = tuple[int, int]
"""Row and column of a table, from 0."""


@dataclass(frozen=True, slots=True)
class Line:
    """Cells that add up to a number that is known, or to the last of them.

    places : of the cells
    total  : whether the last is the sum of the others
    """

    places: tuple[Place, ...]
    total: bool = False


def hidden_counts(counts: Floats, lines: Sequence[Line], k: int, also: Bools | None = None) -> Bools:
    """Return which counts are not shown, so that none below k can be worked out from the others.

    Parameters
    ----------
    counts
        (rows, columns); NaN where there is no count.
    lines
        Cells whose sum a reader knows.
    k
        Counts from 1 to k - 1 are not shown; 0 is.
    also
        (rows, columns); counts that are not shown for another reason.

    Returns
    -------
    (rows, columns) bool
        Small counts, and as many more, small ones before large ones, that in every line with a hidden cell at least
        two are hidden, and each of them can be anything from 1 to k as far as the line tells; and then as many more
        that all lines together leave every small count a choice of at least two numbers.

    Notes
    -----
    The last is a linear program for the least and the largest that each small count can be, given the sums that a
    reader knows.
    """
    hidden: Bools = (counts > 0) & (counts < k)
    if also is not None:
        hidden |= also & (counts > 0)
    place: Place | None = (0, 0)
    while place is not None:
        _close_lines(counts, hidden, lines, k)
        place = _betrayed(counts, hidden, lines, k)
        if place is not None:
            hidden[place] = True
    return hidden


def _close_lines(counts: Floats, hidden: Bools, lines: Sequence[Line], k: int) -> None:
    """Hide more cells, in place, until every line by itself says nothing of those that are hidden in it."""
    changed = True
    while changed:
        changed = False
        for line in lines:
            while (place := _one_more(counts, hidden, line, lines, k)) is not None:
                hidden[place] = changed = True


def _one_more(counts: Floats, hidden: Bools, line: Line, lines: Sequence[Line], k: int) -> Place | None:
    """Return the cell of a line that has to be hidden too; None where enough are.

    A cell whose other lines have hidden cells already costs none in these; zeros are hidden where nothing else is left.
    """
    gone = [place for place in line.places if hidden[place]]
    if not gone or (line.total and hidden[line.places[-1]] and len(gone) > 1):
        return None
    if len(gone) > 1 and sum(max(counts[place] - 1, 0) for place in gone) >= k - 1:
        return None
    left = [place for place in line.places if not hidden[place]]
    open_lines = [other.places for other in lines if not any(hidden[place] for place in other.places)]
    ranked = sorted(
        (counts[place] == 0, sum(place in other for other in open_lines), counts[place], place) for place in left
    )
    return ranked[0][-1] if ranked else None


def _betrayed(counts: Floats, hidden: Bools, lines: Sequence[Line], k: int) -> Place | None:
    """Return a cell to hide, near a small count that all lines together give away; None where they give away none."""
    unknown = [(int(row), int(column)) for row, column in zip(*np.nonzero(hidden), strict=True)]
    matrix, sums = _equations(counts, unknown, lines)
    for at, place in enumerate(unknown):
        if not 0 < counts[place] < k or _has_choice(matrix, sums, at):
            continue
        near = [other for line in lines if place in line.places for other in line.places if not hidden[other]]
        rest = [(int(row), int(column)) for row, column in zip(*np.nonzero((counts >= 0) & ~hidden), strict=True)]
        return min(near or rest, key=lambda other: (counts[other] == 0, counts[other], other), default=None)
    return None


def _equations(counts: Floats, unknown: Sequence[Place], lines: Sequence[Line]) -> tuple[Floats, Floats]:
    """Return what a reader knows of hidden counts: a row of coefficients per line, and the sum of these."""
    index = {place: at for at, place in enumerate(unknown)}
    matrix = np.zeros((len(lines), len(unknown)))
    for row, line in enumerate(lines):
        for place in line.places:
            if place in index:
                matrix[row, index[place]] = -1.0 if line.total and place == line.places[-1] else 1.0
    return matrix, matrix @ np.array([counts[place] for place in unknown])


def _has_choice(matrix: Floats, sums: Floats, at: int) -> bool:
    """Say whether a hidden count can be two whole numbers, given the sums and that no count is below 0."""
    from scipy.optimize import linprog

    cost = np.zeros(matrix.shape[1])
    found = []
    for sign in (1.0, -1.0):
        cost[at] = sign
        solved = linprog(cost, A_eq=matrix, b_eq=sums, bounds=(0, None))
        found.append(sign * float(solved.fun) if solved.fun is not None else math.inf)
    return bool(found[1] - found[0] >= 1 - 1e-6)
