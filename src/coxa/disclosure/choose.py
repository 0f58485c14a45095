"""Which counts have to be hidden, so that no small one can be worked out."""

from __future__ import annotations

from collections.abc import Iterator

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


def counts_to_hide(sums: Sums, k: int) -> Bools:
    """Return which counts are not shown, so that each small one could as well be larger by k.

    Parameters
    ----------
    sums
        Counts and all equations that a reader can know.
    k
        Counts from 1 to k - 1 are small.

    Returns
    -------
    (n,) bool
        Small counts, and others at little loss. For every small count, published or not, there is then another set of
        numbers, none below 1, that has the same sums and the same shown counts, and in which the small count is larger
        by k.

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
    small = sums.values < k
    hidden: Bools = small | (sums.weights == 0)
    every = np.flatnonzero(small)
    for first in range(min(GROUPS, len(every))):
        for moved in _moves(sums, hidden, k, every[first::GROUPS]):
            hidden |= np.abs(moved) > TINY
    return hidden & (sums.weights > 0)


def _moves(sums: Sums, hidden: Bools, k: int, group: Indices) -> Iterator[Floats]:
    """Yield by how much each count differs in another set, or in several, until each of a group was larger by k."""
    moved = _other_set(sums, hidden, k, group, sums.weights > DEAR * sums.weights.max())
    if moved is not None:
        yield moved
    elif len(group) > 1:
        yield from _moves(sums, hidden, k, group[::2])
        yield from _moves(sums, hidden, k, group[1::2])
    else:
        moved = _other_set(sums, hidden, k, group, np.zeros_like(hidden))
        if moved is None:
            raise CoxaError(
                f"A count of {sums.values[group[0]]:g} cannot be protected even where all others are hidden. "
                "Do not share this."
            )
        yield moved


def _other_set(sums: Sums, hidden: Bools, k: int, group: Indices, fixed: Bools) -> Floats | None:
    """Return by how much each count differs in another set in which each of a group is larger by k; None if none is.

    The unknowns are how far each count goes up, and how far down.
    """
    n, matrix = len(hidden), sums.matrix()
    most = np.where(fixed & ~hidden, 0.0, np.inf)
    low = np.zeros(2 * n)
    low[group] = k
    high = np.concatenate([most, np.minimum(sums.values - 1, most)])
    loss = np.where(hidden, FREE, np.sqrt(sums.weights))
    same = LinearConstraint(sparse.hstack([matrix, -matrix]), 0, 0)
    solved = milp(np.concatenate([loss, loss]), constraints=[same] if matrix.shape[0] else [], bounds=Bounds(low, high))
    return None if solved.x is None else solved.x[:n] - solved.x[n:]
