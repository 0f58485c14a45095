"""The analysis of completed outcomes: least squares at each visit, and the mean of each arm over all participants.

Every number is linear in the completed outcomes, so that it can be taken part by part: of what was observed, of what
was imputed, and of what is added to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, get_args

import numpy as np
import pandas as pd

from coxa.errors import RankDeficientError, check_option
from coxa.impute.outcomes import IncompleteOutcomes
from coxa.models import Fit
from coxa.models.design.matrix import DEPENDENT, design_matrix

Averaging = Literal["counterfactual", "equal"]


@dataclass(frozen=True, slots=True)
class VisitMeans:
    """Least squares of n participants on q columns, which are the same at every visit, and the means of A arms.

    x    : (n, q) design in orthonormal coordinates
    grid : (n, A, q) what a participant adds to the mean of each arm: the rows with the covariates of the participant
    columns : columns of the design as it was written

    Examples
    --------
    >>> two = VisitMeans(np.eye(2), np.tile(np.eye(2), (2, 1, 1)), 2)
    >>> two.means(np.array([[1.0, 2], [3, 4]])).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """

    x: np.ndarray
    grid: np.ndarray
    columns: int

    @property
    def rows(self) -> np.ndarray:
        """Weights of the coefficients that give the mean of each arm, (A, q)."""
        return np.asarray(self.grid.mean(axis=0))

    def weights(self) -> np.ndarray:
        """Return the weight of each participant's outcome in the mean of each arm, (A, n)."""
        return np.asarray(self.rows @ self.x.T)

    def means(self, y: np.ndarray) -> np.ndarray:
        """Return the mean of each arm at each visit, (..., A, m), of completed outcomes (..., n, m)."""
        return np.asarray(self.weights() @ y)

    def influence(self, y: np.ndarray) -> np.ndarray:
        """Return what each participant's row adds to the error of the means, (n, A, m); they add up to zero.

        A participant counts twice: by the residual of the least squares, and by the covariates over which the mean is
        taken.
        """
        coefficients = self.x.T @ y
        left = y - self.x @ coefficients
        of_residual = self.weights().T[:, :, None] * left[:, None, :]
        n = len(self.x)
        return np.asarray(of_residual + ((self.grid - self.rows) @ coefficients) / n)

    def weighted_means(self, weights: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the means (B, A, m) where participants count with weights (B, n) and have outcomes (B, n, m).

        A weight of zero leaves a participant out; outcomes (n, m) are the same for all B.
        """
        n, q = self.x.shape
        gram = (weights @ (self.x[:, :, None] * self.x[:, None, :]).reshape(n, -1)).reshape(-1, q, q)
        weighted = weights[:, :, None] * y
        coefficients = np.linalg.solve(gram, self.x.T @ weighted)
        grid = (weights @ self.grid.reshape(n, -1)).reshape(len(weights), -1, q)
        return np.asarray((grid / weights.sum(axis=1)[:, None, None]) @ coefficients)


def visit_means(
    fit: Fit,
    outcomes: IncompleteOutcomes,
    *,
    arm: str = "arm",
    formula: str | None = None,
    averaging: Averaging = "counterfactual",
) -> VisitMeans:
    """Return the least squares of a visit that a model of repeated measures has there, or those of a formula.

    Parameters
    ----------
    fit : Fit
        The model that outcomes are imputed from.
    outcomes : IncompleteOutcomes
    arm : str
        Column of the arm.
    formula : str, optional
        Right side of the analysis of covariance at each visit, such as ``arm + baseline``, of columns of the model. By
        default what the model has at one visit: the same covariates, with effects of their own.
    averaging : {"counterfactual", "equal"}
        The mean of an arm is over all participants with their own covariates, or over the levels of factors with equal
        weight.

    Raises
    ------
    RankDeficientError
        A column of the formula is a combination of others.
    """
    check_option("averaging", averaging, get_args(Averaging))
    frame = outcomes.people
    levels = fit.design.levels[arm]
    factors = [name for name in fit.design.levels if name not in (arm, fit.sample.visit_column)]
    rows = at_first_visit(fit, outcomes) if formula is None else by_formula(fit, frame, [arm, *factors], formula)
    own = rows(frame)
    back = independent(own, strict=formula is not None)
    grids = [over_levels(rows, frame.assign(**{arm: level}), factors, fit, averaging) for level in levels]
    return VisitMeans(own @ back, np.stack(grids, axis=1) @ back, back.shape[1])


Rows = Callable[[pd.DataFrame], np.ndarray]
"""Participants with their covariates -> rows of a design."""


def at_first_visit(fit: Fit, outcomes: IncompleteOutcomes) -> Rows:
    """Return what gives the rows of the model at its first visit, whose columns span those of any other."""

    def rows(people: pd.DataFrame) -> np.ndarray:
        return fit.design.rows(people.assign(**{str(fit.sample.visit_column): outcomes.visits[0]}))

    return rows


def by_formula(fit: Fit, people: pd.DataFrame, factors: Sequence[str], formula: str) -> Rows:
    """Return what gives the rows of a formula, with the levels that the model has."""
    coded = people.assign(**{name: pd.Categorical(people[name], fit.design.levels[name]) for name in factors})
    return design_matrix(f"outcome ~ {formula}", coded.assign(outcome=np.arange(len(people), dtype=float))).rows


def independent(x: np.ndarray, *, strict: bool) -> np.ndarray:
    """Return weights (p, q) of columns that give orthonormal ones, which have all that x (n, p) has."""
    length = np.sqrt((x**2).sum(axis=0))
    scaled = x / np.where(length > 0, length, 1.0)
    _, values, right = np.linalg.svd(scaled, full_matrices=False)
    kept = values > DEPENDENT * values[0]
    if strict and not kept.all():
        raise RankDeficientError(
            f"{int((~kept).sum())} columns of the analysis at a visit are combinations of others",
            ["Leave the term out that repeats another."],
        )
    return np.asarray((right[kept] / values[kept][:, None] / np.where(length > 0, length, 1.0)).T)


def over_levels(rows: Rows, frame: pd.DataFrame, factors: Sequence[str], fit: Fit, averaging: Averaging) -> np.ndarray:
    """Return design rows (n, p) of participants with their own levels, or averaged over all of them."""
    if averaging == "counterfactual" or not factors:
        return np.asarray(rows(frame))
    every = list(product(*(fit.design.levels[name] for name in factors)))
    each = [rows(frame.assign(**dict(zip(factors, levels, strict=True)))) for levels in every]
    return np.asarray(sum(each) / len(every))
