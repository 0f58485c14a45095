"""Whether the likelihood of a cumulative logit model has a maximum, decided by a linear program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack

from coxa.models.ordinal.likelihood import Thresholds

SOME = 0.5
"""Gain of a row, cut at 1, that is more than rounding: a direction can be as long as it likes, so gains are 0 or 1."""


@dataclass(frozen=True, slots=True)
class Separation:
    """A direction in which the likelihood never falls.

    direction : (q,) coefficients that could grow without end, largest 1
    rows      : (N,) whether a row is predicted better and better that way
    """

    direction: np.ndarray
    rows: np.ndarray


def separation(rows: Thresholds) -> Separation | None:
    """Return the direction in which the likelihood grows without end; None where it has a maximum.

    Notes
    -----
    Each row's log probability rises in the predictor above its category and falls in the one below, and is concave. It
    has no maximum where along some direction no predictor above falls, none below rises, and not all are still. The
    number of gains, each cut at 1, is maximised over different rows.

    Examples
    --------
    >>> from coxa.models.ordinal.likelihood import thresholds_of
    >>> x, z = np.array([[0.0], [0], [1], [1]]), np.empty((4, 0))
    >>> separation(thresholds_of(np.array([0, 1, 1, 2]), x, z, 2)).rows.tolist()
    [False, True, True, False]
    >>> separation(thresholds_of(np.array([0, 2, 1, 0]), x, z, 2)) is None
    True
    """
    upward = np.flatnonzero(~rows.highest)
    downward = np.flatnonzero(~rows.lowest)
    gains = np.vstack([rows.above[upward], -rows.below[downward]])
    different, place = np.unique(gains, axis=0, return_inverse=True)
    m, q = different.shape
    above: Any = hstack([csr_array(-different), eye_array(m)])
    found: Any = linprog(
        -np.r_[np.zeros(q), np.ones(m)],
        A_ub=above.tocsr(),
        b_ub=np.zeros(m),
        bounds=[(None, None)] * q + [(0, 1)] * m,
        method="highs",
    )
    better = (found.x[q:] > SOME)[place.ravel()]
    if not better.any():
        return None
    seen = np.zeros(len(rows.highest), dtype=bool)
    seen[upward[better[: len(upward)]]] = True
    seen[downward[better[len(upward) :]]] = True
    direction = found.x[:q]
    return Separation(direction / np.abs(direction).max(), seen)
