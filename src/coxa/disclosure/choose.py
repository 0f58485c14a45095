"""Which counts have to be hidden, so that no small one can be worked out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from coxa.disclosure.sums import Bools, Floats, Sums
from coxa.errors import CoxaError

Indices = NDArray[np.intp]

GROUPS = 16
"""Groups of small counts that are protected one after the other, each by one program where it can be."""

DEAR = 2 / 3
"""Counts with more than this share of the greatest loss are hidden only where nothing else protects a small count."""

FREE = 1e-5
"""Loss of a count that is hidden already, or not published: others are moved as little as need be."""

TINY = 1e-6
"""A smaller move is none."""


def counts_to_hide(sums: Sums, k: int, *, least: float | Floats = 1, unprotected: Bools | None = None) -> Bools:
    """Return which counts are not shown, so that each small one could as well be larger by k.

    Parameters
    ----------
    sums
        Counts and all equations that a reader can know.
    k
        Counts below k are small.
    least
        What a reader knows every hidden count, or each, to be at least: 1 where zeros are shown, otherwise 0.
    unprotected
        Counts that need no protection, or can have none as they were published before: those are not hidden either.

    Returns
    -------
    (n,) bool
        Small counts, and others at little loss. For every small count, published or not, there is then another set of
        numbers, none below `least`, that has the same sums and the same shown counts, and in which the small count is
        larger by k.

    Raises
    ------
    CoxaError
        If there is no such set even where nothing is shown.

    Notes
    -----
    Complementary cell suppression (Fischetti and Salazar-Gonzalez, 2000) by linear programs (HiGHS), in which the loss
    of a count is taken as proportional to how far it moves. A group of small counts is moved up together; where that
    has no solution, each half of it. The other sets are the proof: what is hidden later takes none of them away.
    """
    known = np.zeros(len(sums.values), dtype=bool) if unprotected is None else unprotected
    small, matrix = (sums.values < k) & ~known, sums.matrix()
    hidden: Bools = small | (sums.weights == 0)
    every = np.flatnonzero(small)
    for first in range(min(GROUPS, len(every))):
        for moved in _moves(_Choice(sums, matrix, hidden, known, least), k, every[first::GROUPS]):
            hidden |= np.abs(moved) > TINY
    return hidden & (sums.weights > 0)


@dataclass(frozen=True, slots=True)
class _Choice:
    """What may be hidden so far: the counts, their equations, those hidden, those known, and the least of each."""

    sums: Sums
    matrix: sparse.csr_matrix
    hidden: Bools
    known: Bools
    least: float | Floats


def other_set(
    sums: Sums, hidden: Bools, by: int, at: int, *, least: float | Floats = 1, unprotected: Bools | None = None
) -> Bools | None:
    """Return which counts are hidden so that one could be larger by this, or smaller; None where nothing makes it so.

    The other set is of whole numbers: the last resort where counts of several tables have one only in fractions.
    """
    known = np.zeros(len(sums.values), dtype=bool) if unprotected is None else unprotected
    moved = _other_set(_Choice(sums, sums.matrix(), hidden, known, least), by, np.array([at]), known, whole=True)
    return None if moved is None else hidden | (np.abs(moved) > TINY)


def _moves(choice: _Choice, k: int, group: Indices) -> Iterator[Floats]:
    """Yield by how much each count differs in another set, or in several, until each of a group was larger by k."""
    weights = choice.sums.weights
    moved = _other_set(choice, k, group, choice.known | (weights > DEAR * weights.max()))
    if moved is not None:
        yield moved
    elif len(group) > 1:
        yield from _moves(choice, k, group[::2])
        yield from _moves(choice, k, group[1::2])
    else:
        moved = _other_set(choice, k, group, choice.known)
        if moved is None:
            raise CoxaError(
                f"A count of {choice.sums.values[group[0]]:g} cannot be protected even where all others are hidden. "
                "Do not share this."
            )
        yield moved


def _other_set(choice: _Choice, k: int, group: Indices, fixed: Bools, *, whole: bool = False) -> Floats | None:
    """Return by how much each count differs in another set in which each of a group is larger by k; None if none is.

    The unknowns are how far each count goes up, and how far down.
    """
    sums, hidden = choice.sums, choice.hidden
    n, matrix = len(hidden), choice.matrix
    most = np.where(fixed & ~hidden, 0.0, np.inf)
    low = np.zeros(2 * n)
    low[group] = k
    high = np.concatenate([most, np.minimum(sums.values - choice.least, most)])
    if whole:  # in one direction only: going up and down again would do otherwise
        low[group], high[group] = max(k, 0), max(k, 0)
        low[n + group], high[n + group] = max(-k, 0), np.minimum(max(-k, 0), high[n + group])
        if (low > high).any():
            return None
    loss = np.where(hidden, FREE, np.sqrt(sums.weights))
    same = LinearConstraint(sparse.hstack([matrix, -matrix]), 0, 0)
    solved = milp(
        np.concatenate([loss, loss]),
        constraints=[same] if matrix.shape[0] else [],
        bounds=Bounds(low, high),
        integrality=np.full(2 * n, int(whole)),
    )
    return None if solved.x is None else solved.x[:n] - solved.x[n:]
