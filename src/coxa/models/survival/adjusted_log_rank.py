"""The log-rank test of two arms of a randomised trial, adjusted for covariates without a model of their effect.

The score of each participant is what the log-rank test adds up of him or her. Its part that covariates tell, by least
squares in each arm, is taken off: the test keeps its null hypothesis and its size, whatever the covariates do, and
gains power where they tell something.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.stats import norm

from coxa.cards import Carded
from coxa.errors import FitError, OptionError
from coxa.models.survival.follow_up import FollowUp, follow_up

WIDEST = 15.0
"""Largest log hazard ratio, either side of zero, that is looked for."""


@dataclass(frozen=True, slots=True, repr=False)
class AdjustedLogRank(Carded):
    """A log-rank test of two arms that is adjusted for covariates.

    score     : events observed in the treated arm less those expected, over n, less what covariates tell
    variance  : of the score, times n
    statistic : score over its standard error
    p_value   : two-sided, normal
    log_hazard_ratio : at which the adjusted score is zero; not a number where none is
    std_error : of it
    n         : participants

    Examples
    --------
    >>> test = adjusted_log_rank([6, 7, 9, 10, 13, 15], [1, 0, 1, 1, 1, 0], [1, 0, 1, 1, 0, 0], [3, 1, 4, 2, 2, 5])
    >>> test.n, round(test.statistic, 3)
    (6, 1.973)
    """

    score: float
    variance: float
    statistic: float
    p_value: float
    log_hazard_ratio: float
    std_error: float
    n: int


def adjusted_log_rank(
    time: ArrayLike, event: ArrayLike, treated: ArrayLike, covariates: ArrayLike, *, strata: ArrayLike | None = None
) -> AdjustedLogRank:
    """Test whether two arms have the same hazard, adjusted for covariates.

    Parameters
    ----------
    time, event : (n,)
        Time to the event or to censoring; 1 for an event, 0 for a censored time.
    treated : (n,)
        1 in the arm that is compared, 0 in the reference.
    covariates : (n,) or (n, p)
        Numbers known before randomisation.
    strata : (n,), optional
        Labels of strata: only rows of one stratum are compared, and covariates are taken from their mean in it.

    Returns
    -------
    AdjustedLogRank
        Its hazard ratio is the one without covariates (above 1: more events in the treated arm), not one at given
        covariates as Cox's model has it.

    Raises
    ------
    FitError
        No event happened while both arms were at risk.
    OptionError
        `treated` has other values than 0 and 1, or covariates are missing.

    Notes
    -----
    Needs simple randomisation, or one whose strata are among the covariates or `strata`. Source: Ye, Shao & Yi,
    Covariate-adjusted log-rank test: guaranteed efficiency gain and universal applicability, Biometrika 2024,
    111:691-705; of R's RobinCar2 to its printed digits.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> arm, age = np.arange(60) % 2, rng.normal(size=60)
    >>> day = rng.exponential(np.exp(0.8 * age - 0.3 * arm))
    >>> test = adjusted_log_rank(day, np.ones(60), arm, age)
    >>> round(test.statistic, 2), float(round(np.exp(test.log_hazard_ratio), 2))
    (2.12, 1.65)
    """
    rows = follow_up(time, event, None, strata)
    arm = np.asarray(treated, dtype=float)
    x = np.asarray(covariates, dtype=float).reshape(rows.time.size, -1)
    if not np.isin(arm, (0, 1)).all() or arm.size != rows.time.size:
        raise OptionError("`treated` has values other than 0 and 1. Give 1 for the arm that is compared.")
    if not np.isfinite(x).all():
        raise OptionError("`covariates` has missing values. Leave these participants out, and count them.")
    n, parts = arm.size, [_part(rows, arm, stratum) for stratum in np.unique(rows.strata)]
    score, variance, derived = _moments(parts, n, 0.0, ties=True)
    if not variance > 0:
        raise FitError(
            "no event happened while both arms were at risk",
            ["Compare arms that were followed over the same time.", "Use fewer strata."],
        )
    explained, gain = _explained(derived, arm, x, rows.strata)
    statistic = (score - explained) * np.sqrt(n / (variance - gain))
    log_ratio, error = _hazard_ratio(parts, arm, x, rows.strata)
    return AdjustedLogRank(
        score - explained, variance - gain, float(statistic), float(2 * norm.sf(abs(statistic))), log_ratio, error, n
    )


@dataclass(frozen=True, slots=True)
class _AtRisk:
    """Who is at risk at each time of events of a stratum.

    place      : (m,) rows of the data
    arm, event : (m,)
    first, last : (m,) how many times of events are before, and at or before, a row's time
    treated, both, deaths : (t,) at risk in the treated arm and in both, and events, at each time of events
    """

    place: np.ndarray
    arm: np.ndarray
    event: np.ndarray
    first: np.ndarray
    last: np.ndarray
    treated: np.ndarray
    both: np.ndarray
    deaths: np.ndarray


def _part(rows: FollowUp, arm: np.ndarray, stratum: object) -> _AtRisk:
    place = np.flatnonzero(rows.strata == stratum)
    time, event, mine = rows.time[place], rows.event[place], arm[place]
    times, deaths = np.unique(time[event], return_counts=True)
    order = np.argsort(time)
    before = np.searchsorted(time[order], times, side="left")
    treated = np.append(mine[order][::-1].cumsum()[::-1], 0.0)[before]
    first, last = (np.searchsorted(times, time, side=side) for side in ("left", "right"))
    return _AtRisk(place, mine, event, first, last, treated, (time.size - before).astype(float), deaths.astype(float))


def _moments(parts: list[_AtRisk], n: int, theta: float, *, ties: bool = False) -> tuple[float, float, np.ndarray]:
    """Return the score at a log hazard ratio, its variance, and what each participant adds, shape (n,).

    With `ties` the variance is that of the hypergeometric distribution, as the log-rank test has it.
    """
    score, variance, derived = 0.0, 0.0, np.zeros(n)
    for part in parts:
        if not part.deaths.size:
            continue
        ratio = np.exp(theta)
        weight = ratio * part.treated + (part.both - part.treated)
        share = ratio * part.treated / weight
        alone = (part.both - part.deaths) / np.maximum(part.both - 1, 1) if ties else 1.0
        score += float((part.arm * part.event).sum() - share @ part.deaths)
        variance += float((share * (1 - share) * part.deaths * alone).sum())
        for treated, factor, size in ((1.0, 1 - share, ratio), (0.0, share, 1.0)):
            mine = part.arm == treated
            expected = np.append(0.0, np.cumsum(factor * size * part.deaths / weight))[part.last[mine]]
            observed = np.where(part.event[mine], np.append(factor, 0.0)[part.first[mine]], 0.0)
            derived[part.place[mine]] = observed - expected
    return score / n, variance / n, derived


def _explained(derived: np.ndarray, arm: np.ndarray, x: np.ndarray, strata: np.ndarray) -> tuple[float, float]:
    """Return what covariates tell of the score, and of its variance: least squares in each arm, within strata."""
    slopes = []
    for treated in (1.0, 0.0):
        mine = arm == treated
        own = _centred(x[mine], strata[mine])
        slopes.append(np.linalg.lstsq(own, derived[mine], rcond=None)[0])
    centred, n = _centred(x, strata), arm.size
    explained = float((np.where(arm == 1, centred @ slopes[0], -(centred @ slopes[1]))).sum() / n)
    both, share = slopes[0] + slopes[1], arm.mean()
    spread = np.zeros((x.shape[1], x.shape[1]))
    for stratum in np.unique(strata):
        mine = centred[strata == stratum]
        spread += len(mine) / n * (mine.T @ mine) / max(len(mine) - 1, 1)
    return explained, float(share * (1 - share) * both @ spread @ both)


def _centred(x: np.ndarray, strata: np.ndarray) -> np.ndarray:
    """Return covariates less their mean in the stratum."""
    _, codes, counts = np.unique(strata, return_inverse=True, return_counts=True)
    sums = np.zeros((counts.size, x.shape[1]))
    np.add.at(sums, codes, x)
    return np.asarray(x - (sums / counts[:, None])[codes])


def _hazard_ratio(parts: list[_AtRisk], arm: np.ndarray, x: np.ndarray, strata: np.ndarray) -> tuple[float, float]:
    """Return the log hazard ratio at which the adjusted score is zero, and its standard error.

    What covariates tell is that at the log hazard ratio without them.
    """
    n = arm.size
    unadjusted = _root(parts, n, 0.0)
    if np.isnan(unadjusted):
        return float("nan"), float("nan")
    explained, gain = _explained(_moments(parts, n, unadjusted)[2], arm, x, strata)
    found = _root(parts, n, explained)
    if np.isnan(found):
        return float("nan"), float("nan")
    variance = _moments(parts, n, found)[1]
    return found, float(np.sqrt((variance - gain) / n) / variance)


def _root(parts: list[_AtRisk], n: int, explained: float) -> float:
    """Return the log hazard ratio at which the score is what covariates tell; not a number where none is."""

    def gap(theta: float) -> float:
        return _moments(parts, n, theta)[0] - explained

    if gap(-WIDEST) <= 0 or gap(WIDEST) >= 0:
        return float("nan")
    return float(brentq(gap, -WIDEST, WIDEST, xtol=1e-12))
