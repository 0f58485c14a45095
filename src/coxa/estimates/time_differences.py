"""Differences of two groups at a time that was named in advance: shares without an event, and cumulative incidences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.stats import norm

from coxa.cards import Carded
from coxa.errors import FitError, OptionError, check_level
from coxa.models.survival.incidence import Variance, aalen_johansen
from coxa.models.survival.kaplan_meier import kaplan_meier

METHOD = "square-and-add of log(-log) limits"
"""Of the limits, in words."""

FARTHEST = 40.0
"""Normal quantile up to which a p-value is looked for; beyond it is 0 in print."""


@dataclass(frozen=True, slots=True, repr=False)
class TimeDifference(Carded):
    """The difference of two shares at a time.

    at        : the time
    treated, reference : the shares of the two groups
    estimate  : that of the treated less that of the others
    se        : its standard error
    conf_low, conf_high : limits, from those of the two shares on the scale of log(-log)
    p_value   : two-sided; the limits at one less this level reach zero
    method    : of the limits
    conf_level : of the limits

    Examples
    --------
    >>> survival_difference([6, 7, 9, 10, 13, 8], [1, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1], 8.5).at
    8.5
    """

    at: float
    treated: float
    reference: float
    estimate: float
    se: float
    conf_low: float
    conf_high: float
    p_value: float
    method: str
    conf_level: float


def survival_difference(
    time: ArrayLike, event: ArrayLike, treated: ArrayLike, at: float, *, conf_level: float = 0.95
) -> TimeDifference:
    """Estimate the difference of two shares without an event at a time.

    Parameters
    ----------
    time, event : (n,)
        Time to the event or to censoring; 1 for an event, 0 for a censored time.
    treated : (n,)
        1 for the treated, 0 for the reference.
    at : float
        The time, which has to be named in advance and reached in both groups.
    conf_level : float, default 0.95
        Of the limits.

    Notes
    -----
    Kaplan-Meier with Greenwood's variance. The limits add up, as squares, the distances of the limits of the two shares
    from their estimates, so that they stay within -1 and 1. A share of 0 or 1 has no standard error; its limit is the
    exact binomial one of those of whom it is known whether they had the event by then.

    Examples
    --------
    >>> found = survival_difference([6, 7, 9, 10, 13, 8], [1, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1], 9.5)
    >>> round(found.estimate, 4), round(found.conf_low, 3), round(found.conf_high, 3)
    (0.6667, -0.375, 0.945)
    """

    def share(times: np.ndarray, events: np.ndarray) -> Share:
        row = kaplan_meier(times, events).at([at]).iloc[0]
        known = int(((times >= at) | (events == 1)).sum())
        return Share(float(row["survival"]), float(row["se"]), known)

    return _difference(time, event, treated, at, conf_level, share)


def incidence_difference(
    time: ArrayLike,
    cause: ArrayLike,
    treated: ArrayLike,
    at: float,
    *,
    of: Any = 1,
    censored: Any = 0,
    variance: Variance = "infinitesimal jackknife",
    conf_level: float = 0.95,
) -> TimeDifference:
    """Estimate the difference of two cumulative incidences of a cause at a time.

    Parameters
    ----------
    time, cause : (n,)
        Time to the first event of any cause or to censoring, and the label of the cause.
    treated : (n,)
        1 for the treated, 0 for the reference.
    at : float
        The time, which has to be named in advance and reached in both groups.
    of, censored : default 1 and 0
        The cause, and the label of a censored time.
    variance : {"infinitesimal jackknife", "aalen"}
        Of the cumulative incidences; see `coxa.models.aalen_johansen`.
    conf_level : float, default 0.95
        Of the limits.

    Examples
    --------
    >>> found = incidence_difference([6, 7, 9, 10, 13, 8], [1, 2, 1, 1, 2, 1], [0, 0, 0, 1, 1, 1], 9.5)
    >>> round(found.estimate, 4), round(found.se, 4)
    (-0.3333, 0.3849)
    """

    def share(times: np.ndarray, causes: np.ndarray) -> Share:
        known = int(((times >= at) | (causes != censored)).sum())
        if not (causes == of).any():
            return Share(0.0 if times.max() >= at or known == times.size else np.nan, 0.0, known)
        row = aalen_johansen(times, causes, censored=censored, variance=variance).at([at], of).iloc[0]
        return Share(float(row["incidence"]), float(row["se"]), known)

    return _difference(time, cause, treated, at, conf_level, share, with_event=True)


@dataclass(frozen=True, slots=True)
class Share:
    """A share at a time, its standard error, and the number of those of whom it is known what happened by then."""

    value: float
    se: float
    known: int


def _difference(
    time: ArrayLike,
    outcome: ArrayLike,
    treated: ArrayLike,
    at: float,
    conf_level: float,
    share: Callable[[np.ndarray, np.ndarray], Share],
    with_event: bool = False,
) -> TimeDifference:
    check_level(conf_level)
    times, outcomes, arm = np.asarray(time, dtype=float), np.asarray(outcome), np.asarray(treated)
    if arm.shape != times.shape or outcomes.shape != times.shape or set(np.unique(arm).tolist()) != {0, 1}:
        raise OptionError("`treated` is not 0 or 1 for each time, with both of them. Give 1 for the treated.")
    if not (np.isfinite(at) and at > 0):
        raise OptionError(f"`at` is {at}. Give a time above zero.")
    new, old = (share(times[arm == k], outcomes[arm == k]) for k in (1, 0))
    for name, each in (("treated", new), ("reference", old)):
        if np.isnan(each.value):
            raise FitError(
                f"no participant of the {name} group is followed up to {at:g}",
                ["Use an earlier time, for both groups.", "Follow up for longer."],
            )
    low, high = square_and_add(new, old, float(norm.ppf((1 + conf_level) / 2)), with_event)
    return TimeDifference(
        float(at),
        new.value,
        old.value,
        new.value - old.value,
        float(np.hypot(new.se, old.se)),
        low,
        high,
        _p_value(new, old, with_event),
        METHOD,
        conf_level,
    )


def limits_of(share: Share, z: float, with_event: bool) -> tuple[float, float]:
    """Return limits of a share on the scale of log(-log) of the share without an event; exact where it is 0 or 1."""
    if not 0 < share.value < 1:
        width = 1 - norm.sf(z) ** (1 / max(share.known, 1))
        return (0.0, float(width)) if share.value <= 0 else (float(1 - width), 1.0)
    left = 1 - share.value if with_event else share.value
    half = z * share.se / (left * -np.log(left))
    low, high = float(left ** np.exp(half)), float(left ** np.exp(-half))
    return (1 - high, 1 - low) if with_event else (low, high)


def square_and_add(new: Share, old: Share, z: float, with_event: bool) -> tuple[float, float]:
    """Return limits of the difference of two shares."""
    (new_low, new_high), (old_low, old_high) = (limits_of(each, z, with_event) for each in (new, old))
    estimate = new.value - old.value
    below = np.hypot(new.value - new_low, old_high - old.value)
    above = np.hypot(new_high - new.value, old.value - old_low)
    return float(estimate - below), float(estimate + above)


def _p_value(new: Share, old: Share, with_event: bool) -> float:
    """Return the level at which one of the limits is zero."""
    if new.value == old.value:
        return 1.0
    side, sign = (0, 1) if new.value > old.value else (1, -1)

    def limit(z: float) -> float:
        return sign * square_and_add(new, old, z, with_event)[side]

    if limit(FARTHEST) > 0:
        return 0.0
    return float(2 * norm.sf(brentq(limit, 0.0, FARTHEST, xtol=1e-12)))
