"""Restricted cubic splines: curves that are cubic between knots and straight beyond the outer ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coxa.errors import FitError, OptionError

Floats = NDArray[np.float64]

PLACES = {
    3: (0.10, 0.50, 0.90),
    4: (0.05, 0.35, 0.65, 0.95),
    5: (0.05, 0.275, 0.50, 0.725, 0.95),
}
"""Number of knots -> the quantiles at which they are placed (Harrell, Regression Modeling Strategies, 2015)."""


def spline_knots(values: ArrayLike, knots: int = 3) -> tuple[float, ...]:
    """Return knots at quantiles of values; fewer where many values are alike, but three at least.

    Parameters
    ----------
    values : (n,) array_like
        Not missing.
    knots : {3, 4, 5}
        How many are asked for.

    Raises
    ------
    OptionError
        The number is not 3, 4 or 5.
    FitError
        There are fewer than three different values.

    Examples
    --------
    >>> spline_knots(range(11), 3)
    (1.0, 5.0, 9.0)
    """
    if knots not in PLACES:
        raise OptionError(f"`knots` is {knots}. Use 3, 4 or 5.")
    given = np.asarray(values, dtype=float)
    different = np.unique(given)
    if len(different) < 3:
        raise FitError(
            f"a spline needs three different values, and there are {len(different)}", ["Use the straight line alone."]
        )
    for number in range(knots, 2, -1):
        placed = np.unique(np.quantile(given, PLACES[number]))
        if len(placed) == number:
            return tuple(map(float, placed))
    return float(different[0]), float(np.median(different)), float(different[-1])


def restricted_cubic(values: ArrayLike, knots: Sequence[float]) -> Floats:
    """Return the columns of a restricted cubic spline: the value itself, and one column for each inner knot.

    Parameters
    ----------
    values : (n,) array_like
    knots : sequence of k numbers
        Three or more, rising.

    Returns
    -------
    (n, k - 1) array
        The columns after the first are divided by the squared distance of the outer knots, as R's Hmisc has them.

    Raises
    ------
    OptionError
        There are fewer than three knots, or they do not rise.

    Examples
    --------
    >>> restricted_cubic([0.0, 5.0, 10.0], [1, 5, 9]).round(3).tolist()
    [[0.0, 0.0], [5.0, 1.0], [10.0, 7.5]]
    """
    t = np.asarray(knots, dtype=float)
    if len(t) < 3 or (np.diff(t) <= 0).any():
        raise OptionError(
            f"The knots are {', '.join(f'{one:g}' for one in t)}. Give three or more, each above the last."
        )
    x = np.asarray(values, dtype=float)
    last, before = t[-1], t[-2]

    def cubed(at: float) -> Floats:
        return np.asarray(np.maximum(x - at, 0.0) ** 3)

    columns = [
        cubed(knot) - cubed(before) * (last - knot) / (last - before) + cubed(last) * (before - knot) / (last - before)
        for knot in t[:-2]
    ]
    return np.column_stack([x, *(column / (last - t[0]) ** 2 for column in columns)])
