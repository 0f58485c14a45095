"""The estimate of Kaplan and Meier, with Greenwood's variance and limits on the scale of log(-log)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import norm

from coxa.cards import Carded
from coxa.errors import OptionError, check_level
from coxa.models.survival.follow_up import follow_up

HALF = 1e-12
"""How near a share has to be to that of a quantile to be it: what is left of rounding in the product."""


@dataclass(frozen=True, slots=True, repr=False)
class KaplanMeier(Carded):
    """The share without an event over time.

    time       : (k,) times of events and of censoring, in order
    at_risk    : (k,) number at risk just before each of them
    events     : (k,) number with an event
    censored   : (k,) number censored
    survival   : (k,) share without an event just after
    se         : (k,) its standard error, by Greenwood
    conf_low, conf_high : (k,) limits on the scale of log(-log); 1 before the first event, and no number where the
                 share is 0
    conf_level : of the limits

    Examples
    --------
    >>> kaplan_meier([6, 7, 9, 10, 13], [1, 0, 1, 0, 1]).at([5, 10])["at_risk"].tolist()
    [5, 2]
    """

    time: np.ndarray
    at_risk: np.ndarray
    events: np.ndarray
    censored: np.ndarray
    survival: np.ndarray
    se: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray
    conf_level: float

    def at(self, times: ArrayLike) -> pd.DataFrame:
        """Return the share at some times, and the number at risk just before them.

        Beyond the last time there is no number, unless the last share is 0.
        """
        asked = np.atleast_1d(np.asarray(times, dtype=float))
        place = np.searchsorted(self.time, asked, side="right")
        beyond = (asked > self.time[-1]) & (self.survival[-1] > 0)
        columns = {"survival": (self.survival, 1.0), "se": (self.se, 0.0)}
        columns |= {"conf_low": (self.conf_low, 1.0), "conf_high": (self.conf_high, 1.0)}
        frame = {name: np.where(beyond, np.nan, np.append(first, v)[place]) for name, (v, first) in columns.items()}
        below = np.searchsorted(self.time, asked, side="left")
        return pd.DataFrame({"time": asked, "at_risk": np.append(self.at_risk, 0)[below], **frame})

    def quantile(self, share: float = 0.5) -> tuple[float, float, float]:
        """Return the time by which a share has had the event, with limits: infinite where it is not reached.

        Where the estimate is equal to the share over an interval, the time is its middle. Limits are where the limits
        of the estimate reach the share (Brookmeyer and Crowley).
        """
        if not 0 < share < 1:
            raise OptionError(f"`share` is {share}. Give one above 0 and below 1.")
        found = [self._reached(curve, 1 - share) for curve in (self.survival, self.conf_low, self.conf_high)]
        return found[0], found[1], found[2]

    def _reached(self, curve: np.ndarray, level: float) -> float:
        """Return the first time at which a curve is at or below a level; the middle where it stays on it."""
        known = np.where(np.isnan(curve), 0.0 if curve is not self.conf_high else np.inf, curve)
        below = np.flatnonzero((known <= level + HALF) & (self.events > 0))
        if not below.size:
            return np.inf
        first = below[0]
        under = np.flatnonzero((known < level - HALF) & (self.events > 0))
        stays = abs(known[first] - level) <= HALF
        return float((self.time[first] + self.time[under[0]]) / 2 if stays and under.size else self.time[first])


def kaplan_meier(
    time: ArrayLike, event: ArrayLike, *, start: ArrayLike | None = None, conf_level: float = 0.95
) -> KaplanMeier:
    """Estimate the share without an event over time.

    Parameters
    ----------
    time : (n,)
        Time to the event or to censoring.
    event : (n,)
        1 for an event, 0 for a censored time. Who is censored at the time of an event was at risk of it.
    start : (n,), optional
        After which time a row is at risk, where it is not from the beginning.
    conf_level : float, default 0.95
        Of the limits.

    Examples
    --------
    >>> curve = kaplan_meier([6, 7, 9, 10, 13], [1, 0, 1, 0, 1])
    >>> curve.survival.round(4).tolist()
    [0.8, 0.8, 0.5333, 0.5333, 0.0]
    >>> curve.quantile()[0]
    13.0
    """
    check_level(conf_level)
    rows = follow_up(time, event, start)
    times, place = np.unique(rows.time, return_inverse=True)
    events = np.bincount(place, rows.event, times.size)
    ended = np.bincount(place, minlength=times.size)
    at_risk = ended[::-1].cumsum()[::-1] - (rows.start.size - np.searchsorted(np.sort(rows.start), times, side="left"))
    survival = np.cumprod(1 - events / at_risk)
    left = at_risk - events
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.sqrt(np.cumsum(np.where(events > 0, events / (at_risk * left), 0.0)))
        se = np.where(survival > 0, survival * relative, 0.0)
        width = norm.ppf((1 + conf_level) / 2) * relative / -np.log(survival)
        low, high = survival ** np.exp(width), survival ** np.exp(-width)
    limits = [np.where(survival == 1, 1.0, np.where(survival == 0, np.nan, each)) for each in (low, high)]
    counts = [each.astype(int) for each in (at_risk, events, ended - events)]
    return KaplanMeier(times, counts[0], counts[1], counts[2], survival, se, limits[0], limits[1], conf_level)
