"""Numbers of the days (or weeks) of a window that give back what is taken of them, within their ends and steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SPREAD = 0.08
"""Spread between the days of a window, as a share of the range; or of the value, where the range is wide."""

WIDE = 0.25


def about(rng: np.random.Generator, target: Floats, days: int, low: float, high: float) -> Floats:
    """Draw (r, days) numbers about a target of each row."""
    sd = np.minimum(SPREAD * (high - low), WIDE * np.abs(target - low) + 1e-9)
    return np.asarray(target[:, None] + sd[:, None] * rng.standard_normal((len(target), days)))


def with_total(x: Floats, total: Floats, low: float, high: float, step: float) -> Floats:
    """Return numbers near x, multiples of a step from `low` to `high`, whose sums by row are the totals.

    Parameters
    ----------
    x : (r, d) array
        Numbers to start from.
    total : (r,) array
        Sums that are asked for; each is reached to the nearest step.
    low, high, step
        Ends, and what numbers are multiples of.

    Returns
    -------
    (r, d) array
        What is missing of a total is shared among the days with room for it, a step at a time at the end.

    Examples
    --------
    >>> with_total(np.array([[1.0, 2.0, 9.0]]), np.array([15.0]), 0.0, 10.0, 0.5).tolist()
    [[2.0, 3.0, 10.0]]
    """
    ends = round(low / step), round(high / step)
    units = np.clip(np.round(x / step), *ends)
    wanted = np.clip(np.round(total / step), ends[0] * x.shape[1], ends[1] * x.shape[1])
    while (lack := wanted - units.sum(axis=1)).any():
        room = np.where(lack[:, None] > 0, units < ends[1], units > ends[0]) & (lack != 0)[:, None]
        each = np.floor(np.abs(lack) / np.maximum(room.sum(axis=1), 1))
        left = np.abs(lack) - each * room.sum(axis=1)
        extra = room & (np.cumsum(room, axis=1) <= left[:, None])
        units = np.clip(units + np.sign(lack)[:, None] * (room * each[:, None] + extra), *ends)
    return np.asarray(units * step)


def with_end(x: Floats, target: Floats, low: float, high: float, step: float, *, top: bool) -> Floats:
    """Return numbers near x whose largest (or smallest) in each row is the target.

    Examples
    --------
    >>> with_end(np.array([[1.0, 7.0, 4.0]]), np.array([5.0]), 0.0, 10.0, 0.1, top=True).tolist()
    [[1.0, 5.0, 4.0]]
    """
    aim = target[:, None]
    within = np.minimum(x, aim) if top else np.maximum(x, aim)
    made = np.clip(np.round(within / step) * step, low, high)
    made = np.minimum(made, aim) if top else np.maximum(made, aim)
    place = (x.argmax(axis=1) if top else x.argmin(axis=1))[:, None]
    np.put_along_axis(made, place, aim, axis=1)
    return np.asarray(made)


def with_count(x: Floats, count: Floats, within: tuple[float, float], low: float, high: float, step: float) -> Floats:
    """Return numbers of which so many in each row are within a range; those nearest to its middle already are first.

    Examples
    --------
    >>> with_count(np.array([[6.0, 8.0, 7.5]]), np.array([1.0]), (7, 9), 0, 24, 0.5).tolist()
    [[6.0, 8.0, 6.5]]
    """
    first, last = within
    middle = (first + last) / 2.0
    order = np.argsort(np.argsort(np.abs(x - middle), axis=1, kind="stable"), axis=1)
    inside = order < np.round(count)[:, None]
    kept = np.clip(np.round(x / step) * step, *within)
    below, above = first - step, last + step
    out = np.where((x < middle) & (below >= low) | (above > high), np.minimum(x, below), np.maximum(x, above))
    return np.asarray(np.where(inside, kept, np.clip(np.round(out / step) * step, low, high)))
