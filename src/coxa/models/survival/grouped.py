"""Events that are known at visits only: grouped proportional hazards, the complementary log-log model of intervals.

A row is a span of one or several intervals between visits in which a participant was followed: one where each visit
was attended, several where visits were missed. With cumulative hazard h over the span its log likelihood is -h without
an event and log(1 - exp(-h)) with one. With spans of one interval it is the binomial model with complementary log-log
link.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.errors import (
    DataError,
    NonConvergenceError,
    OptionError,
    SeparationError,
    TooFewParticipantsError,
    not_allowed,
)
from coxa.findings import Finding, Findings
from coxa.models.design.matrix import Design
from coxa.models.design.rows import check_frame, check_keys, check_unique, place
from coxa.models.glm.families import FAMILIES
from coxa.models.glm.separation import separation
from coxa.models.numerics.newton import Point, minimise
from coxa.models.survival.cox import spread
from coxa.models.survival.cox_rows import covariates_of, events_of
from coxa.models.survival.hazards import Hazards
from coxa.models.survival.specs import GroupedSpec

KNOWN_AT_VISITS = (
    "The event is known at visits only: it happened at some time between the last visit without it and the first with "
    "it. Its hazard ratio is that of grouped proportional hazards (complementary log-log of each interval between "
    "visits), which is the hazard ratio of Cox's model without days of events."
)
"""What is written of an event that is known at visits only."""

LARGE = 700.0
"""Linear predictor beyond which its exponential is cut."""


@dataclass(frozen=True, slots=True, repr=False)
class GroupedFit(Hazards):
    """A fitted model of grouped proportional hazards.

    names        : covariates
    coef         : (p,) log hazard ratios
    vcov         : (p, p) their covariance, from the inverse of the observed information
    intervals    : K intervals that are estimated, named by the visit at their end
    log_hazard   : (K,) logarithm of the cumulative hazard of each, at the mean of the covariates
    loglik : at the maximum
    nobs, n_events : spans, and those that end with the event
    spec         : the options
    design       : the rows that are analysed
    method       : the sentence on events that are known at visits
    warnings     : what readers need to know

    Examples
    --------
    >>> d = pd.DataFrame({"arm": list("aaabbb") * 2, "interval": ["w6"] * 6 + ["w12"] * 6, "since": "baseline"})
    >>> d = d.assign(since=["baseline"] * 6 + ["w6"] * 6, event=[1, 0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 0])
    >>> fit_grouped_hazards("arm", d, visits=["w6", "w12"]).intervals
    ('w6', 'w12')
    """

    names: tuple[str, ...]
    coef: np.ndarray
    vcov: np.ndarray
    intervals: tuple[object, ...]
    log_hazard: np.ndarray
    loglik: float
    nobs: int
    n_events: int
    spec: GroupedSpec
    design: Design = field(repr=False)
    method: str = KNOWN_AT_VISITS
    warnings: tuple[str, ...] = ()

    def card_facts(self) -> dict[str, str]:
        """Return what the card says above the coefficients."""
        return {
            "Spans": f"{self.nobs}, {self.n_events} end with the event",
            "Intervals": ", ".join(map(str, self.intervals)),
            "Log-likelihood": f"{self.loglik:.4f}",
            **({"Warnings": "\n".join(self.warnings)} if self.warnings else {}),
        }


@kinds(data=FRAME)
def visit_rows(
    data: pd.DataFrame,
    *,
    visits: Sequence[object],
    event: str,
    visit: str = "visit",
    participant: str = "participant_id",
) -> pd.DataFrame:
    """Return the rows of visits up to the first with the event, each with the visit before that was attended.

    Parameters
    ----------
    data : DataFrame
        One row per participant and visit after the first: whether the event has happened by then. Not changed; visits
        at which it is not known count as missed.
    visits : sequence
        The visits after the first, in order.
    event, visit, participant : str
        Columns; `event` has 1 or true, 0 or false, or nothing.

    Returns
    -------
    DataFrame
        The rows with `interval`, the visit, and `since`, the one before it that was attended (None for the first).

    Raises
    ------
    DataError
        A participant has a visit twice, or a visit that is not among `visits`.

    Examples
    --------
    >>> d = pd.DataFrame({"participant_id": list("AAAB"), "visit": ["w6", "w12", "w26", "w12"], "better": [0, 1, 1, 0]})
    >>> visit_rows(d, visits=["w6", "w12", "w26"], event="better")[["participant_id", "since", "interval"]].values
    array([['A', None, 'w6'],
           ['A', 'w6', 'w12'],
           ['B', None, 'w12']], dtype=object)
    """
    check_keys(data, [participant, visit])
    order = {each: k for k, each in enumerate(visits)}
    rank = np.array([order.get(each, -1) for each in data[visit].tolist()])
    unknown = Findings.of(
        Finding(
            "error", "data", f"{value} is not among the visits", "Add it, or remove the row.", place(k), field=visit
        )
        for k, value in enumerate(data[visit].tolist())
        if rank[k] < 0
    )
    if unknown:
        raise DataError("rows are of other visits:", unknown)
    known = data[event].notna().to_numpy()
    check_unique(data, known, (participant, visit))
    rows = data.loc[known].assign(
        _rank=rank[known], interval=data[visit], _event=events_of(data.loc[known, event], event)
    )
    rows = rows.sort_values([participant, "_rank"], kind="stable")
    whose = rows.groupby(participant, sort=False, observed=True)
    before = whose["_event"].cumsum() - rows["_event"]
    rows = rows.assign(since=whose["interval"].shift().astype(object), event=rows["_event"])[before == 0]
    rows["since"] = rows["since"].where(rows["since"].notna(), None)
    return rows.drop(columns=["_rank", "_event"]).reset_index(drop=True)


@kinds(data=FRAME)
def spans_of_times(data: pd.DataFrame, visits: Sequence[str], days: Sequence[float]) -> pd.DataFrame:
    """Return one row for each interval between visits that a participant went through, up to that of the event.

    Parameters
    ----------
    data : DataFrame
        One row per participant with `time` and `status` (1 for the event), as a plan derives them: the day of an event
        is that of the visit at which it was known. Not changed.
    visits, days : sequence
        Visits after the first in order, with their planned days: an event is of the visit that is nearest.

    Returns
    -------
    DataFrame
        As `visit_rows`, with every interval by itself: visits that were missed count as attended.

    Examples
    --------
    >>> d = pd.DataFrame({"participant_id": ["P1", "P2"], "time": [95, 100], "status": [1, 0]})
    >>> spans_of_times(d, ["m1", "m3", "m6"], [30, 91, 182])[["participant_id", "interval", "event"]].values.tolist()
    [['P1', 'm1', 0], ['P1', 'm3', 1], ['P2', 'm1', 0], ['P2', 'm3', 0]]
    """
    for name in ("time", "status"):
        if name not in data.columns:
            raise OptionError(not_allowed("column", name, map(str, data.columns)))
    planned = np.asarray(days, dtype=float)
    time, event = data["time"].to_numpy(dtype=float), data["status"].eq(1).to_numpy()
    nearest = np.abs(time[:, None] - planned).argmin(axis=1)
    last = np.where(event, nearest, np.searchsorted(planned, time, side="right") - 1)
    place = np.repeat(np.arange(len(data)), last + 1)
    k = np.concatenate([np.arange(n + 1) for n in last]).astype(int)
    names = np.array([None, *visits], dtype=object)
    spans = data.iloc[place].drop(columns=["event"], errors="ignore").reset_index(drop=True)
    return spans.assign(since=names[k], interval=names[k + 1], event=(event[place] & (k == last[place])).astype(int))


@kinds(data=FRAME)
def fit_grouped_hazards(
    formula: str,
    data: pd.DataFrame,
    *,
    visits: Sequence[object],
    interval: str = "interval",
    since: str = "since",
    event: str = "event",
    participant: str = "participant_id",
) -> GroupedFit:
    """Fit proportional hazards to events that are known at visits only.

    Parameters
    ----------
    formula : str
        Terms without a left side: ``arm + baseline``.
    data : DataFrame
        Rows that `visit_rows` makes. Not changed; rows without a value that is needed are left out.
    visits : sequence
        The visits after the first, in order.
    interval, since, event, participant : str
        Columns: visit at the end of a span; visit at its start, empty for the first; 1 where the event happened in it.

    Returns
    -------
    GroupedFit

    Raises
    ------
    SeparationError
        A hazard ratio is zero or infinite.
    NonConvergenceError
        The likelihood has no proven maximum.

    Notes
    -----
    An interval without an event, or in which all had it, says nothing of hazard ratios: its rows are left out, and a
    warning says so. Sources: Prentice and Gloeckler, Biometrics 1978, 34:57-67.

    Examples
    --------
    >>> d = pd.DataFrame({"arm": list("aaabbb") * 2, "interval": ["w6"] * 6 + ["w12"] * 6})
    >>> d = d.assign(since=[None] * 6 + ["w6"] * 6, event=[1, 0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 0])
    >>> fit = fit_grouped_hazards("arm", d, visits=["w6", "w12"])
    >>> fit.tidy().round(3).loc[0, ["hazard_ratio", "std_error"]].tolist()
    [0.25, 1.172]
    """
    spec = GroupedSpec(
        formula=formula, visits=visits, interval=interval, since=since, event=event, participant=participant
    )
    data = check_frame(data)
    design, x, names, _ = covariates_of(spec.formula, *_with_number(data, spec))
    used = data.loc[design.complete]
    happened = events_of(used[spec.event], spec.event).astype(bool)
    covered = _covered(used, spec)
    keep, columns, warnings = _informative(covered, happened, spec.visits)
    if not happened[keep].any():
        raise TooFewParticipantsError("no interval has both events and none", ["Follow up for longer."])
    centre, scale = x[keep].mean(axis=0), spread(x[keep])
    z, spans = (x[keep] - centre) / scale, covered[np.ix_(keep, columns)]
    theta, point = _maximum(spans, z, happened[keep], names)
    k = len(columns)
    vcov = np.linalg.inv(point.hessian)[k:, k:] / np.outer(scale, scale)
    return GroupedFit(
        names,
        theta[k:] / scale,
        vcov,
        tuple(np.array(spec.visits, dtype=object)[columns]),
        theta[:k],
        -point.value,
        int(keep.sum()),
        int(happened[keep].sum()),
        spec,
        design,
        warnings=(*design.unused_said, *warnings),
    )


def _with_number(data: pd.DataFrame, spec: GroupedSpec) -> tuple[pd.DataFrame, str, list[str]]:
    """Return the data with the number of the interval, in the place of an outcome, and what a row must have."""
    check_keys(data, [spec.interval])
    return data.assign(_number=[spec.visits.index(each) for each in data[spec.interval]]), "_number", [spec.event]


def _covered(rows: pd.DataFrame, spec: GroupedSpec) -> np.ndarray:
    """Return (n, K) whether a span covers each interval."""
    number = {visit: k for k, visit in enumerate(spec.visits)}
    last = np.array([number[each] for each in rows[spec.interval].tolist()])
    first = np.array([number.get(each, -1) + 1 for each in rows[spec.since].tolist()])
    k = np.arange(len(spec.visits))
    return np.asarray((k >= first[:, None]) & (k <= last[:, None]))


def _informative(
    covered: np.ndarray, event: np.ndarray, visits: Sequence[object]
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Return rows and intervals that say something of hazard ratios, and what is said of the others."""
    never = ~covered[event].any(axis=0)
    always = ~covered[~event].any(axis=0) & ~never
    keep = np.asarray(~covered[:, always].any(axis=1) & covered[:, ~never].any(axis=1))
    names = [str(visit) for visit, out in zip(visits, never | always, strict=True) if out]
    said = f"{(~keep).sum()} rows of intervals without events, or with nothing else, were left out ({', '.join(names)})"
    warnings = (said,) if names and not keep.all() else ()
    return keep, np.flatnonzero(~(never | always)), warnings


def _maximum(spans: np.ndarray, x: np.ndarray, event: np.ndarray, names: tuple[str, ...]) -> tuple[np.ndarray, Point]:
    """Return the proven maximum, or say by name why there is none."""
    k, p = spans.shape[1], x.shape[1]
    start = np.concatenate([np.full(k, np.log(event.sum() / spans.sum())), np.zeros(p)])
    at = partial(grouped_point, spans, x, event)
    try:
        with np.errstate(all="ignore"):
            found = minimise(lambda theta: at(theta).value, at, start)
        failure = found.failure
    except np.linalg.LinAlgError:
        failure = "the derivatives are not finite"
    if not failure and np.abs(found.point.theta).max() < 12:
        return found.point.theta, found.point
    design = np.column_stack([spans.astype(float), x])
    endless = separation(design, event.astype(float), FAMILIES["binomial"])
    if endless is not None:
        part = [f"`{name}`" for name, each in zip(names, endless.direction[k:], strict=True) if abs(each) > 1e-6]
        raise SeparationError(
            f"the hazard ratio of {', '.join(part) or 'an interval'} is zero or infinite",
            ["Join levels without events, or leave the covariate out.", "Join intervals between visits."],
        )
    if failure:
        raise NonConvergenceError(
            f"the likelihood has no proven maximum: {failure}", ["Join intervals between visits."]
        )
    return found.point.theta, found.point


def grouped_point(spans: np.ndarray, x: np.ndarray, event: np.ndarray, theta: np.ndarray) -> Point:
    """Return minus the log likelihood with gradient and Hessian, in log hazards of intervals and coefficients.

    Parameters
    ----------
    spans : (n, K) whether a span covers each interval
    x : (n, p) covariates
    event : (n,) whether it ends with the event
    theta : (K + p,)
    """
    k = spans.shape[1]
    by_interval = spans * np.exp(np.minimum(theta[:k] + (x @ theta[k:])[:, None], LARGE))
    h = by_interval.sum(axis=1)
    value = -np.where(event, np.log(-np.expm1(-h)), -h).sum()
    first = np.where(event, 1 / np.expm1(h), -1.0)
    second = np.where(event, -np.exp(-h) / np.expm1(-h) ** 2, 0.0)
    slope = np.column_stack([by_interval, h[:, None] * x])
    curve = np.zeros((theta.size, theta.size))
    curve[:k, :k] = np.diag(first @ by_interval)
    curve[:k, k:] = (first[:, None] * by_interval).T @ x
    curve[k:, :k] = curve[:k, k:].T
    curve[k:, k:] = (x * (first * h)[:, None]).T @ x
    hessian = -(slope * second[:, None]).T @ slope - curve
    return Point(theta, float(value) if np.isfinite(value) else np.inf, -slope.T @ first, hessian)
