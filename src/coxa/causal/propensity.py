"""The probability of being in the treated group, given the confounders: logistic regression, with what it is worth.

Sources: Rosenbaum & Rubin, Biometrika 1983, 70:41-55; for the equations that are solved together, Lunceford & Davidian,
Statistics in Medicine 2004, 23:2937-2960.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from coxa.errors import FitError

STEPS = 60
"""Newton steps; a likelihood that has a maximum needs fewer than ten."""
SETTLED = 1e-10
"""Largest change of a linear predictor at the last step."""
CERTAIN = 1e-9
"""Probability that is as good as 0 or 1."""


@dataclass(frozen=True, slots=True)
class LogisticModel:
    """A logistic regression, and what each row adds to the error of its coefficients.

    probability : (n,) fitted, of every row
    coefficient : (p,) of the columns of `design`
    design      : (n, p) with a constant first
    influence   : (n, p) the coefficients less their limits are about the column sums
    """

    probability: np.ndarray
    coefficient: np.ndarray
    design: np.ndarray = field(repr=False)
    influence: np.ndarray = field(repr=False)


def fit_logistic(design: np.ndarray, outcome: np.ndarray, what: str, rows: np.ndarray | None = None) -> LogisticModel:
    """Fit a logistic regression by maximum likelihood, to some of the rows.

    Parameters
    ----------
    design : (n, p) with a constant
    outcome : (n,) of 0 and 1
    what : str
        What is modelled, for messages.
    rows : (n,) bool, optional
        Those that the model is fitted to; it predicts for all.

    Raises
    ------
    FitError
        The columns are collinear, or separate those with from those without the outcome.
    """
    used = np.ones(len(outcome), dtype=bool) if rows is None else rows
    x, y = design[used], outcome[used].astype(float)
    scale = np.where(np.abs(x).max(axis=0) > 0, np.abs(x).max(axis=0), 1.0)
    z = x / scale
    if np.linalg.matrix_rank(z) < z.shape[1]:
        raise FitError(
            f"the columns of the model of {what} are collinear", ["Leave out a variable that follows from others."]
        )
    beta = np.zeros(z.shape[1])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(z @ beta, -30, 30)))
        information = (z * (p * (1 - p))[:, None]).T @ z
        if min(p.min(), 1 - p.max()) < CERTAIN:
            raise _separated(what)
        step = np.linalg.solve(information, z.T @ (y - p))
        beta = beta + step
        if np.abs(z @ step).max() < SETTLED:
            break
    else:
        raise _separated(what)
    p = 1 / (1 + np.exp(-z @ beta))
    information = (z * (p * (1 - p))[:, None]).T @ z
    influence = np.zeros(design.shape)
    influence[used] = np.linalg.solve(information, (z * (y - p)[:, None]).T).T / scale
    coefficient = beta / scale
    return LogisticModel(1 / (1 + np.exp(-design @ coefficient)), coefficient, design, influence)


def _separated(what: str) -> FitError:
    return FitError(
        f"the confounders separate the groups in the model of {what}: some participants are in one of them for certain",
        [
            "Restrict eligibility to people who could have been in either group.",
            "Join rare levels, or leave out a variable that decides the group.",
        ],
    )
