"""Several estimates of a trial: three-level model, errors that are correlated in a trial, and robust errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from scipy.optimize import minimize

from coxa.arguments import FRAME, kinds
from coxa.cards import Carded
from coxa.errors import OptionError, check_option
from coxa.meta.effects import Floats, Wholes, as_columns, refuse
from coxa.meta.robust import robust_errors
from coxa.meta.weighted import check_design

LevelsMethod = Literal["reml", "ml"]
LEVELS_METHODS: tuple[LevelsMethod, ...] = get_args(LevelsMethod)
STARTS = ((0.5, 0.5), (1.0, 0.0), (0.0, 1.0), (0.05, 0.05))
"""Shares of the variance of the estimates from which the search starts."""
STEPS = 50


@dataclass(frozen=True, slots=True, repr=False)
class ThreeLevel(Carded):
    """Estimates within trials, and trials, that vary; with robust errors.

    names        : (p,)
    coefficients, std_errors, covariance : (p,), (p,), (p, p), by the model
    robust_errors, robust_df : (p,), (p,): CR2 errors by trial, and Satterthwaite's degrees of freedom
    between, within : variance between trials, and of estimates within a trial
    log_likelihood  : restricted for `reml`
    trials, k    : number of trials and of estimates
    weights      : (k,), shares of the pooled estimate (of the precision, with moderators)
    level        : of intervals

    Examples
    --------
    >>> from coxa.meta import pool_levels
    >>> found = pool_levels([-0.43, -0.34, -0.56, -0.11], [0.04, 0.04, 0.03, 0.07], ["a", "a", "b", "c"])
    >>> found.trials, found.k, found.weights.round(2).tolist()
    (3, 4, [0.26, 0.26, 0.34, 0.15])
    """

    names: tuple[str, ...]
    coefficients: Floats
    std_errors: Floats
    covariance: Floats
    robust_errors: Floats
    robust_df: Floats
    between: float
    within: float
    log_likelihood: float
    trials: int
    k: int
    weights: Floats
    level: float

    @property
    def conf_int(self) -> Floats:
        """Limits by the robust errors, (p, 2); NaN where the degrees of freedom are not known."""
        reach = stats.t.ppf(0.5 + self.level / 2, self.robust_df) * self.robust_errors
        return np.column_stack([self.coefficients - reach, self.coefficients + reach])

    @property
    def p_values(self) -> Floats:
        """Two-sided p-values by the robust errors, (p,)."""
        statistic = np.abs(self.coefficients / self.robust_errors)
        return np.asarray(2 * stats.t.sf(statistic, self.robust_df), dtype=float)

    @property
    def prediction_df(self) -> float:
        """Degrees of freedom of the prediction interval: trials - 1, or those of the effect where these are fewer."""
        return float(min(self.trials - 1, self.robust_df[0]))

    @property
    def prediction_interval(self) -> tuple[float, float]:
        """Where the true effect of a comparison in a next trial lies; NaN where there is one trial, or moderators."""
        if len(self.names) > 1 or self.trials < 2:
            return math.nan, math.nan
        total = self.robust_errors[0] ** 2 + self.between + self.within
        reach = float(stats.t.ppf(0.5 + self.level / 2, self.prediction_df)) * math.sqrt(total)
        return float(self.coefficients[0]) - reach, float(self.coefficients[0]) + reach


@kinds(moderators=FRAME)
def pool_levels(
    estimate: ArrayLike,
    variance: ArrayLike,
    trial: Sequence[str],
    *,
    correlation: float = 0.0,
    moderators: pd.DataFrame | None = None,
    method: LevelsMethod = "reml",
    level: float = 0.95,
) -> ThreeLevel:
    """Pool estimates of which some are of one trial: several arms against one reference, outcomes, or visits.

    Parameters
    ----------
    estimate, variance
        Of each comparison; ratios as logarithms.
    trial
        The trial that each is of.
    correlation
        Of the sampling errors of two estimates of a trial; 0.5 for two arms of equal size with one reference.
    moderators
        A column of numbers for each, a row for each estimate.
    method
        "reml" or "ml".
    level
        Of the intervals.

    Returns
    -------
    ThreeLevel
        With errors that hold where `correlation` is not right: CR2 by trial (Pustejovsky and Tipton), t tests with
        Satterthwaite's degrees of freedom.

    Raises
    ------
    OptionError
        An option is unknown, a variance is not positive, or columns differ in length.
    FitError
        The studies do not determine the coefficients.

    References
    ----------
    Van den Noortgate W et al. Behavior Research Methods 2013;45:576-594. Pustejovsky JE, Tipton E. Journal of
    Business & Economic Statistics 2018;36:672-683.

    Examples
    --------
    >>> trial = ["Fransen", "Fransen", "Krauss", "Harris-Hayes", "Fernandes"]
    >>> variance = [0.039, 0.037, 0.030, 0.075, 0.037]
    >>> found = pool_levels([-0.43, -0.34, -0.56, -0.11, -0.26], variance, trial, correlation=0.5)
    >>> found.trials, round(float(found.coefficients[0]), 2)
    (4, -0.37)
    """
    check_option("method", method, LEVELS_METHODS)
    y, v = as_columns(estimate=estimate, variance=variance)
    refuse(~np.isfinite(v) | (v <= 0), "The sampling variance is not positive", "Give the square of the error.")
    if len(trial) != len(y):
        raise OptionError(f"`trial` has {len(trial)} names for {len(y)} estimates. Give one for each estimate.")
    if not 0 <= correlation < 1:
        raise OptionError(f"`correlation` is {correlation:g}. Give a number from 0 to below 1.")
    x = np.ones((len(y), 1))
    names: tuple[str, ...] = ("intercept",)
    if moderators is not None:
        x = np.column_stack([x, moderators.to_numpy(dtype=float)])
        names = (*names, *map(str, moderators.columns))
    check_design(x, names)
    clusters = np.unique(np.asarray(trial, dtype=str), return_inverse=True)[1]
    together = (clusters[:, None] == clusters[None, :]).astype(float)
    sampling = np.sqrt(np.outer(v, v)) * together * correlation
    np.fill_diagonal(sampling, v)
    return _fitted(y, x, names, sampling, together, clusters, method, level)


def _fitted(
    y: Floats, x: Floats, names: tuple[str, ...], sampling: Floats, together: Floats, clusters: Wholes,
    method: LevelsMethod, level: float,
) -> ThreeLevel:  # fmt: skip
    parts = (together, np.eye(len(y)))
    alone = bool(np.all(together == parts[1]))
    variances = _variances(y, x, sampling, parts[:1] if alone else parts, restricted=method == "reml")
    between, within = (variances[0], 0.0) if alone else variances
    total = sampling + between * together + within * parts[1]
    precision = np.linalg.inv(total)
    covariance = np.linalg.inv(x.T @ precision @ x)
    coefficients = covariance @ (x.T @ precision @ y)
    errors, df = robust_errors(y - x @ coefficients, x, total, clusters)
    weights = precision.sum(axis=0)
    return ThreeLevel(
        names=names, coefficients=coefficients, std_errors=np.sqrt(np.diag(covariance)), covariance=covariance,
        robust_errors=errors, robust_df=df, between=float(between), within=float(within),
        log_likelihood=_log_likelihood(y, x, total, restricted=method == "reml"), trials=int(clusters.max()) + 1,
        k=len(y), weights=weights / weights.sum(), level=level,
    )  # fmt: skip


def _log_likelihood(y: Floats, x: Floats, total: Floats, *, restricted: bool) -> float:
    k, p = x.shape
    precision = np.linalg.inv(total)
    information = x.T @ precision @ x
    residuals = y - x @ np.linalg.solve(information, x.T @ precision @ y)
    deviance = float(residuals @ precision @ residuals) + float(np.linalg.slogdet(total)[1])
    if not restricted:
        return -0.5 * (deviance + k * math.log(2 * math.pi))
    extra = float(np.linalg.slogdet(information)[1]) - float(np.linalg.slogdet(x.T @ x)[1])
    return -0.5 * (deviance + extra + (k - p) * math.log(2 * math.pi))


def _variances(y: Floats, x: Floats, sampling: Floats, parts: Sequence[Floats], *, restricted: bool) -> Floats:
    """Return the variances of `parts`, none below zero, at the largest likelihood: searched, then by scoring."""
    size = float(np.var(y)) + 1e-12

    def total(variances: Floats) -> Floats:
        return sampling + sum(value * part for value, part in zip(variances, parts, strict=True))

    def loss(variances: Floats) -> tuple[float, Floats]:
        return -_log_likelihood(y, x, total(variances), restricted=restricted), -_score(
            y, x, total(variances), parts, restricted=restricted
        )[0]

    found = [
        minimize(
            loss, size * np.array(start[: len(parts)]), jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(parts)
        )
        for start in STARTS
    ]
    variances = np.asarray(min(found, key=lambda one: one.fun).x)
    for _ in range(STEPS):
        score, information = _score(y, x, total(variances), parts, restricted=restricted)
        free = (variances > 0) | (score > 0)
        if not free.any():
            break
        step = np.zeros_like(variances)
        step[free] = np.linalg.solve(information[np.ix_(free, free)], score[free])
        moved = np.maximum(variances + step, 0.0)
        if np.all(np.abs(moved - variances) <= 1e-14 * size):
            break
        variances = moved
    return variances


def _score(
    y: Floats, x: Floats, total: Floats, parts: Sequence[Floats], *, restricted: bool
) -> tuple[Floats, Floats]:  # fmt: skip
    """Return gradient and expected information of the log-likelihood in the variances."""
    precision = np.linalg.inv(total)
    wx = precision @ x
    p = precision - wx @ np.linalg.inv(x.T @ wx) @ wx.T
    traced = p if restricted else precision
    py = p @ y
    score = [0.5 * (float(py @ part @ py) - float(np.sum(traced * part))) for part in parts]
    products = [traced @ part for part in parts]
    information = [[0.5 * float(np.sum(one * other.T)) for other in products] for one in products]
    return np.array(score), np.array(information)
