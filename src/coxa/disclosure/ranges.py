"""How far a hidden count can be worked out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from coxa.disclosure.sums import Bools, Sums


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
    matrix = sums.matrix()
    constraints = [LinearConstraint(matrix, 0, 0)] if matrix.shape[0] else []
    found = []
    for sign in (1.0, -1.0):
        cost = np.zeros(len(low))
        cost[at] = sign
        solved = milp(cost, constraints=constraints, bounds=Bounds(low, high), integrality=np.ones(len(low), dtype=int))
        if solved.status == 2:
            raise ValueError("the shown counts contradict the equations")
        found.append(math.inf if solved.x is None else float(np.rint(solved.x[at])))
    return found[0], found[1]
