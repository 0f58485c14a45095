"""Times of two groups by Cox models in each, standardised over the target, alone or doubly robust.

Doubly robust: the standardised curve is corrected by weighted martingale residuals of those in the group, divided by
the probability of not being censored; the result holds where the model of the event is right, or where those of the
group and of censoring are. Sources: Hubbard, van der Laan & Robins, in Statistical Models in Epidemiology 2000,
135-177; Bai, Tsiatis & O'Brien, Biometrics 2013, 69:830-839; Westling et al., JASA 2024, 119:1541-1553; standardised
curves, Makuch, Journal of Chronic Diseases 1982, 35:437-443, with the errors of Lin & Wei, JASA 1989, 84:1074-1078.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from coxa.causal.means import both_sides
from coxa.causal.weighted_times import TimeNumber, TimeNumbers, check_followed, side_by_side_times
from coxa.causal.weights import Balancing, Weights
from coxa.errors import FitError
from coxa.models.survival.cox import fit_cox_arrays

PER_COLUMN = 2
"""Events that each column of a model needs; censoring with fewer has a model without columns."""
FEWEST_UNCENSORED = 0.01
"""Smallest probability of not being censored that is divided by."""


@dataclass(frozen=True, slots=True)
class HazardModel:
    """A Cox model of one group, with its baseline hazard after Breslow.

    time  : (J,) times of events, ascending; `jump` (J,), the baseline hazard at each
    x     : (n, p) columns of all participants, centred on the group
    ratio : (n,) hazard of every participant over that of the baseline
    """

    time: np.ndarray
    jump: np.ndarray
    x: np.ndarray = field(repr=False)
    ratio: np.ndarray = field(repr=False)

    def survival(self, at: np.ndarray) -> np.ndarray:
        """Return the (n, k) probability of no event up to and with each of k times."""
        summed = np.append(0.0, self.jump.cumsum())[np.searchsorted(self.time, at, side="right")]
        return np.exp(-self.ratio[:, None] * summed)


def hazard_model(
    time: np.ndarray, event: np.ndarray, columns: np.ndarray, mine: np.ndarray, what: str, *, or_plain: bool = False
) -> HazardModel:
    """Fit a Cox model to the participants of one group; ties by Breslow.

    Parameters
    ----------
    time, event : (n,)
    columns : (n, p)
    mine : (n,) bool
        The group.
    what : str
        What is modelled, for messages.
    or_plain : bool, default False
        With too few events leave the columns out, in place of an error.

    Raises
    ------
    FitError
        There are too few events for the columns.
    """
    varies = np.ptp(columns[mine], axis=0) > 0
    events = int(event[mine].sum())
    if events < PER_COLUMN * varies.sum():
        if not or_plain:
            raise FitError(
                f"a group has {events} events for {int(varies.sum())} columns of confounders in the model of {what}",
                ["Balance fewer confounders.", "Use weights: they have no model of the event."],
            )
        varies = np.zeros_like(varies)
    x = columns[:, varies] - columns[mine][:, varies].mean(axis=0)
    times = np.unique(time[mine & (event == 1)])
    if not len(times):
        return HazardModel(times, np.empty(0), x, np.ones(len(time)))
    ratio = np.ones(len(time))
    if varies.any():
        beta = fit_cox_arrays(time[mine], event[mine], x[mine], ties="breslow").coef
        ratio = np.exp(np.clip(x @ np.asarray(beta), -30, 30))
    at_risk = ((time[mine][:, None] >= times) * ratio[mine][:, None]).sum(axis=0)
    happened = ((time[mine][:, None] == times) & (event[mine][:, None] == 1)).sum(axis=0)
    return HazardModel(times, happened / at_risk, x, ratio)


def modelled_time_numbers(
    time: np.ndarray,
    event: np.ndarray,
    columns: np.ndarray,
    weights: Weights,
    horizon: float,
    *,
    augmented: bool = True,
) -> TimeNumbers:
    """Return restricted means and shares without an event by Cox models in each group, corrected by residuals or not.

    Parameters
    ----------
    time, event : (n,)
        Time to the event or to censoring; 1 for an event.
    columns : (n, p)
        Predictors of the event and of censoring.
    weights : Weights
        They also say whom the numbers are of (`tilt`).
    horizon : float
        Up to which time, above 0. What happens later is not used.
    augmented : bool, default True
        True: doubly robust. False: g-computation, by the models of the event alone.

    Raises
    ------
    FitError
        A group has too few events, is not followed up to the horizon, or nearly all of some participants like those in
        it are censored.

    Notes
    -----
    Errors take account of weights, coefficients and baseline hazards, of the models of the event and, doubly robust, of
    those of censoring.
    """
    return side_by_side_times(
        modelled_time_number(time, event, columns, weights, mine, horizon, augmented=augmented)
        for mine in both_sides(weights.treated)
    )


def modelled_time_number(
    time: np.ndarray,
    event: np.ndarray,
    columns: np.ndarray,
    weights: Balancing,
    mine: np.ndarray,
    horizon: float,
    *,
    augmented: bool = True,
) -> TimeNumber:
    """Return restricted mean and share without an event of one group (n,) bool, by a Cox model in it."""
    check_followed(time, event, mine, horizon)
    seen, capped = event * (time <= horizon), np.minimum(time, horizon)
    model = hazard_model(capped, seen, columns, mine, "the event")
    if not len(model.time):
        raise FitError("one of the groups has no event up to the horizon", ["Use a later horizon."])
    widths = np.column_stack([np.diff(np.append(model.time, horizon)), np.eye(len(model.time))[-1]])
    curves = model.survival(model.time)
    each = np.array([model.time[0], 0.0]) + curves @ widths
    target = weights.tilt / weights.tilt.sum()
    value = target @ each
    error = target[:, None] * (each - value)
    by_weights = weights.tilt_slope.T @ (each - value) / weights.tilt.sum()
    # derivative of the numbers by the hazard that each participant has had up to each time, (n, J, 2)
    by_hazard = -(target[:, None] * curves)[:, :, None] * widths
    by_jump = np.zeros_like(by_hazard)
    if augmented:
        residual = residuals_of(model, time, seen, columns, mine, horizon, curves)
        apart = residual.curve @ widths
        w = np.where(mine, weights.value, 0.0)
        mean = w @ apart / w.sum()
        value = value + mean
        error = error + w[:, None] * (apart - mean) / w.sum()
        by_weights = by_weights + (weights.slope * mine[:, None]).T @ (apart - mean) / w.sum()
        own, by_jump, by_leaving = residual.derivatives(w / w.sum(), curves, widths)
        by_hazard = by_hazard + own
        error = error + residual.error_of_leaving(by_leaving)
    error = error + error_of_model(model, capped, seen, mine, by_hazard, by_jump)
    return TimeNumber(value, error + weights.influence @ by_weights, int(mine.sum()))


@dataclass(frozen=True, slots=True)
class TimeResiduals:
    """What corrects the modelled curve of each participant of a group, with what it is made of.

    curve   : (n, J) -S(t) times the integral of dM / (S G) up to each time of events; 0 outside the group
    step    : (n, J) that integral's part at each time
    shrunk  : (n, J) at risk, the probability of no event at a time over S G; else 0
    leaving : the Cox model of censoring, on ranks of times
    rank    : (n,) ranks of the times; `censored` (n,) bool; `mine` (n,) the group
    place   : (J,) how many times of censoring are before each time of events
    """

    curve: np.ndarray
    step: np.ndarray
    shrunk: np.ndarray
    leaving: HazardModel
    rank: np.ndarray
    censored: np.ndarray
    mine: np.ndarray
    place: np.ndarray

    def derivatives(
        self, share: np.ndarray, curves: np.ndarray, widths: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return derivatives (n, J, 2) of the mean correction by the hazards of participants.

        Parameters
        ----------
        share : (n,)
            Weights of the participants, of sum 1.
        curves : (n, J)
            Modelled curves.
        widths : (J, 2)
            From curves to numbers.

        Returns
        -------
        tuple
            By the hazard of the event up to each time, by its part at each time, and by the hazard of censoring
            before each time.
        """
        lasting = (share[:, None] * curves)[:, :, None] * widths
        later = lasting[:, ::-1].cumsum(axis=1)[:, ::-1]
        moved = later * self.step[:, :, None]
        summed = self.step.cumsum(axis=1)[:, :, None]
        return lasting * summed - moved, later * self.shrunk[:, :, None], -moved

    def error_of_leaving(self, by_hazard: np.ndarray) -> np.ndarray:
        """Return what each participant adds to the error by way of the model of censoring (n, 2)."""
        leaving = self.leaving
        if not len(leaving.time):
            return np.zeros((len(self.rank), by_hazard.shape[2]))
        # at each time of censoring: what it moves at all later times of events
        at = np.zeros((len(by_hazard), len(leaving.time) + 1, by_hazard.shape[2]))
        for column, place in enumerate(self.place):
            at[:, place] += by_hazard[:, column]
        by_hazard = at[:, 1:]
        return error_of_model(
            leaving, self.rank, self.censored, self.mine, by_hazard, np.zeros_like(by_hazard)
        )  # fmt: skip


def residuals_of(
    model: HazardModel,
    time: np.ndarray,
    event: np.ndarray,
    columns: np.ndarray,
    mine: np.ndarray,
    horizon: float,
    curves: np.ndarray,
) -> TimeResiduals:
    """Return the residuals of a model of the event in one group, over the probability of not being censored."""
    # ranks in place of times: who is censored at the time of an event was at risk of it, and not the reverse
    rank = 2.0 * np.searchsorted(np.unique(time), time) + (event == 0)
    censored = ((event == 0) & (time < horizon)).astype(float)
    leaving = hazard_model(rank, censored, columns, mine, "censoring", or_plain=True)
    places = 2.0 * np.searchsorted(np.unique(time), model.time) - 0.5
    stays = leaving.survival(places)
    at_risk = mine[:, None] & (time[:, None] >= model.time)
    if at_risk.any() and stays[at_risk].min() < FEWEST_UNCENSORED:
        raise FitError(
            "some participants at risk had a probability below 1 in 100 of not being censored by then",
            ["Use an earlier horizon.", "Follow up for longer."],
        )
    hazard = model.ratio[:, None] * model.jump
    happens = (time[:, None] == model.time) & (event[:, None] == 1)
    over = np.where(at_risk, curves * stays, 1.0)
    step = np.where(at_risk, happens + np.expm1(-hazard), 0.0) / over
    shrunk = np.where(at_risk, np.exp(-hazard), 0.0) / over
    before = np.searchsorted(leaving.time, places, side="right")
    return TimeResiduals(-curves * step.cumsum(axis=1), step, shrunk, leaving, rank, censored, mine, before)


def error_of_model(
    model: HazardModel,
    time: np.ndarray,
    event: np.ndarray,
    mine: np.ndarray,
    by_hazard: np.ndarray,
    by_jump: np.ndarray,
) -> np.ndarray:
    """Return what each participant adds to the error of k numbers by way of a Cox model (n, k).

    Parameters
    ----------
    by_hazard, by_jump : (n, J, k)
        Derivatives of the numbers by the cumulative hazard of each participant at each time, and by its part there.
    """
    x, ratio, jump = model.x, model.ratio, model.jump
    at_risk = (mine[:, None] & (time[:, None] >= model.time)) * ratio[:, None]
    total = at_risk.sum(axis=0)
    mean = at_risk.T @ x / total[:, None]
    happens = mine[:, None] & (time[:, None] == model.time) & (event[:, None] == 1)
    martingale = happens - at_risk * jump
    score = martingale.sum(axis=1)[:, None] * x - martingale @ mean
    squares = np.einsum("ij,ip,iq->jpq", at_risk, x, x) / total[:, None, None]
    information = np.einsum("j,jpq->pq", happens.sum(axis=0), squares - mean[:, :, None] * mean[:, None, :])
    of_beta = np.linalg.solve(information, score.T).T if x.shape[1] else score
    # derivatives of the numbers by the baseline hazard at each time, and by the coefficients
    summed = np.tensordot(ratio, by_hazard, axes=1)
    of_jump = summed[::-1].cumsum(axis=0)[::-1] + np.tensordot(ratio, by_jump, axes=1)
    each = np.einsum("j,ijk->ik", jump.cumsum(), by_hazard) + np.einsum("j,ijk->ik", jump, by_jump)
    through = (x * ratio[:, None]).T @ each - mean.T @ (jump[:, None] * of_jump)
    return (martingale / total) @ of_jump + of_beta @ through
