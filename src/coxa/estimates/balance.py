"""How alike two arms are at baseline: standardised differences, of weighted values too.

These describe; they test nothing, and there is no p-value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Moments:
    """Weighted mean and standard deviation of a column, and the sample size that its weights leave.

    effective_n : sum(w)^2 / sum(w^2), equal to n with equal weights (Kish 1965)
    """

    mean: float
    sd: float
    effective_n: float


def moments(values: np.ndarray, weights: np.ndarray | None = None) -> Moments:
    """Return mean, standard deviation and effective n of the known values.

    Parameters
    ----------
    values : (n,) array
        Missing ones are left out.
    weights : (n,) array, optional
        Not negative; only their ratios matter. Without them all are 1.

    Notes
    -----
    mean = sum(w x) / sum(w) and variance = V1 / (V1^2 - V2) * sum(w (x - mean)^2), V1 = sum(w), V2 = sum(w^2): unbiased
    for weights that are no counts, and with equal weights the usual n - 1. Source: Austin & Stuart, Statistics in
    Medicine 2015, 34:3661-3679, the weighted variance of their balance diagnostics.

    Examples
    --------
    >>> moments(np.array([1.0, 2.0, 3.0, np.nan]))
    Moments(mean=2.0, sd=1.0, effective_n=3.0)
    """
    w = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=float)
    known = np.isfinite(values) & (w > 0)
    x, w = np.asarray(values, dtype=float)[known], w[known]
    if not len(x):
        return Moments(math.nan, math.nan, 0.0)
    first, second = float(w.sum()), float((w**2).sum())
    mean = float(w @ x) / first
    free = first**2 - second
    variance = first / free * float(w @ (x - mean) ** 2) if len(x) > 1 else math.nan
    return Moments(mean, math.sqrt(variance), first**2 / second)


def standardised_difference(arm: Moments, reference: Moments) -> float:
    """Return the difference of two means in units of their pooled standard deviation.

    d = (mean_arm - mean_reference) / sqrt((sd_arm^2 + sd_reference^2) / 2), whatever the sizes of the arms. NaN where
    neither arm varies and the means differ.

    Notes
    -----
    Source: Austin, Statistics in Medicine 2009, 28:3083-3107.

    Examples
    --------
    >>> standardised_difference(Moments(12.0, 4.0, 10), Moments(10.0, 4.0, 90))
    0.5
    """
    return _in_units(arm.mean - reference.mean, (arm.sd**2 + reference.sd**2) / 2)


def standardised_difference_of_shares(arm: np.ndarray, reference: np.ndarray) -> float:
    """Return the standardised difference of two distributions over the same levels; never negative.

    Parameters
    ----------
    arm, reference : (levels,) arrays
        Shares of each level, each array of sum 1, or counts or sums of weights, which are made shares.

    Notes
    -----
    d = sqrt((t - c)' S^-1 (t - c)), t and c the shares of all levels but the first, S the mean of the two multinomial
    covariance matrices: S_kk = (t_k (1 - t_k) + c_k (1 - c_k)) / 2 and S_kl = -(t_k t_l + c_k c_l) / 2. It does not
    matter which level is left out. With two levels it is the absolute difference of two proportions over
    sqrt((t (1 - t) + c (1 - c)) / 2). A level that is empty in both arms is left out; where S is singular all the same
    (arms without a level in common, each in a single one) there is no standardised difference, and NaN is returned.
    Source: Yang & Dalton, SAS Global Forum 2012, paper 335.

    Examples
    --------
    >>> round(standardised_difference_of_shares(np.array([50, 50]), np.array([30, 70])), 4)
    0.417
    """
    t, c = (np.asarray(side, dtype=float) for side in (arm, reference))
    if not (t.sum() > 0 and c.sum() > 0):
        return math.nan
    used = (t + c) > 0
    t, c = t[used][1:] / t.sum(), c[used][1:] / c.sum()
    if not len(t):
        return 0.0
    s = (np.diag(t) - np.outer(t, t) + np.diag(c) - np.outer(c, c)) / 2
    if np.linalg.matrix_rank(s) < len(t):
        return math.nan
    return float(np.sqrt((t - c) @ np.linalg.solve(s, t - c)))


def _in_units(difference: float, variance: float) -> float:
    if variance > 0:
        return difference / math.sqrt(variance)
    return 0.0 if difference == 0 else math.nan
