"""Whether the likelihood of a generalised linear model has a maximum, decided by linear programming."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from coxa.models.glm.families import Family

SOME = 0.5
"""Gain of a row, cut at 1, that is more than rounding: a direction can be as long as it likes, so gains are 0 or 1."""


@dataclass(frozen=True, slots=True)
class Separation:
    """A direction in which the likelihood never falls.

    direction : (p,) coefficients that could grow without end, largest 1
    rows      : (N,) whether a row is predicted better and better that way
    """

    direction: np.ndarray
    rows: np.ndarray


def separation(x: np.ndarray, y: np.ndarray, family: Family) -> Separation | None:
    """Return the direction in which the likelihood grows without end; None where it has a maximum.

    Parameters
    ----------
    x : (N, p) design of full rank, its columns of like length
    y : (N,) outcome
    family : Family

    Notes
    -----
    A yes-or-no outcome has no maximum where some direction b has x b >= 0 in all rows with an event and <= 0 in all
    without, and not zero throughout; a count where x b = 0 in all rows with events and <= 0 in all without. The sum of
    what the rows gain, each cut at 1, is maximised: it is the number of rows that such a direction can predict.
    Sources: Albert & Anderson, Biometrika 1984, 71:1-10; Konis, thesis, University of Oxford 2007; Correia, Guimaraes &
    Zylkin, 2019, arXiv:1903.01633.

    Examples
    --------
    >>> from coxa.models.glm.families import FAMILIES
    >>> x = np.column_stack([np.ones(4), [1.0, 2, 3, 4]])
    >>> separation(x, np.array([0.0, 1, 0, 1]), FAMILIES["binomial"]) is None
    True
    >>> separation(x, np.array([0.0, 0, 1, 1]), FAMILIES["binomial"]).rows.all()
    np.True_
    """
    if family.link == "identity":
        return None
    zero = y == 0
    if family.name == "binomial":
        gains, fixed = np.where(zero, -1.0, 1.0)[:, None] * x, x[:0]
    else:
        gains, fixed = -x[zero], x[~zero]
    if not len(gains):
        return None
    k, p = gains.shape
    found = linprog(
        -np.r_[np.zeros(p), np.ones(k)],
        A_ub=np.hstack([-gains, np.eye(k)]),
        b_ub=np.zeros(k),
        A_eq=np.hstack([fixed, np.zeros((len(fixed), k))]) if len(fixed) else None,
        b_eq=np.zeros(len(fixed)) if len(fixed) else None,
        bounds=[(None, None)] * p + [(0, 1)] * k,
        method="highs",
    )
    result = np.asarray(found.x)
    better = result[p:] > SOME
    if not better.any():
        return None
    rows = np.zeros(len(y), dtype=bool)
    rows[np.flatnonzero(zero) if family.of_counts else np.arange(len(y))] = better
    return Separation(result[:p] / np.abs(result[:p]).max(), rows)
