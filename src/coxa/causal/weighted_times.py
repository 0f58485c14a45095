"""Times without an event in two weighted groups: weighted Kaplan-Meier, restricted means, and a weighted Cox model.

Sources: Xie & Liu, Statistics in Medicine 2005, 24:3089-3110 (weighted Kaplan-Meier); Binder, Biometrika 1992,
79:139-147, and Lin & Wei, JASA 1989, 84:1074-1078 (weighted Cox model and its sandwich). The standard errors add the
error of the estimated weights, by derivatives of the estimates by the weight of each participant.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from coxa.causal.means import GroupMeans, both_sides
from coxa.causal.weights import Balancing, Weights
from coxa.errors import FitError, OptionError

SETTLED = 1e-11


@dataclass(frozen=True, slots=True)
class WeightedCurve:
    """A weighted Kaplan-Meier curve.

    time     : (J,) times of events, ascending
    survival : (J,) share without an event just after each
    """

    time: np.ndarray
    survival: np.ndarray
    at_risk: np.ndarray = field(repr=False)
    events: np.ndarray = field(repr=False)


def weighted_curve(time: np.ndarray, event: np.ndarray, weight: np.ndarray) -> WeightedCurve:
    """Return the weighted Kaplan-Meier curve of one group.

    Examples
    --------
    >>> weighted_curve(np.array([1.0, 2, 3]), np.array([1, 0, 1]), np.array([1.0, 1, 2])).survival.tolist()
    [0.75, 0.0]
    """
    times = np.unique(time[event == 1])
    at_risk = np.array([weight[time >= t].sum() for t in times])
    events = np.array([weight[(time == t) & (event == 1)].sum() for t in times])
    return WeightedCurve(times, np.cumprod(1 - events / at_risk), at_risk, events)


@dataclass(frozen=True, slots=True)
class TimeNumber:
    """Times of one group up to a horizon, in the target population.

    value : (2,) restricted mean, and share without an event
    error : (n, 2) what each participant adds to the error of both
    n     : participants of the group
    """

    value: np.ndarray
    error: np.ndarray = field(repr=False)
    n: int


@dataclass(frozen=True, slots=True)
class TimeNumbers:
    """Times of k groups up to a horizon, in the target population: of two, the treated first.

    value     : (2k,) restricted means of all groups, then their shares without an event
    influence : (n, 2k) what each participant adds to the error of each
    n         : participants of each group
    """

    value: np.ndarray
    influence: np.ndarray = field(repr=False)
    n: tuple[int, ...]

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the numbers (2k, 2k)."""
        return self.influence.T @ self.influence


def weighted_restricted_means(time: np.ndarray, event: np.ndarray, weights: Weights, horizon: float) -> GroupMeans:
    """Return the mean time without an event up to a horizon, of the treated and of the reference group.

    Parameters
    ----------
    time, event : (n,)
        Time to the event or to censoring; 1 for an event.
    weights : Weights
    horizon : float
        Up to which time, above 0.

    Raises
    ------
    FitError
        A group is not followed up to the horizon.
    """
    found = weighted_time_numbers(time, event, weights, horizon)
    return GroupMeans(found.value[:2], found.influence[:, :2], found.n)


def weighted_time_numbers(time: np.ndarray, event: np.ndarray, weights: Weights, horizon: float) -> TimeNumbers:
    """Return restricted means and shares without an event by weighted curves of Kaplan and Meier.

    Parameters
    ----------
    time, event, weights, horizon
        As of `weighted_restricted_means`.

    Raises
    ------
    FitError
        A group is not followed up to the horizon.
    """
    return side_by_side_times(
        weighted_time_number(time, event, weights, mine, horizon) for mine in both_sides(weights.treated)
    )


def weighted_time_number(
    time: np.ndarray, event: np.ndarray, weights: Balancing, mine: np.ndarray, horizon: float
) -> TimeNumber:
    """Return restricted mean and share without an event of one group (n,) bool by a weighted Kaplan-Meier curve."""
    mine = mine & (weights.value > 0)
    check_followed(time, event, mine, horizon)
    found = _area(time[mine], event[mine], weights.value[mine], horizon)
    gradient = np.zeros((len(time), 2))
    for place, (_, one) in enumerate(found):
        gradient[mine, place] = one
    return TimeNumber(np.array([value for value, _ in found]), weights.error_of(gradient), int(mine.sum()))


def side_by_side_times(numbers: Iterable[TimeNumber]) -> TimeNumbers:
    """Return the numbers of k groups as one record: all restricted means, then all shares."""
    each = list(numbers)
    order = [2 * group + what for what in (0, 1) for group in range(len(each))]
    value = np.concatenate([one.value for one in each])[order]
    influence = np.column_stack([one.error for one in each])[:, order]
    return TimeNumbers(value, influence, tuple(one.n for one in each))


def check_followed(time: np.ndarray, event: np.ndarray, mine: np.ndarray, horizon: float) -> None:
    """Raise FitError where a group is not followed up to the horizon, and OptionError for a horizon of 0 or below."""
    if not horizon > 0:
        raise OptionError(f"`horizon` is {horizon}. Give a time above zero.")
    last = float(time[mine].max(initial=0.0))
    if last < horizon and not event[mine & (time == last)].all():
        raise FitError(
            f"a group is followed up to {last:g}, and the horizon is {horizon:g}",
            [f"Use a horizon of at most {last:g}.", "Follow up for longer."],
        )


def _area(
    time: np.ndarray, event: np.ndarray, weight: np.ndarray, horizon: float
) -> tuple[tuple[float, np.ndarray], tuple[float, np.ndarray]]:
    """Return area under a curve up to a horizon, and the curve there, each with its derivative by each weight (m,)."""
    curve = weighted_curve(time, event, weight)
    within = curve.time <= horizon
    times, risk, count = curve.time[within], curve.at_risk[within], curve.events[within]
    survival = np.append(1.0, curve.survival[within])
    pieces = np.diff(np.concatenate([[0.0], times, [horizon]])) * survival
    after = pieces[::-1].cumsum()[::-1][1:]
    left = risk - count
    some = left > 1e-12 * risk
    by_left = np.where(some, 1 / np.where(left > 0, left, 1.0), 0.0)
    happens = (time[:, None] == times) & (event[:, None] == 1)
    apart = happens - (time[:, None] >= times) * (count / risk)
    end = float(survival[-1])
    return (float(pieces.sum()), -apart @ (after * by_left)), (end, -apart @ (end * by_left))


def weighted_hazard_ratio(time: np.ndarray, event: np.ndarray, weights: Weights) -> tuple[float, float]:
    """Return the logarithm of the hazard ratio of two weighted groups, and its standard error.

    Parameters and errors are those of `weighted_log_hazard_ratio`.
    """
    beta, influence = weighted_log_hazard_ratio(time, event, weights)
    return beta, float(np.sqrt((influence**2).sum()))


def weighted_log_hazard_ratio(time: np.ndarray, event: np.ndarray, weights: Weights) -> tuple[float, np.ndarray]:
    """Return the logarithm of the hazard ratio of two weighted groups, and what each participant adds to its error.

    Parameters
    ----------
    time, event : (n,)
        Time to the event or to censoring; 1 for an event. Ties by Breslow.
    weights : Weights

    Raises
    ------
    FitError
        A group has no event, or the likelihood has no maximum.
    """
    for treated in (True, False):
        if not event[(weights.treated == treated) & (weights.value > 0)].any():
            raise FitError("one of the groups has no event", ["Compare restricted means.", "Follow up for longer."])
    x, w = weights.treated.astype(float), weights.value
    event = event * (w > 0)
    order = np.argsort(-time, kind="stable")
    times = np.unique(time[event == 1])
    last = np.searchsorted(-time[order], -times, side="right") - 1
    beta = 0.0
    for _ in range(60):
        risk = w * np.exp(beta * x)
        total, of_treated = (np.cumsum(values[order])[last] for values in (risk, risk * x))
        mean = of_treated / total
        place = np.searchsorted(times, time)
        happened = np.bincount(place[event == 1], weights=w[event == 1], minlength=len(times))
        score = float((w * x)[event == 1].sum() - happened @ mean)
        information = float(happened @ (mean * (1 - mean)))
        step = score / information
        beta += float(np.clip(step, -2, 2))
        if abs(step) < SETTLED:
            break
    else:
        raise FitError("the weighted Cox model has no maximum", ["Compare restricted means."])
    exposed = time[:, None] >= times
    rate = happened / total
    by_time = (x[:, None] - mean) * exposed
    residual = np.where(event == 1, x - mean[np.minimum(place, len(times) - 1)], 0.0)
    residual = residual - np.exp(beta * x) * (by_time @ rate)
    return beta, weights.error_of((residual / information)[:, None])[:, 0]
