"""Win ratio, net benefit and win odds of endpoints in order of importance.

Each treated participant is compared with each of the reference, on the first endpoint that tells them apart. The first
endpoint is compared by sorting; the pairs that it leaves tied are compared on the next ones, a block of them at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from coxa.cards import Carded
from coxa.errors import FitError, OptionError, check_level, check_option
from coxa.estimates.win_inference import VARIANCES, WEIGHTINGS, Compared, Variance, Weighting, win_table

ROUNDING = 1e-12
"""Relative: a difference that misses the margin by less than this is the margin."""

Missing = Literal["refuse", "tie"]

BLOCK = 2**20
"""Pairs that are compared at once."""


@dataclass(frozen=True, slots=True)
class TimeEndpoint:
    """A time to an event that is better late or never; or, of a wanted event, better soon.

    time   : (n,) time to the event or to censoring
    event  : (n,) 1 for an event, 0 for a censored time
    margin : a pair is decided by a difference of at least this; where 0, by any
    good   : whether the event is wanted

    Who had the event loses to who was followed for longer without it, or wins where it is wanted; one who was censored
    at that very time was followed longer. Every other pair is tied.

    Examples
    --------
    >>> TimeEndpoint([5, 8, 3], [1, 0, 1]).margin
    0.0
    """

    time: ArrayLike
    event: ArrayLike
    margin: float = 0.0
    good: bool = False


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


@dataclass(frozen=True, slots=True, repr=False)
class WinStatistics(Carded):
    """What the comparison of all pairs says.

    wins, losses, ties : numbers of pairs, from the side of the treated
    by_endpoint : one row per endpoint: `wins`, `losses` and `ties` of the pairs that reached it
    table       : one row each for `win_ratio`, `net_benefit` and `win_odds`: estimate, `se` (of the logarithm, for the
                  ratios), limits and p
    variance    : "u_statistic": of Hoeffding's projection, from the covariance of the shares of wins and losses of each
                  participant, with n - 1; "no_difference": of Dong and others, where the groups do not differ
    by_stratum  : one row per stratum: its name, `n_treated`, `n_reference`, `wins`, `losses`, `ties`

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
    variance: str
    by_stratum: pd.DataFrame


def win_statistics(
    endpoints: Sequence[Endpoint],
    treated: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    weighting: Weighting = "mantel-haenszel",
    variance: Variance = "u_statistic",
    missing: Missing = "refuse",
    conf_level: float = 0.95,
) -> WinStatistics:
    """Compare each treated participant with each of the reference, on endpoints in order of importance.

    Parameters
    ----------
    endpoints : sequence of TimeEndpoint, MeasuredEndpoint or BinaryEndpoint
        The most important one first; a pair that is tied on one is compared on the next.
    treated : (n,)
        1 for the treated, 0 for the reference.
    strata : (n,), optional
        Only participants of the same stratum are compared.
    weighting : {"mantel-haenszel", "equal"}
        Weight of each pair of a stratum: one over its participants, or one.
    variance : {"u_statistic", "no_difference"}
        `u_statistic` holds whether or not the groups differ. `no_difference` is that of Dong and others, for groups
        that do not differ, which the R package WINS prints.
    missing : {"refuse", "tie"}
        A pair in which a value of an endpoint is missing (NaN) is tied on that endpoint, if it is not refused.
    conf_level : float, default 0.95
        Of the limits, which are normal for the net benefit and for the logarithms of win ratio and win odds.

    Raises
    ------
    OptionError
        An endpoint, a group or an option is not allowed.
    FitError
        A group of a stratum has one participant, or all pairs that differ are decided for one group.

    Notes
    -----
    Win ratio: wins over losses. Net benefit: share of wins less share of losses. Win odds: wins and half of the ties
    over losses and half of the ties. Sources: Pocock 2012 (win ratio), Buyse 2010 (net benefit), Dong 2020 (win odds);
    strata: Dong, Qiu, Wang & Vandemeulebroecke, Journal of Biopharmaceutical Statistics 2018, 28:778-796.

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
    check_option("variance", variance, VARIANCES)
    check_option("weighting", weighting, WEIGHTINGS)
    arm = np.asarray(treated)
    if arm.ndim != 1 or set(np.unique(arm).tolist()) != {0, 1}:
        raise OptionError("`treated` is not 0 and 1 for two groups. Give 1 for the treated, 0 for the reference.")
    if not endpoints:
        raise OptionError("`endpoints` is empty. Give at least one endpoint.")
    codes, names = _strata(strata, arm)
    check_option("missing", missing, get_args(Missing))
    levels = [_level(each, arm.size, missing) for each in endpoints]
    compared, counts = [], np.zeros((len(levels), 3), dtype=int)
    for code in range(len(names)):
        new, old = ([each.part((codes == code) & (arm == k)) for each in levels] for k in (1, 0))
        found, here = _compared(new, old)
        compared.append(found)
        counts += here
    rows = pd.DataFrame(counts, columns=["wins", "losses", "ties"])
    rows.insert(0, "endpoint", np.arange(1, len(levels) + 1))
    wins, losses, ties = int(rows["wins"].sum()), int(rows["losses"].sum()), int(counts[-1][2])
    table = win_table(compared, weighting, variance, conf_level)
    return WinStatistics(wins, losses, ties, rows, table, variance, _by_stratum(names, compared))


def _strata(strata: ArrayLike | None, arm: np.ndarray) -> tuple[np.ndarray, list[object]]:
    """Return the stratum of each participant as a code, and their names; each has two participants of a group."""
    given = np.zeros(arm.size, dtype=int) if strata is None else np.asarray(strata)
    if given.shape != arm.shape:
        raise OptionError(f"`strata` has {given.size} values and `treated` {arm.size}. Give one for each participant.")
    codes, names = pd.factorize(given, sort=True)
    if (codes < 0).any():
        raise OptionError("`strata` has missing values. Give every participant's stratum.")
    for code, name in enumerate(names):
        if min(((codes == code) & (arm == k)).sum() for k in (0, 1)) < 2:
            where = "" if strata is None else f" in stratum {name}"
            remedy = "Compare larger groups." if strata is None else "Join strata, so that each has two of each group."
            raise FitError(f"a group has fewer than two participants{where}, so that there is no variance", [remedy])
    return codes, list(names)


def _by_stratum(names: list[object], compared: list[Compared]) -> pd.DataFrame:
    """Return the participants and pairs of each stratum."""
    return pd.DataFrame(
        {
            "stratum": names,
            "n_treated": [len(each.won[0]) for each in compared],
            "n_reference": [len(each.won[1]) for each in compared],
            "wins": [each.wins for each in compared],
            "losses": [each.losses for each in compared],
            "ties": [each.pairs - each.wins - each.losses for each in compared],
        }
    )


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
    compared, counts = _compared(new, old)
    n, m = (part.low.size for part in (new[0], old[0]))
    won, lost = ([each[0] / m, each[1] / n] for each in (compared.won, compared.lost))
    return won, lost, counts


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


def _level(endpoint: Endpoint, n: int, missing: Missing = "refuse") -> _Level:
    """Return an endpoint as intervals, higher being better, or refuse it by name; what is missing may be anything."""
    if isinstance(endpoint, TimeEndpoint):
        return _time_level(endpoint, n, missing)
    value = _numbers(endpoint.value, n, "value", missing)
    if isinstance(endpoint, BinaryEndpoint):
        _check_binary(value, "value")
        return _level(MeasuredEndpoint(value, 0.0, endpoint.good), n, missing)
    signed = value if endpoint.higher_is_better else -value
    gone = np.isnan(signed)
    return _Level(np.where(gone, -np.inf, signed), np.where(gone, np.inf, signed), _margin(endpoint.margin))


def _time_level(endpoint: TimeEndpoint, n: int, missing: Missing) -> _Level:
    """Return a time as intervals: a censored one ends after its end of observation."""
    time, event = _numbers(endpoint.time, n, "time", missing), _numbers(endpoint.event, n, "event", missing)
    _check_binary(event, "event")
    gone = np.isnan(time) | np.isnan(event)
    later = np.where(event == 1, time, np.nextafter(time, np.inf) if not endpoint.margin else time)
    low, high = np.where(gone, -np.inf, later), np.where((event == 1) & ~gone, time, np.inf)
    return (
        _Level(-high, -low, _margin(endpoint.margin)) if endpoint.good else _Level(low, high, _margin(endpoint.margin))
    )


def _numbers(values: ArrayLike, n: int, name: str, missing: Missing) -> np.ndarray:
    found = np.asarray(values, dtype=float)
    if found.shape != (n,):
        raise OptionError(f"`{name}` has {found.size} values and `treated` {n}. Give one for each participant.")
    if not np.isfinite(found).all() and (missing == "refuse" or np.isinf(found).any()):
        raise OptionError(
            f"`{name}` has missing or infinite values. Leave these participants out, and say so, or use missing='tie'."
        )
    return found


def _check_binary(values: np.ndarray, name: str) -> None:
    if not np.isin(values[~np.isnan(values)], (0, 1)).all():
        raise OptionError(f"`{name}` has values other than 0 and 1. Give 1 where it happened, 0 where it did not.")


def _margin(margin: float) -> float:
    if not (np.isfinite(margin) and margin >= 0):
        raise OptionError(f"`margin` is {margin}. Give a number that is not below zero.")
    return float(margin)


def _compared(new: list[_Level], old: list[_Level]) -> tuple[Compared, list[list[int]]]:
    """Return pairs won and lost by the treated, of each of the two groups, and counts by endpoint."""
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
    return Compared((won[0], won[1]), (lost[0], lost[1])), counts


def _losses(these: _Level, others: _Level) -> np.ndarray:
    """Return by how many of the others each of these is beaten, by sorting."""
    if these.margin:
        return others.low.size - np.searchsorted(np.sort(others.reach()), these.high, side="left")
    return others.low.size - np.searchsorted(np.sort(others.low), these.high, side="right")
