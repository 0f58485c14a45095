"""Degrees of freedom that only count: between and within participants.

Sources: Schluchter & Elashoff, Journal of Statistical Computation and Simulation 1990, 37:69-87; as in the R package
mmrm (0.3.18), and SAS's ddfm=bw.
"""

from __future__ import annotations

import numpy as np


def between_within_df(participant: np.ndarray, x: np.ndarray, intercept: np.ndarray) -> np.ndarray:
    """Return the degrees of freedom of each coefficient, shape (p,).

    A column that is constant in every participant is between: participants less these columns and the intercept.
    The intercept and the other columns are within: rows less participants and these columns.

    Parameters
    ----------
    participant : (N,) integer codes
    x : (N, p)
    intercept : (p,) bool

    Examples
    --------
    >>> who, visit = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 0, 1, 0, 1])
    >>> x = np.column_stack([np.ones(6), who == 0, visit])
    >>> between_within_df(who, x, np.array([True, False, False])).tolist()
    [2.0, 1.0, 2.0]
    """
    order = np.argsort(participant, kind="stable")
    who, sorted_x = participant[order], x[order]
    same = who[1:] == who[:-1]
    within = ((sorted_x[1:] != sorted_x[:-1]) & same[:, None]).any(axis=0)
    n = int((~same).sum()) + 1
    between_df = n - (~within & ~intercept).sum() - intercept.sum()
    within_df = len(who) - n - (within & ~intercept).sum()
    return np.where(within | intercept, within_df, between_df).astype(float)
