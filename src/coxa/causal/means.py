"""Means of weighted groups, and means with a model of the outcome as well: doubly robust, or standardised alone.

Standard errors are of equations that are solved together: those of the weights, of the outcome models and of the means.
Sources: Lunceford & Davidian, Statistics in Medicine 2004, 23:2937-2960; Stefanski & Boos, American Statistician 2002,
56:29-38; Robins, Rotnitzky & Zhao, JASA 1994, 89:846-866.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from coxa.causal.propensity import fit_logistic
from coxa.causal.weights import Balancing, Weights
from coxa.errors import FitError, RankDeficientError
from coxa.models.glm.arrays import fit_columns
from coxa.models.glm.families import POISSON

OutcomeFamily = Literal["normal", "binomial", "poisson"]
FEWEST = 2
"""Outcomes that a group needs at least."""

COLLINEAR = "the confounders are collinear in one group"


@dataclass(frozen=True, slots=True)
class GroupMean:
    """The mean of one group in the target population.

    value : the mean
    error : (n,) what each participant adds to its error
    n     : outcomes of the group
    """

    value: float
    error: np.ndarray = field(repr=False)
    n: int


@dataclass(frozen=True, slots=True)
class GroupMeans:
    """Means of groups in the target population: of two, the treated first.

    mean      : (k,) of k groups
    influence : (n, k) what each participant adds to the error of each
    n         : outcomes of each group
    """

    mean: np.ndarray
    influence: np.ndarray = field(repr=False)
    n: tuple[int, ...]

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the means (k, k)."""
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
    return side_by_side(weighted_mean(outcome, weights, mine) for mine in both_sides(weights.treated))


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
    return side_by_side(
        modelled_mean(outcome, columns, weights, mine, family, augmented=augmented)
        for mine in both_sides(weights.treated)
    )


def both_sides(treated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (n,) who is treated, and who is of the reference group."""
    return treated, ~treated


def side_by_side(means: Iterable[GroupMean]) -> GroupMeans:
    """Return means of groups as one record."""
    each = list(means)
    return GroupMeans(
        np.array([one.value for one in each]),
        np.column_stack([one.error for one in each]),
        tuple(one.n for one in each),
    )


def weighted_mean(outcome: np.ndarray, weights: Balancing, mine: np.ndarray) -> GroupMean:
    """Return the weighted mean of the outcome (n,) of one group (n,) bool."""
    mine = mine & (weights.value > 0)
    _enough(mine)
    y = np.where(mine, outcome, 0.0)
    total = weights.value[mine].sum()
    mean = float((weights.value * y)[mine].sum() / total)
    gradient = np.where(mine, (y - mean) / total, 0.0)
    return GroupMean(mean, weights.error_of(gradient[:, None])[:, 0], int(mine.sum()))


def modelled_mean(
    outcome: np.ndarray,
    columns: np.ndarray,
    weights: Balancing,
    mine: np.ndarray,
    family: OutcomeFamily,
    *,
    augmented: bool = True,
) -> GroupMean:
    """Return the mean of one group (n,) bool by a model of its outcome, standardised over the target."""
    mine = mine & (weights.value > 0)
    _enough(mine)
    design = np.column_stack([np.ones(len(outcome)), columns])
    y = np.where(mine, outcome, 0.0)
    fitted, slope, influence = _outcome_model(design, y, mine, family)
    target = weights.tilt.sum()
    mean = float(weights.tilt @ fitted / target)
    error = weights.tilt * (fitted - mean) / target
    by_model = (weights.tilt[:, None] * slope).sum(axis=0) / target
    by_weights = weights.tilt_slope.T @ (fitted - mean) / target
    if augmented:
        w = np.where(mine, weights.value, 0.0)
        residual = float(w @ (y - fitted) / w.sum())
        mean += residual
        error = error + w * (y - fitted - residual) / w.sum()
        by_model = by_model - (w[:, None] * slope).sum(axis=0) / w.sum()
        by_weights = by_weights + (weights.slope * mine[:, None]).T @ (y - fitted - residual) / w.sum()
    return GroupMean(mean, error + influence @ by_model + weights.influence @ by_weights, int(mine.sum()))


def _enough(mine: np.ndarray) -> None:
    if mine.sum() < FEWEST:
        raise FitError(f"one of the groups has {int(mine.sum())} outcomes", ["Take a visit with more outcomes."])


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
