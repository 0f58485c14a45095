"""Answers that are coded one higher or one lower than the instrument has them, such as 1 to 5 for 0 to 4."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST = 10
"""From so few answers nothing is concluded."""
FAR_OUT = 0.05
"""At most this share of the answers may be further outside the range; they are slips or codes for missing."""
WIDEST = 11
"""So many answers a range can have; in wider ones the ends are used too rarely to tell."""


def shift_of(answers: NDArray[np.floating], low: float, high: float) -> int:
    """Return 1 where answers look coded one higher than `low` to `high`, -1 where one lower, 0 where neither.

    They do where one value just beyond one end of the range is used, and the other end never is.

    Examples
    --------
    >>> shift_of(np.array([1, 2, 3, 4, 5] * 2), 0, 4), shift_of(np.array([0, 2, 3, 4, 5] * 2), 0, 4)
    (1, 0)
    """
    given = answers[np.isfinite(answers)]
    near = given[(given >= low - 1) & (given <= high + 1)]
    if len(near) < LEAST or len(given) - len(near) > FAR_OUT * len(given) or high - low >= WIDEST:
        return 0
    if (near != np.round(near)).any():
        return 0
    if near.min() > low and near.max() == high + 1:
        return 1
    return -1 if near.max() < high and near.min() == low - 1 else 0


def recoding(low: float, high: float, shift: int) -> str:
    """Return the map that undoes a shift, as a plan writes it.

    Examples
    --------
    >>> recoding(0, 4, 1)
    'values: {value: {1: 0, 2: 1, 3: 2, 4: 3, 5: 4}}'
    """
    codes = range(int(low), int(high) + 1)
    return "values: {value: {" + ", ".join(f"{code + shift}: {code}" for code in codes) + "}}"
