"""The probabilities of being in each of several groups, given the confounders: multinomial logistic regression.

The model is that of statsmodels (`MNLogit`). Sources: Imbens, Biometrika 2000, 87:706-710 (the generalised propensity
score); Albert & Anderson, Biometrika 1984, 71:1-10 (when its likelihood has a maximum).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np
from scipy.special import softmax

from coxa.errors import FitError
from coxa.models.design.matrix import orthonormal
from coxa.models.glm.families import BINOMIAL
from coxa.models.glm.separation import separation

STEPS = 100
SETTLED = 1e-9
"""Largest score at the maximum, per participant."""
NEARLY_SURE = 15.0
"""Log odds beyond which separation is looked for although the steps converged."""


@dataclass(frozen=True, slots=True)
class MultinomialModel:
    """A multinomial logistic regression of k groups, the first as the reference.

    probability : (n, k) of every row
    design      : (n, p) columns, of which the coefficients are; the space is that of a constant and the confounders
    influence   : (n, (k - 1) p) what each row adds to the error of the coefficients, group by group
    """

    probability: np.ndarray
    design: np.ndarray = field(repr=False)
    influence: np.ndarray = field(repr=False)

    def chain(self, by_predictor: np.ndarray) -> np.ndarray:
        """Return derivatives (n, (k - 1) p) by the coefficients from those by the linear predictors (n, k - 1)."""
        return np.hstack([by_predictor[:, [j]] * self.design for j in range(by_predictor.shape[1])])


def fit_multinomial(columns: np.ndarray, group: np.ndarray, k: int) -> MultinomialModel:
    """Fit the probabilities of k groups by maximum likelihood.

    Parameters
    ----------
    columns : (n, p)
        Confounders, without a constant.
    group : (n,) of 0 to k - 1
        Each has participants.

    Raises
    ------
    FitError
        The columns are collinear, or separate groups.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> model = fit_multinomial(rng.normal(size=(60, 1)), np.arange(60) % 3, 3)
    >>> model.probability.mean(axis=0).round(6).tolist()
    [0.333333, 0.333333, 0.333333]
    """
    from statsmodels.discrete.discrete_model import MNLogit

    whole = np.column_stack([np.ones(len(columns)), columns])
    if np.linalg.matrix_rank(whole) < whole.shape[1]:
        raise FitError(
            "the columns of the model of the groups are collinear", ["Leave out a variable that follows from others."]
        )
    # columns of length sqrt(n) that are orthogonal: the weights do not depend on it, and Newton's steps settle
    design = orthonormal(whole, [f"column {j}" for j in range(whole.shape[1])]).q * np.sqrt(len(whole))
    model = MNLogit(group, design)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            beta = np.asarray(model.fit(method="newton", maxiter=STEPS, disp=0, tol=1e-12).params)
        except np.linalg.LinAlgError:
            raise _separated() from None
    for _ in range(3):  # the search stops by the change of coefficients; what is left of the score is taken away
        step = np.linalg.solve(-model.hessian(beta), model.score(beta.ravel(order="F")))
        beta = beta + step.reshape(beta.shape, order="F")
    predictor = np.column_stack([np.zeros(len(design)), design @ beta])
    score = model.score_obs(beta.ravel(order="F"))
    far = np.abs(predictor).max() > NEARLY_SURE
    settled = np.isfinite(beta).all() and np.abs(score.sum(axis=0)).max() < SETTLED * len(design)
    if (far or not settled) and _is_separated(design, group, k):
        raise _separated()
    if not settled:
        raise FitError("the model of the groups did not settle", ["Balance fewer confounders."])
    influence = np.linalg.solve(-model.hessian(beta), score.T).T
    return MultinomialModel(softmax(predictor, axis=1), design, influence)


def _is_separated(design: np.ndarray, group: np.ndarray, k: int) -> bool:
    """Say whether coefficients can grow without end, never making a participant's own group less likely than another.

    It is the separation of a logistic regression without a constant, with a row for each participant and other group.
    """
    rows = []
    for other in range(k):
        away = np.flatnonzero(group != other)
        block = np.zeros((len(away), k, design.shape[1]))
        block[np.arange(len(away)), group[away]] += design[away]
        block[:, other] -= design[away]
        rows.append(block[:, 1:].reshape(len(away), -1))
    stacked = np.concatenate(rows)
    return separation(stacked, np.ones(len(stacked)), BINOMIAL) is not None


def _separated() -> FitError:
    return FitError(
        "the confounders separate the groups: some participants are in one of them, or outside one, for certain",
        [
            "Restrict eligibility to people who could have been in each group.",
            "Join rare levels, or leave out a variable that decides the group.",
        ],
    )
