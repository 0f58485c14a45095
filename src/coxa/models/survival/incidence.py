"""Cumulative incidence with competing risks: the estimate of Aalen and Johansen, with a named variance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import norm

from coxa.cards import Carded
from coxa.errors import TooFewParticipantsError, check_level, check_option, choose
from coxa.models.survival.follow_up import follow_up, levels_of

Variance = Literal["infinitesimal jackknife", "aalen"]
VARIANCES: tuple[str, ...] = get_args(Variance)


@dataclass(frozen=True, slots=True, repr=False)
class CumulativeIncidence(Carded):
    """The share with an event of each cause over time, where events of other causes prevent it.

    causes     : m causes, sorted
    time       : (k,) times of events and of censoring, in order
    at_risk    : (k,) number at risk just before each of them
    events     : (k, m) number with an event of each cause
    incidence  : (k, m) share with an event of each cause by then
    se         : (k, m) its standard error
    conf_low, conf_high : (k, m) limits on the scale of log(-log(1 - share)); 0 before the first event
    variance   : "infinitesimal jackknife" or "aalen"
    conf_level : of the limits

    Examples
    --------
    >>> curves = aalen_johansen([1, 2, 3, 4, 5], [1, 2, 0, 1, 2])
    >>> curves.causes, curves.incidence[-1].round(3).tolist()
    ((1, 2), [0.5, 0.5])
    """

    causes: tuple[Any, ...]
    time: np.ndarray
    at_risk: np.ndarray
    events: np.ndarray
    incidence: np.ndarray
    se: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray
    variance: str
    conf_level: float

    def at(self, times: ArrayLike, cause: Any = 1) -> pd.DataFrame:
        """Return the share of a cause at some times; no number beyond the last time while some are still at risk."""
        column = self.causes.index(known_cause(cause, self.causes))
        asked = np.atleast_1d(np.asarray(times, dtype=float))
        place = np.searchsorted(self.time, asked, side="right")
        beyond = (asked > self.time[-1]) & (self.incidence[-1].sum() < 1)
        names = ("incidence", "se", "conf_low", "conf_high")
        columns = {name: np.append(0.0, getattr(self, name)[:, column])[place] for name in names}
        below = np.searchsorted(self.time, asked, side="left")
        frame = {"time": asked, "at_risk": np.append(self.at_risk, 0)[below]}
        return pd.DataFrame(frame | {name: np.where(beyond, np.nan, each) for name, each in columns.items()})


def known_cause(cause: Any, causes: tuple[Any, ...]) -> Any:
    """Return a cause that has events, or refuse it."""
    if cause not in causes:
        raise TooFewParticipantsError(f"no event has the cause {cause!r}", [choose(cause, map(str, causes))])
    return cause


def causes_of(cause: ArrayLike, n: int, censored: Any) -> tuple[tuple[Any, ...], np.ndarray]:
    """Return the causes that have events, and for each row the number of its cause from 1; 0 where it is censored."""
    levels, codes = levels_of(cause, n, "cause")
    causes = tuple(level for level in levels.tolist() if level != censored)
    if not causes:
        raise TooFewParticipantsError(
            f"no row has an event: all are censored ({censored!r})",
            ["Check how causes are coded.", "Follow up for longer."],
        )
    number = {level: k + 1 for k, level in enumerate(causes)}
    return causes, np.array([number.get(level, 0) for level in levels.tolist()])[codes]


def aalen_johansen(
    time: ArrayLike,
    cause: ArrayLike,
    *,
    censored: Any = 0,
    variance: Variance = "infinitesimal jackknife",
    conf_level: float = 0.95,
) -> CumulativeIncidence:
    """Estimate the share with an event of each cause over time.

    Parameters
    ----------
    time : (n,)
        Time to the first event of any cause, or to censoring.
    cause : (n,)
        Label of the cause; `censored` where there was no event.
    censored : default 0
        The label of a censored time.
    variance : {"infinitesimal jackknife", "aalen"}
        Squared influences of the participants, as `survfit` of R's survival; or that of Aalen (1978), as `cuminc` of
        cmprsk. Both are right in large samples.
    conf_level : float, default 0.95
        Of the limits, which are on the scale of log(-log(1 - share)).

    Examples
    --------
    >>> curves = aalen_johansen([1, 2, 2, 3, 4, 5], ["fracture", "death", "", "fracture", "death", ""], censored="")
    >>> curves.at([2, 4], "fracture").round(4)["incidence"].tolist()
    [0.1667, 0.3889]
    """
    check_level(conf_level)
    check_option("variance", variance, VARIANCES)
    rows = follow_up(time, np.zeros(np.shape(time), dtype=int))
    causes, codes = causes_of(cause, rows.time.size, censored)
    times, place = np.unique(rows.time, return_inverse=True)
    counts = np.zeros((times.size, len(causes) + 1))
    np.add.at(counts, (place, codes), 1)
    ended = counts.sum(axis=1)
    at_risk, events = ended[::-1].cumsum()[::-1], counts[:, 1:]
    survival = np.cumprod(1 - events.sum(axis=1) / at_risk)
    before = np.append(1.0, survival[:-1])
    incidence = np.cumsum(before[:, None] * events / at_risk[:, None], axis=0)
    of = influence_variance if variance == "infinitesimal jackknife" else aalen_variance
    se = np.sqrt(np.maximum([of(incidence[:, k], events[:, k], counts, before) for k in range(len(causes))], 0)).T
    low, high = log_log_limits(incidence, se, float(norm.ppf((1 + conf_level) / 2)))
    return CumulativeIncidence(
        causes, times, at_risk.astype(int), events.astype(int), incidence, se, low, high, variance, conf_level
    )


def log_log_limits(share: np.ndarray, se: np.ndarray, z: float) -> tuple[np.ndarray, np.ndarray]:
    """Return limits of shares with an event on the scale of log(-log(1 - share)); 0 where the share is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        left = 1 - share
        half = z * se / (left * -np.log(left))
        low, high = 1 - left ** np.exp(-half), 1 - left ** np.exp(half)
    inside = (share > 0) & (share < 1)
    low = np.where(inside, low, np.where(share <= 0, 0.0, np.nan))
    return low, np.where(inside, high, np.where(share <= 0, 0.0, np.nan))


def influence_variance(share: np.ndarray, own: np.ndarray, counts: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Return the sum of squared influences on the share of a cause at each time.

    Parameters
    ----------
    share : (k,) share of the cause
    own : (k,) its events
    counts : (k, m + 1) censored and events of each cause; `own` is one of the columns
    before : (k,) share without any event just before

    Notes
    -----
    The influence of a participant at t is a - F(t) b, where a and b are integrals against its martingales that do not
    change after its end, and are the same for all who are still at risk: sums over those who ended are cumulative.
    """
    ended = counts.sum(axis=1)
    n = ended[::-1].cumsum()[::-1]
    total = counts[:, 1:].sum(axis=1)
    with np.errstate(divide="ignore"):
        odds = np.where(n > total, 1 / np.where(n > total, n - total, 1), 0.0)
    common_a = -np.cumsum(before * own / n**2 + share * odds * total / n)
    common_b = -np.cumsum(odds * total / n)
    sums = np.zeros((3, share.size))
    others = total - own
    for number, jump_a, jump_b in (
        (own, before / n + share * odds, odds),
        (others, share * odds, odds),
        (counts[:, 0], np.zeros_like(n), np.zeros_like(n)),
    ):
        a, b = common_a + jump_a, common_b + jump_b
        sums += np.cumsum(number * np.stack([a * a, a * b, b * b]), axis=1)
    left = n - ended
    a2, ab, b2 = sums + left * np.stack([common_a**2, common_a * common_b, common_b**2])
    return np.asarray(a2 - 2 * share * ab + share**2 * b2)


def aalen_variance(share: np.ndarray, own: np.ndarray, counts: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Return the variance of Aalen (1978) of the share of a cause at each time; arguments as `influence_variance`.

    An event of this cause at s moves the share at t by S(s-) - (F(t) - F(s)) n / (n - d), over n; one of another cause
    by the second part alone. Events of one kind at the same time have the variance of draws without replacement.
    """
    n = counts.sum(axis=1)[::-1].cumsum()[::-1]
    total = counts[:, 1:].sum(axis=1)
    ratio = np.where(n > total, n / np.maximum(n - total, 1), 0.0)
    variance = np.zeros_like(share)
    for number, jump in ((own, before + share * ratio), (total - own, share * ratio)):
        weight = number * (n - number) / (n**2 * np.maximum(n - 1, 1))
        zero, one, two = ((weight * each).cumsum() for each in (jump**2, jump * ratio, ratio**2))
        variance += zero - 2 * share * one + share**2 * two
    return np.asarray(variance)
