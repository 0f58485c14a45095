"""The partial likelihood of Cox, with ties by Efron or by Breslow: value, gradient, Hessian, and score of each row.

Each event is one term: eta of the row less the log of a denominator, the sum of exp(eta) over who is at risk, less a
share of those with an event at the same time. The shares are what Efron and Breslow differ in. Where all are at risk
from the beginning, sums are cumulative over sorted times. With late entry they are put together from blocks of times:
a difference of cumulative sums would lose the digits of a small sum next to rows of high risk that are not there yet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coxa.models.numerics.newton import Point
from coxa.models.survival.follow_up import FollowUp
from coxa.models.survival.intervals import Intervals


@dataclass(frozen=True, slots=True)
class Stratum:
    """Rows of one stratum, sorted by time, and its events.

    rows   : (m,) which rows of the data they are
    x      : (m, p) covariates
    event  : (m,) whether a row ends with an event
    tied   : (m,) number of the time of event of a row; of the first one at or after its time, where it is censored
    last   : (m,) how many times of events are at or before its end
    before : (m,) how many times of events are at or before its start
    from_time : (T,) first row in the order of times at or after each time of events
    at     : (d,) number of the time of each event; `share`, (d,), what is left out of those tied with it
    times  : (T,) times of events
    spans  : the times of events at which each row is at risk, where a row enters after the first; None elsewhere
    """

    rows: np.ndarray
    x: np.ndarray
    event: np.ndarray
    tied: np.ndarray
    last: np.ndarray
    before: np.ndarray
    from_time: np.ndarray
    at: np.ndarray
    share: np.ndarray
    times: np.ndarray
    spans: Intervals | None

    def at_risk(self, values: np.ndarray) -> np.ndarray:
        """Return sums of values (m, ...) over who is at risk, at each time of events."""
        return sums_from(values, self.from_time) if self.spans is None else self.spans.over_rows(values)

    @property
    def until(self) -> np.ndarray:
        """(m,) how many times of events are at or before the last at which a row is at risk."""
        return self.last

    def over_risk(self, per_time: np.ndarray) -> np.ndarray:
        """Return sums of values (T, ...) over the times of events at which each row is at risk."""
        if self.spans is not None:
            return self.spans.over_places(per_time)
        return np.asarray(np.concatenate([np.zeros((1, *per_time.shape[1:])), per_time.cumsum(axis=0)])[self.last])

    def with_event(self, values: np.ndarray) -> np.ndarray:
        """Return sums of values over who has an event, at each time of events."""
        total = np.zeros((self.from_time.size, *values.shape[1:]))
        np.add.at(total, self.tied[self.event], values[self.event])
        return total

    def denominators(self, values: np.ndarray) -> np.ndarray:
        """Return, for each event, the sum over who is at risk less the share of those tied with it."""
        share = self.share.reshape(-1, *[1] * (values.ndim - 1))
        return self.at_risk(values)[self.at] - share * self.with_event(values)[self.at]


def sums_from(values: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return sums of values from some rows on."""
    sums = np.concatenate([values[::-1].cumsum(axis=0)[::-1], np.zeros((1, *values.shape[1:]))])
    return np.asarray(sums[first])


def strata_of(rows: FollowUp, x: np.ndarray, ties: str) -> list[Stratum]:
    """Return the strata that have events; the others say nothing."""
    groups = [np.flatnonzero(rows.strata == stratum) for stratum in np.unique(rows.strata)]
    return [_stratum(rows, x, own, ties) for own in groups if rows.event[own].any()]


def _stratum(rows: FollowUp, x: np.ndarray, own: np.ndarray, ties: str) -> Stratum:
    own = own[np.argsort(rows.time[own], kind="stable")]
    time, start, event = rows.time[own], rows.start[own], rows.event[own]
    times, counts = np.unique(time[event], return_counts=True)
    at = np.repeat(np.arange(times.size), counts)
    rank = np.arange(at.size) - np.repeat(counts.cumsum() - counts, counts)
    last, before = np.searchsorted(times, time, side="right"), np.searchsorted(times, start, side="right")
    return Stratum(
        own,
        x[own],
        event,
        np.searchsorted(times, time, side="left"),
        last,
        before,
        np.searchsorted(time, times, side="left"),
        at,
        rank / counts[at] if ties == "efron" else np.zeros(at.size),
        times,
        Intervals.of(before, last, times.size) if before.any() else None,
    )


def minus_log_likelihood(strata: list[Stratum], beta: np.ndarray) -> float:
    """Return minus the log partial likelihood."""
    total = 0.0
    for each in strata:
        eta = each.x @ beta
        top = eta.max()
        total += float(np.log(each.denominators(np.exp(eta - top))).sum() - (eta[each.event] - top).sum())
    return total if np.isfinite(total) else np.inf


def point_at(strata: list[Stratum], beta: np.ndarray) -> Point:
    """Return minus the log partial likelihood with its gradient and Hessian.

    The sum over events of mean products of covariates is one product of matrices: each row has the weight of all events
    at which it is at risk, less the shares of those that it is tied with.
    """
    value, gradient, hessian = 0.0, np.zeros(beta.size), np.zeros((beta.size, beta.size))
    for each in strata:
        weight = weights_of(each, beta)
        sums = each.denominators(weight)
        means = each.denominators(weight[:, None] * each.x) / sums[:, None]
        hazard = each.over_risk(per_time(each, 1 / sums))
        hazard[each.event] -= per_time(each, each.share / sums)[each.tied[each.event]]
        gradient += means.sum(axis=0) - each.x[each.event].sum(axis=0)
        hessian += (each.x.T * (weight * hazard)) @ each.x - means.T @ means
    value = minus_log_likelihood(strata, beta)
    return Point(beta, value, gradient, hessian)


def moments(stratum: Stratum, beta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean (d, p) and covariance (d, p, p) of the covariates over who is at risk, at each event."""
    weight = weights_of(stratum, beta)
    sums = stratum.denominators(weight)
    means = stratum.denominators(weight[:, None] * stratum.x) / sums[:, None]
    second = stratum.denominators(weight[:, None, None] * stratum.x[:, :, None] * stratum.x[:, None, :])
    return means, second / sums[:, None, None] - means[:, :, None] * means[:, None, :]


def score_of_rows(strata: list[Stratum], beta: np.ndarray, n: int) -> np.ndarray:
    """Return the (n, p) score residuals: what each row adds to the gradient of the log likelihood."""
    scores = np.zeros((n, beta.size))
    for each in strata:
        weight = weights_of(each, beta)
        sums = each.denominators(weight)
        means = each.denominators(weight[:, None] * each.x) / sums[:, None]
        counts = np.bincount(each.at)
        own = np.zeros_like(each.x)
        mean = per_time(each, means) / counts[:, None]
        own[each.event] = each.x[each.event] - mean[each.tied[each.event]]
        hazard = each.over_risk(per_time(each, 1 / sums))
        moved = each.over_risk(per_time(each, means / sums[:, None]))
        own -= weight[:, None] * (each.x * hazard[:, None] - moved)
        spared, where = each.share / sums, each.tied[each.event]
        less = each.x[each.event] * per_time(each, spared)[where][:, None]
        own[each.event] += weight[each.event][:, None] * (less - per_time(each, spared[:, None] * means)[where])
        scores[each.rows] = own
    return scores


def information_of_rows(strata: list[Stratum], beta: np.ndarray, n: int) -> np.ndarray:
    """Return (n, p, p) what each row adds to the information by being at risk; with ties by Breslow they sum to it."""
    p = beta.size
    found = np.zeros((n, p, p))
    for each in strata:
        weight = weights_of(each, beta)
        sums = each.denominators(weight)
        means = each.denominators(weight[:, None] * each.x) / sums[:, None]
        hazard = weight * each.over_risk(per_time(each, 1 / sums))
        first = weight[:, None] * each.over_risk(per_time(each, means / sums[:, None]))
        second = each.over_risk(per_time(each, means[:, :, None] * means[:, None, :] / sums[:, None, None]))
        cross = each.x[:, :, None] * first[:, None, :]
        outer = hazard[:, None, None] * each.x[:, :, None] * each.x[:, None, :]
        found[each.rows] = outer - cross - cross.transpose(0, 2, 1) + weight[:, None, None] * second
    return found


def weights_of(stratum: Stratum, beta: np.ndarray) -> np.ndarray:
    """Return (m,) the hazards of rows, relative to the highest."""
    eta = stratum.x @ beta
    return np.asarray(np.exp(eta - eta.max()))


def per_time(stratum: Stratum, values: np.ndarray) -> np.ndarray:
    """Return sums of values of events at each time of events."""
    total = np.zeros((stratum.from_time.size, *values.shape[1:]))
    np.add.at(total, stratum.at, values)
    return total
