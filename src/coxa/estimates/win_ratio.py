"""Win ratio, net benefit and win odds of endpoints in order of importance.

Each treated participant is compared with each of the reference, on the first endpoint that tells them apart. The first
endpoint is compared by sorting; the pairs that it leaves tied are compared on the next ones, a block of them at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import norm

from coxa.errors import FitError, OptionError, check_level

ROUNDING = 1e-12
"""Relative: a difference that misses the margin by less than this is the margin."""

BLOCK = 2**20
"""Pairs that are compared at once."""


@dataclass(frozen=True, slots=True)
class TimeEndpoint:
    """A time to an event that is better late or never.

    time   : (n,) time to the event or to censoring
    event  : (n,) 1 for an event, 0 for a censored time
    margin : a pair is decided by a difference of at least this; where 0, by any

    Who had the event loses to who was followed for longer without it; one who was censored at that very time was
    followed longer. Every other pair is tied.

    Examples
    --------
    >>> TimeEndpoint([5, 8, 3], [1, 0, 1]).margin
    0.0
    """

    time: ArrayLike
    event: ArrayLike
    margin: float = 0.0


@dataclass(frozen=True, slots=True)
class MeasuredEndpoint:
    """A measure, such as a score.

    value  : (n,) numbers
    margin : a pair is decided by a difference of at least this; where 0, by any
    higher_is_better : which of two numbers wins

    Examples
    --------
    >>> MeasuredEndpoint([50, 62, 71], margin=10).higher_is_better
    True
    """

    value: ArrayLike
    margin: float = 0.0
    higher_is_better: bool = True


@dataclass(frozen=True, slots=True)
class BinaryEndpoint:
    """Something that happened or not.

    value : (n,) 1 where it happened, 0 where it did not
    good  : whether it is better that it happened

    Examples
    --------
    >>> BinaryEndpoint([0, 1, 1], good=False).good
    False
    """

    value: ArrayLike
    good: bool = True


Endpoint = TimeEndpoint | MeasuredEndpoint | BinaryEndpoint


@dataclass(frozen=True, slots=True)
class WinStatistics:
    """What the comparison of all pairs says.

    wins, losses, ties : numbers of pairs, from the side of the treated
    by_endpoint : one row per endpoint: `wins`, `losses` and `ties` of the pairs that reached it
    table       : one row each for `win_ratio`, `net_benefit` and `win_odds`: estimate, `se` (of the logarithm, for the
                  ratios), limits and p
    variance    : "u_statistic": of Hoeffding's projection, from the covariance of the shares of wins and losses of each
                  participant, with n - 1

    Examples
    --------
    >>> found = win_statistics([BinaryEndpoint([1, 1, 0, 0, 1, 0])], [1, 1, 1, 0, 0, 0])
    >>> found.wins, found.losses, found.ties, found.variance
    (4, 1, 4, 'u_statistic')
    """

    wins: int
    losses: int
    ties: int
    by_endpoint: pd.DataFrame
    table: pd.DataFrame
    variance: str = "u_statistic"


def win_statistics(endpoints: Sequence[Endpoint], treated: ArrayLike, *, conf_level: float = 0.95) -> WinStatistics:
    """Compare each treated participant with each of the reference, on endpoints in order of importance.

    Parameters
    ----------
    endpoints : sequence of TimeEndpoint, MeasuredEndpoint or BinaryEndpoint
        The most important one first; a pair that is tied on one is compared on the next.
    treated : (n,)
        1 for the treated, 0 for the reference.
    conf_level : float, default 0.95
        Of the limits, which are normal for the net benefit and for the logarithms of win ratio and win odds.

    Notes
    -----
    Win ratio: wins over losses. Net benefit: share of wins less share of losses. Win odds: wins and half of the ties
    over losses and half of the ties. Sources: Pocock 2012 (win ratio), Buyse 2010 (net benefit), Dong 2020 (win odds).

    Examples
    --------
    >>> death = TimeEndpoint([5, 8, 3, 6, 8, 8], [1, 0, 1, 1, 0, 0])
    >>> score = MeasuredEndpoint([40, 60, 35, 50, 66, 45], margin=5)
    >>> found = win_statistics([death, score], [1, 1, 0, 0, 1, 0])
    >>> found.wins, found.losses, found.ties
    (7, 2, 0)
    >>> found.table["estimate"].round(3).tolist()
    [3.5, 0.556, 3.5]
    """
    check_level(conf_level)
    arm = np.asarray(treated)
    if arm.ndim != 1 or set(np.unique(arm).tolist()) != {0, 1}:
        raise OptionError("`treated` is not 0 and 1 for two groups. Give 1 for the treated, 0 for the reference.")
    if not endpoints:
        raise OptionError("`endpoints` is empty. Give at least one endpoint.")
    if min((arm == 1).sum(), (arm == 0).sum()) < 2:
        raise FitError("a group has one participant, so that there is no variance", ["Compare larger groups."])
    won, lost, counts = pair_shares(endpoints, arm)
    rows = pd.DataFrame(counts, columns=["wins", "losses", "ties"])
    rows.insert(0, "endpoint", np.arange(1, len(counts) + 1))
    wins, losses, ties = int(rows["wins"].sum()), int(rows["losses"].sum()), int(counts[-1][2])
    table = _table(wins, losses, ties, _covariance(won, lost), conf_level)
    return WinStatistics(wins, losses, ties, rows, table)


def pair_shares(
    endpoints: Sequence[Endpoint], treated: np.ndarray
) -> tuple[list[np.ndarray], list[np.ndarray], list[list[int]]]:
    """Return the shares of pairs that are won and lost by the treated, of each of the treated and of the reference.

    endpoints : in order of importance
    treated   : (n,) 1 and 0

    The first two are of the treated (n1,) and of the reference (n0,) each; the third has wins, losses and ties of
    each endpoint. Hoeffding's projection, and the placements of DeLong and of Brunner and Munzel, are made of these.
    """
    levels = [_level(each, treated.size) for each in endpoints]
    new, old = ([each.part(treated == k) for each in levels] for k in (1, 0))
    return _compared(new, old)


@dataclass(frozen=True, slots=True)
class _Level:
    """An endpoint as intervals: i beats j where the low end of i is above the high end of j, or by a margin.

    low, high : (n,) what a value is at least, and at most; the same where it is known
    margin    : by how much
    """

    low: np.ndarray
    high: np.ndarray
    margin: float

    def beats(self, other: _Level) -> np.ndarray:
        """Return which of these (rows) beat which of the others (columns)."""
        return self.reach()[:, None] >= other.high if self.margin else self.low[:, None] > other.high

    def reach(self) -> np.ndarray:
        """Return the highest value that each of these beats by the margin."""
        finite = np.where(np.isfinite(self.low), np.abs(self.low), 0.0)
        return np.asarray(self.low - self.margin + ROUNDING * np.maximum(finite, self.margin))

    def beaten(self, other: _Level) -> np.ndarray:
        """Return how many of the others each of these beats, by sorting."""
        ends = np.sort(other.high)
        if self.margin:
            return np.searchsorted(ends, self.reach(), side="right")
        return np.searchsorted(ends, self.low, side="left")

    def part(self, rows: slice | np.ndarray) -> _Level:
        """Return some rows."""
        return _Level(self.low[rows], self.high[rows], self.margin)


def _level(endpoint: Endpoint, n: int) -> _Level:
    """Return an endpoint as intervals, higher being better, or refuse it by name."""
    if isinstance(endpoint, TimeEndpoint):
        time, event = _numbers(endpoint.time, n, "time"), _numbers(endpoint.event, n, "event")
        _check_binary(event, "event")
        later = np.where(event == 1, time, np.nextafter(time, np.inf) if not endpoint.margin else time)
        return _Level(later, np.where(event == 1, time, np.inf), _margin(endpoint.margin))
    value = _numbers(endpoint.value, n, "value")
    if isinstance(endpoint, BinaryEndpoint):
        _check_binary(value, "value")
        return _level(MeasuredEndpoint(value, 0.0, endpoint.good), n)
    signed = value if endpoint.higher_is_better else -value
    return _Level(signed, signed, _margin(endpoint.margin))


def _numbers(values: ArrayLike, n: int, name: str) -> np.ndarray:
    found = np.asarray(values, dtype=float)
    if found.shape != (n,):
        raise OptionError(f"`{name}` has {found.size} values and `treated` {n}. Give one for each participant.")
    if not np.isfinite(found).all():
        raise OptionError(f"`{name}` has missing or infinite values. Leave these participants out, and say so.")
    return found


def _check_binary(values: np.ndarray, name: str) -> None:
    if not np.isin(values, (0, 1)).all():
        raise OptionError(f"`{name}` has values other than 0 and 1. Give 1 where it happened, 0 where it did not.")


def _margin(margin: float) -> float:
    if not (np.isfinite(margin) and margin >= 0):
        raise OptionError(f"`margin` is {margin}. Give a number that is not below zero.")
    return float(margin)


def _compared(new: list[_Level], old: list[_Level]) -> tuple[list[np.ndarray], list[np.ndarray], list[list[int]]]:
    """Return shares of pairs won and lost by the treated, of each of the two groups, and counts by endpoint."""
    n, m = new[0].low.size, old[0].low.size
    won = [new[0].beaten(old[0]), _losses(old[0], new[0])]
    lost = [_losses(new[0], old[0]), old[0].beaten(new[0])]
    first_wins, first_losses = int(won[0].sum()), int(lost[0].sum())
    counts = [[first_wins, first_losses, n * m - first_wins - first_losses]]
    later = np.zeros((len(new) - 1, 2), dtype=int)
    step = max(1, BLOCK // m)
    for begin in range(0, n if len(new) > 1 and counts[0][2] else 0, step):
        rows = slice(begin, min(begin + step, n))
        open_pairs = ~(new[0].part(rows).beats(old[0]) | old[0].beats(new[0].part(rows)).T)
        for k in range(1, len(new)):
            wins = open_pairs & new[k].part(rows).beats(old[k])
            losses = open_pairs & old[k].beats(new[k].part(rows)).T
            later[k - 1] += wins.sum(), losses.sum()
            for total, pairs in ((won, wins), (lost, losses)):
                total[0][rows] += pairs.sum(axis=1)
                total[1] += pairs.sum(axis=0)
            open_pairs &= ~(wins | losses)
    for wins, losses in later.tolist():
        counts.append([wins, losses, counts[-1][2] - wins - losses])
    return [won[0] / m, won[1] / n], [lost[0] / m, lost[1] / n], counts


def _losses(these: _Level, others: _Level) -> np.ndarray:
    """Return by how many of the others each of these is beaten, by sorting."""
    if these.margin:
        return others.low.size - np.searchsorted(np.sort(others.reach()), these.high, side="left")
    return others.low.size - np.searchsorted(np.sort(others.low), these.high, side="right")


def _covariance(won: list[np.ndarray], lost: list[np.ndarray]) -> np.ndarray:
    """Return the (2, 2) covariance of the shares of wins and of losses."""
    parts = [np.cov(np.stack(each)) / each[0].size for each in zip(won, lost, strict=True)]
    return np.asarray(parts[0] + parts[1])


def _table(wins: int, losses: int, ties: int, covariance: np.ndarray, conf_level: float) -> pd.DataFrame:
    """Return win ratio, net benefit and win odds with limits, by the delta method."""
    if not wins or not losses:
        raise FitError(
            "all pairs that differ are decided for the same group, so that the win ratio is zero or infinite",
            ["Report the numbers of wins, losses and ties.", "Check which direction of each endpoint is better."],
        )
    pairs = wins + losses + ties
    win, loss = wins / pairs, losses / pairs
    net = win - loss
    spread = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    ratio = np.array([1 / win, -1 / loss])
    estimate = np.array([win / loss, net, (1 + net) / (1 - net)])
    se = np.sqrt([ratio @ covariance @ ratio, spread, 4 * spread / (1 - net**2) ** 2])
    if not (se > 0).all():
        raise FitError("all participants of a group compare alike, so that there is no variance", ["Add participants."])
    centre = np.array([np.log(estimate[0]), net, np.log(estimate[2])])
    half = norm.ppf((1 + conf_level) / 2) * se
    return pd.DataFrame(
        {
            "statistic": ["win_ratio", "net_benefit", "win_odds"],
            "estimate": estimate,
            "se": se,
            "conf_low": _back(centre - half),
            "conf_high": _back(centre + half),
            "p_value": 2 * norm.sf(np.abs(centre) / se),
        }
    )


def _back(limits: np.ndarray) -> np.ndarray:
    """Return limits of the two ratios off the logarithm."""
    return np.array([np.exp(limits[0]), limits[1], np.exp(limits[2])])
