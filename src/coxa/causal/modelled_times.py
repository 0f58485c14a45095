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

from coxa.causal.weighted_times import TimeNumbers, check_followed
from coxa.causal.weights import Weights
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
    Doubly robust errors are those of the influence function with the weights estimated; they count the Cox models as
    known, which is right to first order where all models are, and is checked by a bootstrap. Those of g-computation
    take account of coefficients and baseline hazard.
    """
    seen = event * (time <= horizon)
    values, influence, numbers = np.zeros(4), np.zeros((len(time), 4)), []
    for side, treated in enumerate((True, False)):
        mine = weights.treated == treated
        check_followed(time, event, mine, horizon)
        model = hazard_model(np.minimum(time, horizon), seen, columns, mine, "the event")
        if not len(model.time):
            raise FitError("one of the groups has no event up to the horizon", ["Use a later horizon."])
        widths = np.column_stack([np.diff(np.append(model.time, horizon)), np.eye(len(model.time))[-1]])
        first = np.array([model.time[0], 0.0])
        curves = model.survival(model.time)
        each = first + curves @ widths
        target = weights.tilt / weights.tilt.sum()
        standard = target @ each
        error = target[:, None] * (each - standard)
        by_weights = weights.tilt_slope.T @ (each - standard) / weights.tilt.sum()
        if augmented:
            residual = _residuals(model, time, seen, columns, mine, horizon, curves) @ widths
            w = np.where(mine, weights.value, 0.0)
            mean = w @ residual / w.sum()
            standard = standard + mean
            error = error + w[:, None] * (residual - mean) / w.sum()
            by_weights = by_weights + (weights.slope * mine[:, None]).T @ (residual - mean) / w.sum()
        else:
            error = error + _error_of_model(model, np.minimum(time, horizon), seen, mine, target, curves, widths)
        places = [side, 2 + side]
        values[places] = standard
        influence[:, places] = error + weights.influence @ by_weights
        numbers.append(int(mine.sum()))
    return TimeNumbers(values, influence, (numbers[0], numbers[1]))


def _residuals(
    model: HazardModel,
    time: np.ndarray,
    event: np.ndarray,
    columns: np.ndarray,
    mine: np.ndarray,
    horizon: float,
    curves: np.ndarray,
) -> np.ndarray:
    """Return -S(t) times the integral of dM / (S G) up to each time of events (n, J); 0 for the other group."""
    # ranks in place of times: who is censored at the time of an event was at risk of it, and not the reverse
    rank = 2.0 * np.searchsorted(np.unique(time), time) + (event == 0)
    censored = ((event == 0) & (time < horizon)).astype(float)
    leaving = hazard_model(rank, censored, columns, mine, "censoring", or_plain=True)
    places = 2.0 * np.searchsorted(np.unique(time), model.time)
    stays = leaving.survival(places - 0.5)
    at_risk = mine[:, None] & (time[:, None] >= model.time)
    if at_risk.any() and stays[at_risk].min() < FEWEST_UNCENSORED:
        raise FitError(
            "some participants at risk had a probability below 1 in 100 of not being censored by then",
            ["Use an earlier horizon.", "Follow up for longer."],
        )
    expected = -np.expm1(-model.ratio[:, None] * model.jump)
    happens = (time[:, None] == model.time) & (event[:, None] == 1)
    residual = np.where(at_risk, happens - expected, 0.0) / np.where(at_risk, curves * stays, 1.0)
    return -curves * residual.cumsum(axis=1)


def _error_of_model(
    model: HazardModel,
    time: np.ndarray,
    event: np.ndarray,
    mine: np.ndarray,
    target: np.ndarray,
    curves: np.ndarray,
    widths: np.ndarray,
) -> np.ndarray:
    """Return what each participant adds to the error of standardised numbers by way of the Cox model (n, k)."""
    x, ratio = model.x, model.ratio
    at_risk = (mine[:, None] & (time[:, None] >= model.time)) * ratio[:, None]
    total = at_risk.sum(axis=0)
    mean = at_risk.T @ x / total[:, None]
    happens = mine[:, None] & (time[:, None] == model.time) & (event[:, None] == 1)
    martingale = happens - at_risk * model.jump
    score = martingale.sum(axis=1)[:, None] * x - martingale @ mean
    squares = np.einsum("ij,ip,iq->jpq", at_risk, x, x) / total[:, None, None]
    information = np.einsum("j,jpq->pq", happens.sum(axis=0), squares - mean[:, :, None] * mean[:, None, :])
    of_beta = np.linalg.solve(information, score.T).T if x.shape[1] else score
    # derivatives of the standardised curve at each time by the summed baseline hazard, and by the coefficients
    slope = -(target * ratio) @ curves
    by_beta = -((target * ratio)[:, None] * curves).T @ x * model.jump.cumsum()[:, None]
    later = (slope[:, None] * widths)[::-1].cumsum(axis=0)[::-1]
    through = by_beta.T @ widths - mean.T @ (model.jump[:, None] * later)
    return (martingale / total) @ later + of_beta @ through
