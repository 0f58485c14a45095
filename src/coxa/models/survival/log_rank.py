"""The log-rank test of two or more groups, within strata."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

from coxa.cards import Carded
from coxa.errors import FitError, OptionError
from coxa.models.survival.follow_up import follow_up, levels_of

EMPTY = 1e-10
"""Eigenvalue of the variance, relative to the largest, below which the data say nothing of a direction."""


@dataclass(frozen=True, slots=True, repr=False)
class LogRank(Carded):
    """A log-rank test.

    groups    : the groups, sorted
    observed  : (g,) events of each
    expected  : (g,) events expected if all groups had the same hazard
    variance  : (g, g) covariance of observed less expected, by the hypergeometric distribution
    statistic : chi-square
    df        : its degrees of freedom
    p_value   : two-sided

    Examples
    --------
    >>> log_rank([6, 7, 9, 10, 13, 15], [1, 0, 1, 1, 1, 0], [1, 2, 1, 1, 2, 2]).df
    1
    """

    groups: tuple[object, ...]
    observed: np.ndarray
    expected: np.ndarray
    variance: np.ndarray
    statistic: float
    df: int
    p_value: float


def log_rank(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    start: ArrayLike | None = None,
) -> LogRank:
    """Test whether groups have the same hazard.

    Parameters
    ----------
    time, event : (n,)
        Time to the event or to censoring; 1 for an event, 0 for a censored time.
    group : (n,)
        Labels of groups.
    strata : (n,), optional
        Labels of strata: only rows of one stratum are compared.
    start : (n,), optional
        After which time a row is at risk, where it is not from the beginning.

    Examples
    --------
    >>> test = log_rank([6, 7, 9, 10, 13, 15], [1, 0, 1, 1, 1, 0], ["a", "b", "a", "a", "b", "b"])
    >>> test.observed.tolist(), round(test.statistic, 4)
    ([3.0, 1.0], 3.8462)
    """
    rows = follow_up(time, event, start, strata)
    levels, codes = levels_of(group, rows.time.size, "group")
    if levels.size < 2:
        raise OptionError("`group` has one level. Give at least two groups to compare.")
    member = np.eye(levels.size)[codes]
    observed, expected = member[rows.event].sum(axis=0), np.zeros(levels.size)
    variance = np.zeros((levels.size, levels.size))
    for stratum in np.unique(rows.strata):
        own = rows.strata == stratum
        e, v = _moments(rows.time[own], rows.event[own], rows.start[own], member[own])
        expected, variance = expected + e, variance + v
    values, vectors = np.linalg.eigh(variance)
    informed = values > EMPTY * max(values[-1], EMPTY)
    if not informed.any():
        raise FitError(
            "no event happened while two groups were at risk",
            ["Compare groups that were followed over the same time.", "Use fewer strata."],
        )
    along = vectors[:, informed].T @ (observed - expected)
    statistic, df = float(along**2 @ (1 / values[informed])), int(informed.sum())
    return LogRank(tuple(levels.tolist()), observed, expected, variance, statistic, df, float(chi2.sf(statistic, df)))


def _moments(
    time: np.ndarray, event: np.ndarray, start: np.ndarray, member: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return expected events per group and their covariance, summed over the times of events of one stratum."""
    times, place = np.unique(time[event], return_inverse=True)
    deaths = np.bincount(place, minlength=times.size)
    at_risk = _at_or_after(time, member, times) - _at_or_after(start, member, times)
    n = at_risk.sum(axis=1)
    shares = at_risk / n[:, None]
    spread = deaths * (n - deaths) / np.maximum(n - 1, 1)
    return deaths @ shares, np.diag(spread @ shares) - (shares * spread[:, None]).T @ shares


def _at_or_after(ends: np.ndarray, member: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return how many of each group have a time at or after some times."""
    order = np.argsort(ends)
    before = np.vstack([np.zeros(member.shape[1]), member[order].cumsum(axis=0)])
    return before[-1] - before[np.searchsorted(ends[order], times, side="left")]
