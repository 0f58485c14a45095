"""Rules of Making Data Count as vectors, one number per point."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int_]

RUN = 7
"""Points in a row that make a trend, or a shift to one side of the centre."""

COMMON = "common cause"


def seven_on_one_side(side: ArrayLike) -> Ints:
    """Return 1 at each point that ends seven in a row on one side of the centre, otherwise 0.

    Parameters
    ----------
    side
        -1 below the centre, 1 above it, 0 on it.

    Examples
    --------
    >>> seven_on_one_side([1] * 8 + [-1]).tolist()
    [0, 0, 0, 0, 0, 0, 1, 1, 0]
    """
    side = np.asarray(side)
    return np.array(
        [at >= RUN - 1 and abs(side[at - RUN + 1 : at + 1].sum()) == RUN for at in range(len(side))], dtype=int
    )


def seven_point_trend(values: ArrayLike) -> Ints:
    """Return 1 at each point that ends seven in a row going up, -1 going down, otherwise 0; equal points end a trend.

    Examples
    --------
    >>> seven_point_trend([2, 1, 2, 3, 4, 5, 6, 7, 3]).tolist()
    [0, 0, 0, 0, 0, 0, 0, 1, 0]
    """
    steps = np.sign(np.diff(np.asarray(values, dtype=float)))
    ends = [steps[at - RUN + 1 : at].sum() if at >= RUN - 1 else 0 for at in range(len(steps) + 1)]
    every = np.array(ends[: len(np.asarray(values))])
    return np.where(np.abs(every) == RUN - 1, np.sign(every), 0).astype(int)


def spread_back(flags: ArrayLike) -> Ints:
    """Return the flag that ends seven points at each of the seven; of two, the later one.

    Examples
    --------
    >>> spread_back([0, 0, 0, 0, 0, 0, 0, -1]).tolist()
    [0, -1, -1, -1, -1, -1, -1, -1]
    """
    flags = np.asarray(flags, dtype=int)
    spread = np.zeros(len(flags), dtype=int)
    for at in np.flatnonzero(flags):
        spread[max(0, at - RUN + 1) : at + 1] = flags[at]
    return spread


def two_in_three(near_limit: ArrayLike, side: ArrayLike) -> Ints:
    """Return 1 at each point of three in a row on one side of the centre of which two or more are near a limit.

    Parameters
    ----------
    near_limit
        1 where a point is beyond two thirds of the way to a limit and not beyond the limit.
    side
        -1 below the centre, 1 above it, 0 on it.

    Examples
    --------
    >>> two_in_three([0, 0, 1, 0, 1, 0, 0], [1] * 7).tolist()
    [0, 0, 1, 1, 1, 0, 0]
    """
    near, side = np.asarray(near_limit, dtype=int), np.asarray(side, dtype=int)
    found = np.zeros(len(near), dtype=int)
    for first in range(len(near) - 2):
        three = slice(first, first + 3)
        if near[three].sum() >= 2 and abs(side[three].sum()) == 3:
            found[three] = 1
    return found


def special_causes(
    values: ArrayLike, side: ArrayLike, near_limit: ArrayLike, outside: ArrayLike
) -> tuple[list[str], Ints]:
    """Return the name of the rule that each point breaks, and its direction: 1 high or rising, -1 low or falling.

    Parameters
    ----------
    values
        Of one chart between two recalculations.
    side, near_limit
        As in `two_in_three`.
    outside
        Other than 0 beyond a limit.

    Returns
    -------
    list of str, (n,) int
        Of several rules the first: outside limits, trend of seven, part of two in three, seven on one side. Otherwise
        common cause, and 0.

    Notes
    -----
    A point of a trend has the direction of the trend on whichever side of the centre it is; of two trends that meet in
    one point, that of the later. Source: nhs-r-community/NHSRplotthedots@050b07d7, R/ptd_calculate_point_type.R.

    Examples
    --------
    >>> names, direction = special_causes([1, 2, 9], [-1, -1, 1], [0, 0, 0], [0, 0, 1])
    >>> names, direction.tolist()
    (['common cause', 'common cause', 'outside limits'], [0, 0, 1])
    """
    side, near, beyond = np.asarray(side), np.asarray(near_limit), np.asarray(outside) != 0
    trend = spread_back(seven_point_trend(values))
    pair = (two_in_three(near, side) == 1) & (near == 1)
    shift = spread_back(seven_on_one_side(side)) != 0
    names = np.select(
        [beyond, trend != 0, pair, shift],
        ["outside limits", "trend of seven", "part of two in three", "seven on one side"],
        COMMON,
    )
    direction = np.where(names == "trend of seven", trend, np.where(names == COMMON, 0, side))
    return names.tolist(), direction.astype(int)
