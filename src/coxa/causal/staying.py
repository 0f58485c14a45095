"""Weights of outcomes at several visits for those that are missing, with what each participant adds to their error.

In each group a logistic regression says who is still in at a visit, among those in at the visit before, given the
confounders and the outcomes so far; a last one says who has an outcome there. The weight of an outcome is one over the
product. Source: Robins, Rotnitzky & Zhao, JASA 1995, 90:106-121.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from coxa.causal.propensity import LogisticModel, fit_logistic
from coxa.errors import FitError
from coxa.impute.dropout import EVENTS_PER_COLUMN, SMALLEST, carried_forward


@dataclass(frozen=True, slots=True)
class Staying:
    """Weights of outcomes, and how they depend on the models behind them.

    weight : (n, m) 0 for missing outcomes
    models : influence (n, q) and derivative of the weights (n, m, q) of each model
    """

    weight: np.ndarray
    models: tuple[tuple[np.ndarray, np.ndarray], ...] = field(repr=False)

    def error_of(self, by_weight: np.ndarray) -> np.ndarray:
        """Return what the models add to the error of sums over outcomes (n, k), from their derivatives (n, m, k)."""
        n, k = by_weight.shape[0], by_weight.shape[2]
        found = np.zeros((n, k))
        for influence, slope in self.models:
            found += influence @ np.einsum("nvq,nvk->qk", slope, by_weight)
        return found


def staying_weights(y: np.ndarray, columns: np.ndarray, groups: np.ndarray) -> Staying:
    """Model in each group who stays, and return the weights of the outcomes.

    Parameters
    ----------
    y : (n, m)
        Outcomes by visit, NaN where missing.
    columns : (n, p)
        Confounders, without a constant.
    groups : (k, n) bool
        Who is in each of k groups.

    Raises
    ------
    FitError
        Nobody of a group has an outcome at a visit, or some would have had one with a probability near zero.

    Notes
    -----
    A participant is in until his or her last outcome. With fewer than two participants lost, or left, for each column
    of a model the share who stay is used alone.

    Examples
    --------
    >>> y = np.array([[1.0, 2], [2, np.nan], [3, 4], [2, 1]] * 4)
    >>> staying_weights(y, np.zeros((16, 0)), np.ones((1, 16), dtype=bool)).weight[:2].round(2).tolist()
    [[1.0, 1.33], [1.0, 0.0]]
    """
    n, m = y.shape
    seen = np.isfinite(y)
    inside = np.logical_or.accumulate(seen[:, ::-1], axis=1)[:, ::-1]
    weight, models = np.zeros((n, m)), []
    for mine in groups:
        chance, before, chain = np.ones(n), mine, list[LogisticModel]()
        for place in range(m):
            history = np.column_stack([np.ones(n), columns, carried_forward(y[:, :place])])
            last = _stay(history, seen[:, place], before)
            whole = chance * last.probability
            here = mine & seen[:, place]
            if not here.any() or whole[here].min() < SMALLEST:
                raise FitError(
                    "the probability of having an outcome at a visit is nearly zero for some participants of a group",
                    ["Leave the visit out, with `visits:`.", "Use `dropout: likelihood`."],
                )
            weight[here, place] = 1 / whole[here]
            models += [_derivative(model, weight, place, here) for model in (last, *chain)]
            still = _stay(history, inside[:, place], before)
            chance, before = np.where(before, chance * still.probability, 1.0), before & inside[:, place]
            chain.append(still)
    return Staying(weight, tuple(models))


def _stay(history: np.ndarray, stays: np.ndarray, among: np.ndarray) -> LogisticModel:
    """Return the model of who stays among some; the share alone with few who leave or stay, or separated ones."""
    left, kept = int((among & ~stays).sum()), int((among & stays).sum())
    if not left:
        blank = np.empty((len(stays), 0))
        return LogisticModel(np.ones(len(stays)), np.empty(0), blank, blank)
    varies = np.append(True, np.ptp(history[among][:, 1:], axis=0) > 0)
    design = history[:, varies]
    if min(left, kept) >= EVENTS_PER_COLUMN * design.shape[1]:
        try:
            return fit_logistic(design, stays.astype(float), "staying", among)
        except FitError:
            pass
    return fit_logistic(design[:, :1], stays.astype(float), "staying", among)


def _derivative(
    model: LogisticModel, weight: np.ndarray, place: int, here: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the influence of a model, and the derivative of the weights at a visit by its coefficients."""
    slope = np.zeros((*weight.shape, model.design.shape[1]))
    by = -(weight[:, place] * (1 - model.probability) * here)
    slope[:, place] = by[:, None] * model.design
    return model.influence, slope
