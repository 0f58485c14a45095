"""How far a hidden count can be worked out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse.csgraph import connected_components

from coxa.disclosure.sums import Bools, Floats, Sums

Indices = NDArray[np.intp]

OPTIMAL, INFEASIBLE, UNBOUNDED = 0, 2, 3
"""Status codes of `scipy.optimize.milp` that answer the question; any other leaves it open."""

NEAR = 1e-6
"""Sums of whole numbers that are further apart differ."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """The least and the largest whole number that each of some counts can be.

    at        : (m,) the counts
    low, high : (m,) infinite where nothing is a limit, NaN where the solver had no answer
    statuses  : how often the solver gave which answer
    """

    at: Indices
    low: Floats
    high: Floats
    statuses: dict[str, int]


@dataclass(frozen=True, slots=True)
class Enough:
    """A width that is enough to know of a range, and what was seen so far of the counts.

    A solution stays one when more counts are hidden, so that what was seen serves the next attack as well.

    width     : two values of a count that are so far apart are enough
    low, high : (n,) the least and the largest value of each count in the solutions so far; they are moved
    """

    width: float
    low: Floats
    high: Floats

    @classmethod
    def of(cls, values: Floats, width: float) -> Enough:
        """Start with one solution, such as the true counts."""
        return cls(width, values.copy(), values.copy())

    def add(self, members: Indices, solution: Floats) -> None:
        """Add a solution in whole numbers of some counts."""
        self.low[members] = np.minimum(self.low[members], solution)
        self.high[members] = np.maximum(self.high[members], solution)

    def wide(self, one: int) -> bool:
        """Say whether two values of a count are far enough apart."""
        return bool(self.high[one] >= self.low[one] + self.width)


def feasible_ranges(
    matrix: sparse.csr_matrix, low: Floats, high: Floats, at: Indices, *, enough: Enough | None = None
) -> Ranges:
    """Return the range of each of some counts, given limits of all of them and the sums among them.

    Parameters
    ----------
    matrix
        (equations, n), each row a sum that is zero.
    low, high
        (n,) what an attacker knows of each count: both the same where it is shown.
    at
        The counts that the attacker is after.
    enough
        Where it is enough to know that a range is so wide: each solution of a program is one for every count in it, and
        those of which two solutions are as far apart are not asked for again. Their range is then at least what is
        returned.

    Returns
    -------
    Ranges
        By mixed-integer linear programs (HiGHS), two for each count, over the counts that hang together with it.

    Raises
    ------
    ValueError
        The limits contradict the sums.

    Examples
    --------
    >>> from coxa.disclosure import Sums
    >>> matrix = Sums(np.ones(3), np.ones(3), (((0, 1), (1, 1), (2, -1)),)).matrix()
    >>> found = feasible_ranges(matrix, np.array([1.0, 1, 15]), np.array([np.inf, np.inf, 15]), np.array([0]))
    >>> found.low.tolist(), found.high.tolist(), found.statuses
    ([1.0], [14.0], {'optimal': 2})
    """
    free = low < high
    rest = -np.asarray(matrix[:, ~free] @ low[~free]).ravel()
    unknown = matrix[:, free].tocsr()
    empty = np.diff(unknown.indptr) == 0
    if (np.abs(rest[empty]) > NEAR).any():
        raise ValueError("the shown counts contradict the equations")
    place = np.cumsum(free) - 1
    parts = _Parts.of(unknown, rest, low[free], high[free], np.flatnonzero(free))
    counted: Counter[str] = Counter()
    ends = np.array(
        [(low[one], low[one]) if not free[one] else parts.range_of(place[one], counted, enough) for one in at]
    )
    ends = ends.reshape(-1, 2)
    return Ranges(at, ends[:, 0], ends[:, 1], dict(counted))


def feasible_range(sums: Sums, hidden: Bools, at: int, least: Sequence[float] | float = 1) -> tuple[float, float]:
    """Return the least and the largest whole number that a hidden count can be, given all that is shown.

    Parameters
    ----------
    sums
        Counts and equations; of hidden counts the values are not looked at.
    hidden
        (n,) which counts the attacker does not see.
    at
        The count that the attacker is after.
    least
        What an attacker knows every hidden count to be at least.

    Returns
    -------
    float, float
        Infinite where nothing is an upper limit.

    Examples
    --------
    >>> import numpy as np
    >>> from coxa.disclosure import Sums
    >>> sums = Sums(np.array([3.0, 12.0, 15.0]), np.ones(3), (((0, 1), (1, 1), (2, -1)),))
    >>> feasible_range(sums, np.array([True, False, False]), 0)
    (3.0, 3.0)
    >>> feasible_range(sums, np.array([True, True, False]), 0)
    (1.0, 14.0)
    """
    low = np.where(hidden, least, sums.values)
    high = np.where(hidden, np.inf, sums.values)
    found = feasible_ranges(sums.matrix(), low, high, np.array([at]))
    return float(found.low[0]), float(found.high[0])


@dataclass(frozen=True, slots=True)
class _Parts:
    """Unknown counts and their equations, divided into those that hang together."""

    rest: Floats
    low: Floats
    high: Floats
    part: Indices
    sizes: Indices
    columns: sparse.csc_matrix
    places: Indices
    programs: dict[int, tuple[Indices, list[LinearConstraint]]]

    @classmethod
    def of(cls, matrix: sparse.csr_matrix, rest: Floats, low: Floats, high: Floats, places: Indices) -> _Parts:
        n_rows, (rows, columns) = matrix.shape[0], matrix.nonzero()
        shape = (n_rows + matrix.shape[1],) * 2
        together = sparse.csr_matrix((np.ones(len(rows)), (rows, columns + n_rows)), shape=shape)
        part = np.asarray(connected_components(together, directed=False)[1][n_rows:], dtype=np.intp)
        return cls(rest, low, high, part, np.bincount(part), matrix.tocsc(), places, {})

    def alone(self, one: int) -> float | None:
        """Return the value of a count that is the only unknown of its equations; None where it is not."""
        if self.sizes[self.part[one]] > 1:
            return None
        rows = slice(*self.columns.indptr[one : one + 2])
        if rows.start == rows.stop:
            return None
        values = self.rest[self.columns.indices[rows]] / self.columns.data[rows]
        if np.ptp(values) > NEAR or not self.low[one] - NEAR <= values[0] <= self.high[one] + NEAR:
            raise ValueError("the shown counts contradict the equations")
        return float(np.rint(values[0]))

    def program(self, part: int) -> tuple[Indices, list[LinearConstraint]]:
        """Return the counts of a part and the constraints on them."""
        if part not in self.programs:
            members = np.flatnonzero(self.part == part)
            columns = self.columns[:, members].tocsr()
            rows = np.flatnonzero(np.diff(columns.indptr))
            sums = [LinearConstraint(columns[rows], self.rest[rows], self.rest[rows])] if len(rows) else []
            self.programs[part] = members, sums
        return self.programs[part]

    def range_of(self, one: int, counted: Counter[str], enough: Enough | None) -> tuple[float, float]:
        """Return the range of one count, as far as it has to be known, and count the answers of the solver."""
        alone = self.alone(one)
        if alone is not None:
            counted["arithmetic"] += 2
            return alone, alone
        members, constraints = self.program(self.part[one])
        bounds = Bounds(self.low[members], self.high[members])
        ends: list[float] = []
        for sign in (1.0, -1.0):
            if enough is not None and enough.wide(at := self.places[one]):
                counted["seen"] += 2 - len(ends)
                return float(enough.low[at]), float(enough.high[at])
            cost = np.where(members == one, sign, 0.0)
            end, answer, solution = _least(cost, constraints, bounds)
            if solution is not None and enough is not None:
                enough.add(self.places[members], solution)
            counted[answer] += 1
            ends.append(sign * end)
        return ends[0], ends[1]


def _least(cost: Floats, constraints: list[LinearConstraint], bounds: Bounds) -> tuple[float, str, Floats | None]:
    """Return the least that a whole count, or its negative, can be, the answer of the solver, and a solution.

    Where the linear program has a solution in whole numbers, that is the answer.
    """
    solved = milp(cost, constraints=constraints, bounds=bounds)
    if solved.x is not None and np.abs(solved.x - np.rint(solved.x)).max() > NEAR:
        solved = milp(cost, constraints=constraints, bounds=bounds, integrality=np.ones(len(cost), dtype=int))
    if solved.status == INFEASIBLE:
        raise ValueError("the shown counts contradict the equations")
    if solved.status == OPTIMAL and solved.x is not None:
        return float(np.rint(cost @ solved.x)), "optimal", np.rint(solved.x)
    return (-np.inf, "unbounded", None) if solved.status == UNBOUNDED else (np.nan, solved.message, None)
