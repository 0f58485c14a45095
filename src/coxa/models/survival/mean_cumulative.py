"""The mean number of events by a time: Nelson-Aalen over rows at risk, with a variance robust by participant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import norm

from coxa.cards import Carded
from coxa.errors import check_level
from coxa.models.survival.follow_up import FollowUp, codes_of, follow_up

BLOCK = 2_000_000
"""Numbers of participants times times of events that are held at once."""


@dataclass(frozen=True, slots=True, repr=False)
class MeanCumulative(Carded):
    """The mean number of events of a participant over time.

    time       : (k,) times of events
    at_risk    : (k,) rows at risk just before each of them
    events     : (k,) events
    mean       : (k,) mean number of events by then
    se         : (k,) its standard error, robust by participant
    conf_low, conf_high : (k,) limits on the scale of the logarithm
    conf_level : of the limits
    participants : how many there are

    Examples
    --------
    >>> curve = mean_cumulative([30, 70, 100, 80], [1, 1, 0, 0], ["P1", "P1", "P1", "P2"], start=[0, 30, 70, 0])
    >>> curve.mean.tolist()
    [0.5, 1.0]
    """

    time: np.ndarray
    at_risk: np.ndarray
    events: np.ndarray
    mean: np.ndarray
    se: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray
    conf_level: float
    participants: int

    def at(self, times: ArrayLike) -> pd.DataFrame:
        """Return the mean at some times."""
        asked = np.atleast_1d(np.asarray(times, dtype=float))
        place = np.searchsorted(self.time, asked, side="right")
        names = ("mean", "se", "conf_low", "conf_high")
        return pd.DataFrame({"time": asked} | {name: np.append(0.0, getattr(self, name))[place] for name in names})


def mean_cumulative(
    time: ArrayLike,
    event: ArrayLike,
    participant: ArrayLike,
    *,
    start: ArrayLike | None = None,
    conf_level: float = 0.95,
) -> MeanCumulative:
    """Estimate the mean number of events by each time, of events that come again.

    Parameters
    ----------
    time, event : (n,)
        When each row ends; 1 where it ends with an event.
    participant : (n,)
        Whose row it is.
    start : (n,), optional
        After which time a row is at risk.
    conf_level : float, default 0.95
        Of the limits.

    Notes
    -----
    The sum of events over rows at risk, with the sum of squared influences of the participants (Lawless and Nadeau
    1995; Lin, Wei, Yang and Ying 2000). A participant who dies stops being at risk: the mean is then that of a world
    without deaths, unless time at risk goes on after them.

    Examples
    --------
    >>> curve = mean_cumulative([30, 70, 100, 80], [1, 1, 0, 0], ["P1", "P1", "P1", "P2"], start=[0, 30, 70, 0])
    >>> curve.at([50, 90]).round(3)[["mean", "se"]].values.tolist()
    [[0.5, 0.354], [1.0, 0.707]]
    """
    check_level(conf_level)
    rows = follow_up(time, event, start)
    who = codes_of(participant, rows.time.size, "participant")
    times, events = np.unique(rows.time[rows.event], return_counts=True)
    at_risk = _from(rows.time, times) - _from(rows.start, times)
    mean = np.cumsum(events / at_risk)
    se = np.sqrt(_squares(rows, who, times, events / at_risk, at_risk))
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.exp(norm.ppf((1 + conf_level) / 2) * se / mean)
    return MeanCumulative(
        times, at_risk, events, mean, se, mean / factor, mean * factor, conf_level, int(who.max()) + 1
    )


def _from(values: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return how many values are at or after some times."""
    return np.asarray(values.size - np.searchsorted(np.sort(values), times, side="left"))


def _squares(rows: FollowUp, who: np.ndarray, times: np.ndarray, hazard: np.ndarray, at_risk: np.ndarray) -> np.ndarray:
    """Return the sum over participants of squared influences on the mean at each time."""
    total = np.zeros(times.size)
    first = np.searchsorted(times, rows.start, side="right")
    after = np.searchsorted(times, rows.time, side="right")
    at = np.searchsorted(times, rows.time, side="left")
    count, size = int(who.max()) + 1, max(1, BLOCK // max(times.size, 1))
    for begin in range(0, count, size):
        own = np.flatnonzero((who >= begin) & (who < begin + size))
        change = np.zeros((min(size, count - begin), times.size + 1))
        np.add.at(change, (who[own] - begin, first[own]), 1)
        np.add.at(change, (who[own] - begin, after[own]), -1)
        part = -change[:, :-1].cumsum(axis=1) * (hazard / at_risk)
        ended = own[rows.event[own]]
        np.add.at(part, (who[ended] - begin, at[ended]), 1 / at_risk[at[ended]])
        total += (part.cumsum(axis=1) ** 2).sum(axis=0)
    return total
