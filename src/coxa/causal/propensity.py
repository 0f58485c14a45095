"""The probability of being in the treated group, given the confounders: logistic regression, with what it is worth.

Sources: Rosenbaum & Rubin, Biometrika 1983, 70:41-55; for the equations that are solved together, Lunceford & Davidian,
Statistics in Medicine 2004, 23:2937-2960.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.special import expit

from coxa.errors import FitError, RankDeficientError
from coxa.models.glm.arrays import fit_columns
from coxa.models.glm.families import BINOMIAL


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
    try:
        fit = fit_columns(x, y, BINOMIAL)
    except RankDeficientError:
        raise FitError(
            f"the columns of the model of {what} are collinear", ["Leave out a variable that follows from others."]
        ) from None
    if fit is None:
        raise _separated(what)
    influence = np.zeros(design.shape)
    influence[used] = fit.influence(x, y)
    return LogisticModel(expit(design @ fit.coefficient), fit.coefficient, design, influence)


def _separated(what: str) -> FitError:
    return FitError(
        f"the confounders separate the groups in the model of {what}: some participants are in one of them for certain",
        [
            "Restrict eligibility to people who could have been in either group.",
            "Join rare levels, or leave out a variable that decides the group.",
        ],
    )
