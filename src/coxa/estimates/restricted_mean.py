"""Restricted mean survival time: the mean time without an event up to a horizon, and the difference of two groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from coxa.cards import Carded
from coxa.errors import FitError, OptionError, check_level
from coxa.models.survival.kaplan_meier import KaplanMeier, kaplan_meier


@dataclass(frozen=True, slots=True, repr=False)
class RestrictedMean(Carded):
    """The mean time without an event up to a horizon.

    estimate : area under the curve of Kaplan and Meier
    se       : its standard error, by Greenwood
    horizon  : up to which time
    conf_low, conf_high : normal limits

    Examples
    --------
    >>> restricted_time([6, 7, 9, 10, 13], [1, 1, 1, 1, 1], 9).horizon
    9.0
    """

    estimate: float
    se: float
    horizon: float
    conf_low: float
    conf_high: float


@dataclass(frozen=True, slots=True, repr=False)
class RestrictedMeanDifference(Carded):
    """The difference of two restricted means.

    estimate  : that of the treated less that of the others
    se        : its standard error
    conf_low, conf_high : normal limits
    p_value   : two-sided, by the normal distribution
    treated, reference : the two means

    Examples
    --------
    >>> restricted_difference([6, 7, 9, 10], [1, 1, 1, 1], [0, 0, 1, 1], 9).treated.estimate
    9.0
    """

    estimate: float
    se: float
    conf_low: float
    conf_high: float
    p_value: float
    treated: RestrictedMean
    reference: RestrictedMean


def restricted_time(time: ArrayLike, event: ArrayLike, horizon: float, *, conf_level: float = 0.95) -> RestrictedMean:
    """Estimate the mean time without an event up to a horizon.

    Parameters
    ----------
    time, event : (n,)
        Time to the event or to censoring; 1 for an event, 0 for a censored time.
    horizon : float
        Up to which time. Someone has to be followed as long, or all have to have had the event.
    conf_level : float, default 0.95
        Of the limits.

    Examples
    --------
    >>> mean = restricted_time([6, 7, 9, 10, 13], [1, 0, 1, 0, 1], 12)
    >>> round(mean.estimate, 4), round(mean.se, 4)
    (10.0, 1.1075)
    """
    check_level(conf_level)
    curve = kaplan_meier(time, event)
    if not (np.isfinite(horizon) and horizon > 0):
        raise OptionError(f"`horizon` is {horizon}. Give a time above zero.")
    if horizon > curve.time[-1] and curve.survival[-1] > 0:
        raise FitError(
            f"no participant is followed up to {horizon:g}: the last time is {curve.time[-1]:g}, and it is censored",
            [f"Use a horizon of at most {curve.time[-1]:g}, for all groups.", "Follow up for longer."],
        )
    estimate, variance = _area(curve, horizon)
    half = norm.ppf((1 + conf_level) / 2) * np.sqrt(variance)
    return RestrictedMean(estimate, float(np.sqrt(variance)), float(horizon), estimate - half, estimate + half)


def restricted_difference(
    time: ArrayLike, event: ArrayLike, treated: ArrayLike, horizon: float, *, conf_level: float = 0.95
) -> RestrictedMeanDifference:
    """Estimate the difference of two restricted mean times without an event.

    Parameters
    ----------
    time, event : (n,)
        Time to the event or to censoring; 1 for an event, 0 for a censored time.
    treated : (n,)
        1 for the treated, 0 for the reference.
    horizon : float
        Up to which time, in both groups.
    conf_level : float, default 0.95
        Of the limits.

    Examples
    --------
    >>> found = restricted_difference([6, 7, 9, 10, 13, 8], [1, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1], 9)
    >>> round(found.estimate, 4), round(found.se, 4)
    (0.6667, 0.8607)
    """
    times, events, arm = np.asarray(time, dtype=float), np.asarray(event), np.asarray(treated)
    if arm.shape != times.shape or events.shape != times.shape or set(np.unique(arm).tolist()) != {0, 1}:
        raise OptionError("`treated` is not 0 or 1 for each time, with both of them. Give 1 for the treated.")
    new, old = (restricted_time(times[arm == k], events[arm == k], horizon, conf_level=conf_level) for k in (1, 0))
    estimate, se = new.estimate - old.estimate, float(np.hypot(new.se, old.se))
    if se == 0:
        raise FitError(
            f"no group has a spread before the horizon {horizon:g}, so that a difference has no standard error",
            ["Use a later horizon."],
        )
    half = float(norm.ppf((1 + conf_level) / 2)) * se
    p_value = float(2 * norm.sf(abs(estimate) / se))
    return RestrictedMeanDifference(estimate, se, estimate - half, estimate + half, p_value, new, old)


def _area(curve: KaplanMeier, horizon: float) -> tuple[float, float]:
    """Return the area under a curve up to a horizon, and its variance by Greenwood."""
    within = (curve.time <= horizon) & (curve.events > 0)
    edges = np.concatenate([[0.0], curve.time[within], [horizon]])
    pieces = np.diff(edges) * np.append(1.0, curve.survival[within])
    after = pieces[::-1].cumsum()[::-1][1:]
    n, d = curve.at_risk[within], curve.events[within]
    return float(pieces.sum()), float(np.sum(after**2 * np.where(n > d, d / (n * np.maximum(n - d, 1)), 0.0)))
