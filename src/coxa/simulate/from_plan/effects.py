"""The true value of an estimand that is no difference in means, from what many participants have under each arm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from coxa.study.effects import Effect
from coxa.study.events import Composite

Floats = NDArray[np.float64]
Columns = dict[str, NDArray[np.float64]]

GROUPS = 20
"""Groups of participants from whose spread the Monte Carlo error of a value is computed."""


def effect_of(effect: Effect, own: Columns, other: Columns, composite: Composite | None, days: float, better: int
              ) -> tuple[float, float]:  # fmt: skip
    """Return a population-level summary and its Monte Carlo error.

    Parameters
    ----------
    effect
        The summary.
    own, other
        Columns (n,) of the arm and of the one that it is compared with: `response`, and of events `time`, `status`,
        `count` and `exposure`; of composites the steps.
    composite
        The composite, where it is one.
    days
        Time that rates are per.
    better
        1 where a higher response is better, -1 where a lower one is.

    Notes
    -----
    The error is the spread of the value over groups of participants, divided by the root of their number. A hazard
    ratio is the ratio of the cumulative hazards at the visit, and a subdistribution hazard ratio that of
    -log(1 - cumulative incidence): where hazards are proportional, the ratio of the hazards. A ratio of standard
    deviations within persons is that of their geometric means.
    """

    def value(rows: slice) -> float:
        one, two = ({name: column[rows] for name, column in arm.items()} for arm in (own, other))
        return _value(effect, one, two, composite, days, better)

    n = len(next(iter(own.values())))
    size = max(n // GROUPS, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.array([value(slice(start, start + size)) for start in range(0, size * GROUPS, size)])
        whole = value(slice(None))
    parts = parts[np.isfinite(parts)]
    error = float(parts.std(ddof=1) / np.sqrt(len(parts))) if len(parts) > 1 else float("nan")
    return whole, error


def _value(effect: Effect, own: Columns, other: Columns, composite: Composite | None, days: float, better: int
           ) -> float:  # fmt: skip
    term = effect.term
    if term in ("risk_difference", "risk_ratio", "odds_ratio"):
        return _of_risks(term, _risk(own), _risk(other))
    if term in ("hazard_ratio", "subdistribution_hazard_ratio"):
        mine, theirs = (_cause(arm, term) for arm in (own, other))
        return float(mine / theirs)
    if term == "difference_in_restricted_means":
        return float(own["time"].mean() - other["time"].mean())
    if term in ("rate_ratio", "rate_difference"):
        mine, theirs = (_rate(arm, days) for arm in (own, other))
        return float(mine / theirs if term == "rate_ratio" else mine - theirs)
    if term == "within_person_sd_ratio":
        logs = [float(np.nanmean(arm["log_sd"])) for arm in (own, other)]
        return float(np.exp(logs[0] - logs[1]))
    if term == "cumulative_odds_ratio":
        return _cumulative_odds(own["response"], other["response"])
    return _of_wins(term, *_wins(own, other, composite, better))


def _risk(arm: Columns) -> np.float64:
    if "status" in arm:
        return np.float64((arm["status"] == 1).mean())
    return np.float64(np.nanmean(arm["response"]))


def _of_risks(term: str, mine: np.float64, theirs: np.float64) -> float:
    if term == "risk_difference":
        return float(mine - theirs)
    if term == "risk_ratio":
        return float(mine / theirs)
    return float(mine / (1 - mine) / (theirs / (1 - theirs)))


def _cause(arm: Columns, term: str) -> np.float64:
    """Return the cumulative hazard of the cause at the horizon, or -log(1 - cumulative incidence)."""
    status, time = arm["status"], arm["time"]
    ended = time[status == 0]
    staggered = len(ended) > 0 and ended.min() < ended.max()
    if term == "subdistribution_hazard_ratio" or not ((status == 2).any() or staggered):
        return np.float64(-np.log1p(-(status == 1).mean()))
    order = np.argsort(time, kind="stable")
    at_risk = len(time) - np.searchsorted(time[order], time[order], side="left")
    return np.float64(((status[order] == 1) / at_risk).sum())


def _rate(arm: Columns, days: float) -> np.float64:
    if "count" in arm:
        return np.float64(days * arm["count"].sum() / arm["exposure"].sum())
    if "exposure" in arm:
        known = ~np.isnan(arm["response"]) & ~np.isnan(arm["exposure"])
        return np.float64(arm["response"][known].sum() / arm["exposure"][known].sum())
    return np.float64(np.nanmean(arm["response"]))


def _cumulative_odds(own: Floats, other: Floats) -> float:
    """Return the mean over the levels, on the log scale, of the odds ratio of a higher level."""
    levels = np.unique(np.concatenate([own, other]))[:-1]
    logs = []
    for level in levels:
        above = [(arm > level).mean() for arm in (own, other)]
        logs.append(np.log(above[0] / (1 - above[0])) - np.log(above[1] / (1 - above[1])))
    weights = [float(((own > level).mean()) * (1 - (own > level).mean())) for level in levels]
    return float(np.exp(np.average(logs, weights=weights)))


def _wins(own: Columns, other: Columns, composite: Composite | None, better: int) -> tuple[float, float]:
    """Return the shares of pairs that the arm wins and loses; participants are paired with those of several shifts."""
    n = len(next(iter(own.values())))
    won = lost = 0.0
    shifts: Sequence[int] = range(1, min(n, 21))
    for shift in shifts:
        theirs = {name: np.roll(column, shift) for name, column in other.items()}
        sign = _compared(own, theirs, composite, better)
        won, lost = won + float((sign > 0).mean()), lost + float((sign < 0).mean())
    return won / len(shifts), lost / len(shifts)


def _compared(own: Columns, other: Columns, composite: Composite | None, better: int) -> Floats:
    """Return (n,) 1 where the first of a pair wins, -1 where it loses, 0 for a tie."""
    if composite is None:
        return np.asarray(better * np.sign(np.nan_to_num(own["response"] - other["response"])))
    sign = np.zeros(len(own["ranking"]))
    for place, step in enumerate(composite.order, 1):
        mine, theirs = own[f"step_{place}"], other[f"step_{place}"]
        events = f"step_{place}_event"
        if events in own:
            sooner = (own[events] == 1) & (mine < theirs), (other[events] == 1) & (theirs < mine)
            step_sign = np.where(sooner[0], -1.0, np.where(sooner[1], 1.0, 0.0))
            apart = np.abs(mine - theirs) >= max(step.at_least, 1e-12)
        else:
            step_sign = np.sign(np.nan_to_num(mine - theirs))
            apart = np.abs(np.nan_to_num(mine - theirs)) >= max(step.at_least, 1e-12)
        direction = own[f"better_{place}"]
        sign = np.where(sign == 0, np.where(apart, direction * step_sign, 0.0), sign)
    return sign


def _of_wins(term: str, won: float, lost: float) -> float:
    tied = 1.0 - won - lost
    if term == "win_ratio":
        return won / lost if lost else float("inf")
    if term == "net_benefit":
        return won - lost
    if term == "win_odds":
        return (won + tied / 2) / (lost + tied / 2)
    return won + tied / 2
