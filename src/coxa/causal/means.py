"""Means of two weighted groups, and means with a model of the outcome as well: doubly robust, or standardised alone.

Standard errors are of equations that are solved together: those of the weights, of the outcome models and of the means.
Sources: Lunceford & Davidian, Statistics in Medicine 2004, 23:2937-2960; Stefanski & Boos, American Statistician 2002,
56:29-38; Robins, Rotnitzky & Zhao, JASA 1994, 89:846-866.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from coxa.causal.propensity import fit_logistic
from coxa.causal.weights import Weights
from coxa.errors import FitError, RankDeficientError
from coxa.models.glm.arrays import fit_columns
from coxa.models.glm.families import POISSON

OutcomeFamily = Literal["normal", "binomial", "poisson"]
FEWEST = 2
"""Outcomes that a group needs at least."""

COLLINEAR = "the confounders are collinear in one group"


@dataclass(frozen=True, slots=True)
class GroupMeans:
    """Means of the treated and of the reference group in the target population.

    mean      : (2,) of the treated, of the reference
    influence : (n, 2) what each participant adds to the error of both
    n         : outcomes of both groups
    """

    mean: np.ndarray
    influence: np.ndarray = field(repr=False)
    n: tuple[int, int]

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the two means (2, 2)."""
        return self.influence.T @ self.influence


def weighted_group_means(outcome: np.ndarray, weights: Weights) -> GroupMeans:
    """Return the weighted means of two groups.

    Parameters
    ----------
    outcome : (n,)
        NaN where missing; such a row needs weight 0.
    weights : Weights

    Examples
    --------
    >>> import pandas as pd
    >>> from coxa.causal import balancing_weights
    >>> data = pd.DataFrame({"group": list("aaabbb"), "age": [50.0, 61, 58, 52, 66, 64], "y": [1.0, 3, 2, 4, 6, 5]})
    >>> weights = balancing_weights(data, group="group", treated="b", confounders=["age"])
    >>> weighted_group_means(data["y"].to_numpy(), weights).mean.round(3).tolist()
    [4.671, 2.191]
    """
    y = np.where(weights.value > 0, outcome, 0.0)
    means, gradients, numbers = [], [], []
    for side in (True, False):
        mine = (weights.treated == side) & (weights.value > 0)
        _enough(mine, side)
        total = weights.value[mine].sum()
        mean = float((weights.value * y)[mine].sum() / total)
        means.append(mean)
        gradients.append(np.where(mine, (y - mean) / total, 0.0))
        numbers.append(int(mine.sum()))
    return GroupMeans(np.array(means), weights.error_of(np.column_stack(gradients)), (numbers[0], numbers[1]))


def modelled_group_means(
    outcome: np.ndarray, columns: np.ndarray, weights: Weights, family: OutcomeFamily, *, augmented: bool = True
) -> GroupMeans:
    """Return means of two groups by a model of the outcome in each, corrected by weighted residuals or not.

    Parameters
    ----------
    outcome : (n,)
        NaN where missing; such a row needs weight 0.
    columns : (n, p)
        Predictors of the outcome, without a constant.
    weights : Weights
        They also say whom the means are of (`tilt`).
    family : {"normal", "binomial", "poisson"}
        Least squares, logistic or log-linear regression.
    augmented : bool, default True
        True: doubly robust, right where the weights or the outcome models are right. False: g-computation, by the
        outcome models alone.
    """
    n = len(outcome)
    design = np.column_stack([np.ones(n), columns])
    y = np.where(weights.value > 0, outcome, 0.0)
    means, errors, numbers = [], [], []
    for side in (True, False):
        mine = (weights.treated == side) & (weights.value > 0)
        _enough(mine, side)
        fitted, slope, influence = _outcome_model(design, y, mine, family)
        target = weights.tilt.sum()
        standard = float(weights.tilt @ fitted / target)
        error = weights.tilt * (fitted - standard) / target
        by_model = (weights.tilt[:, None] * slope).sum(axis=0) / target
        by_weights = weights.tilt_slope.T @ (fitted - standard) / target
        mean = standard
        if augmented:
            w = np.where(mine, weights.value, 0.0)
            residual = float(w @ (y - fitted) / w.sum())
            mean += residual
            error = error + w * (y - fitted - residual) / w.sum()
            by_model = by_model - (w[:, None] * slope).sum(axis=0) / w.sum()
            by_weights = by_weights + (weights.slope * mine[:, None]).T @ (y - fitted - residual) / w.sum()
        means.append(mean)
        errors.append(error + influence @ by_model + weights.influence @ by_weights)
        numbers.append(int(mine.sum()))
    return GroupMeans(np.array(means), np.column_stack(errors), (numbers[0], numbers[1]))


def _enough(mine: np.ndarray, treated: bool) -> None:
    if mine.sum() < FEWEST:
        named = "treated" if treated else "reference"
        raise FitError(f"the {named} group has {int(mine.sum())} outcomes", ["Take a visit with more outcomes."])


def _outcome_model(
    design: np.ndarray, y: np.ndarray, mine: np.ndarray, family: OutcomeFamily
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return fitted means (n,) of all, their slopes (n, p) and the influence of each row on the coefficients (n, p)."""
    if mine.sum() <= design.shape[1]:
        raise FitError(
            f"a group has {int(mine.sum())} outcomes for {design.shape[1]} coefficients", ["Use fewer confounders."]
        )
    if family == "binomial":
        model = fit_logistic(design, y, "the outcome", mine)
        p = model.probability
        return p, (p * (1 - p))[:, None] * design, model.influence
    if family == "poisson":
        return _log_linear(design, y, mine)
    x = design[mine]
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise FitError(COLLINEAR, ["Leave out a variable that follows from others."])
    gram = x.T @ x
    beta = np.linalg.solve(gram, x.T @ y[mine])
    influence = np.zeros(design.shape)
    influence[mine] = np.linalg.solve(gram, (x * (y[mine] - x @ beta)[:, None]).T).T
    return design @ beta, design, influence


def _log_linear(design: np.ndarray, y: np.ndarray, mine: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x = design[mine]
    try:
        fit = fit_columns(x, y[mine], POISSON)
    except RankDeficientError:
        raise FitError(COLLINEAR, ["Leave out a variable that follows from others."]) from None
    if fit is None:
        raise FitError("the log-linear model of the outcome has no maximum", ["Use fewer confounders."])
    influence = np.zeros(design.shape)
    influence[mine] = fit.influence(x, y[mine])
    fitted = POISSON.mean(design @ fit.coefficient)
    return fitted, fitted[:, None] * design, influence
