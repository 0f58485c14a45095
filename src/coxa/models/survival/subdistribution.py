"""The subdistribution hazard of Fine and Gray: a partial likelihood in which those with another event stay at risk.

They stay with the share of those who would not have been censored since, so that no rows are made: the sums over who is
at risk are those of Cox's model and one more cumulative sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.models.design.rows import check_frame, check_unique
from coxa.models.survival.cox import RobustVariance, maximised, sandwich, spread
from coxa.models.survival.cox_fit import CoxFit
from coxa.models.survival.cox_rows import covariates_of, labels_of
from coxa.models.survival.follow_up import FollowUp, follow_up
from coxa.models.survival.incidence import causes_of, known_cause
from coxa.models.survival.partial import Stratum, per_time, score_of_rows, strata_of, sums_from, weights_of
from coxa.models.survival.specs import Censoring, SubdistributionSpec, SubdistributionVariance, Ties


@dataclass(frozen=True, slots=True)
class Subdistribution(Stratum):
    """Rows of a subdistribution, sorted by time.

    uncensored : (T,) share not censored just before each time of events
    kept       : (m,) 1 over that share just before the end of a row with another event; 0 of the other rows
    """

    uncensored: np.ndarray
    kept: np.ndarray

    def at_risk(self, values: np.ndarray) -> np.ndarray:
        """Return sums over who is at risk, with those who had another event before at their weight."""
        shape = (-1, *[1] * (values.ndim - 1))
        held = np.concatenate([np.zeros((1, *values.shape[1:])), (values * self.kept.reshape(shape)).cumsum(axis=0)])
        return Stratum.at_risk(self, values) + self.uncensored.reshape(shape) * held[self.from_time]

    @property
    def until(self) -> np.ndarray:
        """(m,) how many times of events a row is at risk: all where it had another event."""
        return np.where(self.kept > 0, self.from_time.size, self.last)

    def over_risk(self, per_time: np.ndarray) -> np.ndarray:
        """Return sums of values over the times at which each row is at risk, at its weight."""
        shape = (-1, *[1] * (per_time.ndim - 1))
        later = per_time * self.uncensored.reshape(shape)
        after = self.kept.reshape(shape) * sums_from(later, self.last)
        return Stratum.over_risk(self, per_time) + after


@dataclass(frozen=True, slots=True)
class CensoringCurve:
    """The distribution of censoring.

    times   : (c,) when participants are censored
    number  : (c,) how many
    at_risk : (c,) how many could have been
    share   : (c + 1,) not censored before and after each of the times
    """

    times: np.ndarray
    number: np.ndarray
    at_risk: np.ndarray
    share: np.ndarray

    def before(self, times: np.ndarray) -> np.ndarray:
        """Return the share not censored just before some times."""
        return np.asarray(self.share[np.searchsorted(self.times, times, side="left")])


def censoring_curve(time: np.ndarray, censored: np.ndarray, censoring: str) -> CensoringCurve:
    """Return the distribution of censoring; those with an event at its time were at risk of it, or not ("survival")."""
    times, number = np.unique(time[censored], return_counts=True)
    order = np.sort(time)
    at_risk = order.size - np.searchsorted(order, times, side="left")
    if censoring == "survival":
        events = np.sort(time[~censored])
        at_risk -= np.searchsorted(events, times, side="right") - np.searchsorted(events, times, side="left")
    return CensoringCurve(times, number, at_risk, np.append(1.0, np.cumprod(1 - number / at_risk)))


@kinds(data=FRAME)
def fit_subdistribution(
    formula: str,
    data: pd.DataFrame,
    *,
    time: str,
    cause: str,
    of: Any = 1,
    censored: Any = 0,
    strata: str | Sequence[str] | None = None,
    ties: Ties = "breslow",
    variance: SubdistributionVariance = "fine-gray",
    censoring: Censoring = "cmprsk",
    participant: str = "participant_id",
) -> CoxFit:
    """Fit the model of Fine and Gray for the subdistribution hazard of one of several causes.

    Parameters
    ----------
    formula : str
        Terms without a left side: ``arm + baseline``.
    data : DataFrame
        One row per participant. Not changed; rows without a value that is needed are in `left_out`.
    time, cause : str
        Columns: time to the first event of any cause or to censoring, and the label of the cause.
    of : default 1
        The cause whose cumulative incidence is modelled.
    censored : default 0
        The label of a censored time.
    strata : str or sequence of str, optional
        Columns whose combinations have a baseline subdistribution hazard, and a distribution of censoring, each
        (Zhou, Latouche, Rocha and Fine 2011).
    ties : {"breslow", "efron"}
        How events at the same time are handled.
    variance : {"fine-gray", "sandwich"}
        That of Fine and Gray (1999), with what is due to the estimated censoring, as `crr` of cmprsk; or a sandwich
        that takes the weights as known, as `coxph` of rows made by `finegray` of survival.
    censoring : {"cmprsk", "survival"}
        Whether those with an event at the time of a censoring were at risk of it (as in cmprsk), or not (as in
        survival).
    participant : str
        Column that says whose row it is.

    Returns
    -------
    CoxFit
        Its hazard ratios are those of the subdistribution: their direction is that of the cumulative incidence, their
        size is no ratio of rates among those who are still at risk.

    Raises
    ------
    MonotoneLikelihoodError, RankDeficientError, DataError, OptionError
        As `fit_cox`.

    Examples
    --------
    >>> d = pd.DataFrame({"day": [1, 2, 2, 3, 4, 5, 5, 6], "cause": [1, 2, 0, 1, 2, 1, 1, 0], "arm": list("abababab")})
    >>> fit_subdistribution("arm", d, time="day", cause="cause").bse.round(4).tolist()
    [0.7909]
    """
    spec = SubdistributionSpec(
        formula=formula,
        time=time,
        cause=cause,
        of=of,
        censored=censored,
        strata=strata,
        ties=ties,
        variance=variance,
        censoring=censoring,
        participant=participant,
    )
    data = check_frame(data)
    design, x, names, terms = covariates_of(spec.formula, data, spec.time, [spec.cause, *(spec.strata or ())])
    if spec.participant in data.columns:
        check_unique(data, design.complete, (spec.participant,))
    used = data.loc[design.complete]
    within = labels_of(used, spec.strata) if spec.strata else None
    fit = fit_subdistribution_arrays(used[spec.time].to_numpy(), used[spec.cause].to_numpy(), x, names, spec, within)
    return replace(fit, terms=terms, spec=spec, design=design, warnings=design.unused_said)


@dataclass(frozen=True, slots=True)
class Part:
    """A stratum by itself.

    place    : (m,) rows of the data that are in it
    rows     : (m,) their times, with the events of the cause
    censored : (m,) which are censored
    curve    : the distribution of censoring
    stratum  : the rows sorted by time, by their place in this part
    """

    place: np.ndarray
    rows: FollowUp
    censored: np.ndarray
    curve: CensoringCurve
    stratum: Subdistribution


def fit_subdistribution_arrays(
    time: np.ndarray,
    cause: np.ndarray,
    x: np.ndarray,
    names: tuple[str, ...],
    spec: SubdistributionSpec,
    strata: np.ndarray | None = None,
) -> CoxFit:
    """Fit the model to arrays: times and causes (n,), covariates (n, p), numbers of strata (n,)."""
    times = follow_up(time, np.zeros(len(time), dtype=int)).time
    causes, codes = causes_of(cause, times.size, spec.censored)
    own = 1 + causes.index(known_cause(spec.of, causes))
    scale = spread(x)
    covariates = (x - x.mean(axis=0)) / scale
    within = np.zeros(times.size, dtype=int) if strata is None else strata
    parts = [
        _part(np.flatnonzero(within == stratum), times, codes, own, covariates, spec)
        for stratum in np.unique(within)
        if (codes[within == stratum] == own).any()
    ]
    known = [replace(part.stratum, rows=part.place[part.stratum.rows]) for part in parts]
    of = partial(_covariance, parts, times.size, spec.variance)
    return maximised(follow_up(times, codes == own, strata=within), known, names, scale, spec.ties, of)


def _part(
    place: np.ndarray, times: np.ndarray, codes: np.ndarray, own: int, x: np.ndarray, spec: SubdistributionSpec
) -> Part:
    """Return the rows of one stratum, with the weights of those who had another event."""
    mine = codes[place]
    rows = follow_up(times[place], mine == own)
    curve = censoring_curve(rows.time, mine == 0, spec.censoring)
    others = (mine != 0) & (mine != own)
    base = strata_of(rows, x[place], spec.ties)[0]
    kept = np.where(others[base.rows], 1 / curve.before(rows.time[base.rows]), 0.0)
    values = {each.name: getattr(base, each.name) for each in fields(base)}
    stratum = Subdistribution(**values, uncensored=curve.before(base.times), kept=kept)
    return Part(place, rows, mine == 0, curve, stratum)


def _covariance(
    parts: Sequence[Part], n: int, variance: str, strata: Sequence[Stratum], theta: np.ndarray, model: np.ndarray
) -> RobustVariance:
    """Return the sandwich of the scores of rows, with or without what is due to the estimated censoring."""
    scores = score_of_rows(list(strata), theta, n)
    for part in parts:
        if variance == "fine-gray" and part.curve.times.size:
            scores[part.place] += _due_to_censoring(part.rows, part.censored, part.curve, part.stratum, theta)
    return RobustVariance(*sandwich(scores, np.arange(n), model))


def _due_to_censoring(
    rows: FollowUp, censored: np.ndarray, curve: CensoringCurve, stratum: Subdistribution, theta: np.ndarray
) -> np.ndarray:
    """Return (n, p) by how much each row moves the score through the distribution of censoring.

    A censoring at u changes the weights, from u on, of those who had another event before: q(u) is the sum of what
    these weights are multiplied by in the score. It is integrated against the martingale of censoring of each row.
    """
    weight = weights_of(stratum, theta)
    sums = stratum.denominators(weight)
    means = stratum.denominators(weight[:, None] * stratum.x) / sums[:, None]
    p = theta.size
    pieces = np.column_stack([1 / sums, means / sums[:, None]])
    later = per_time(stratum, pieces) * stratum.uncensored[:, None]
    after = np.concatenate([later[::-1].cumsum(axis=0)[::-1], np.zeros((1, p + 1))])
    after = after[np.searchsorted(stratum.times, curve.times, side="left")]
    held = weight * stratum.kept
    sofar = np.concatenate([np.zeros((1, p + 1)), np.column_stack([held, held[:, None] * stratum.x]).cumsum(axis=0)])
    sofar = sofar[np.searchsorted(rows.time[stratum.rows], curve.times, side="left")]
    q = sofar[:, 1:] * after[:, :1] - sofar[:, :1] * after[:, 1:]
    jump = q / curve.at_risk[:, None]
    drift = np.concatenate([np.zeros((1, p)), (jump * (curve.number / curve.at_risk)[:, None]).cumsum(axis=0)])
    moved = -drift[np.searchsorted(curve.times, rows.time, side="right")]
    moved[censored] += jump[np.searchsorted(curve.times, rows.time[censored])]
    return np.asarray(moved)
