"""From rows to a proven maximum of the integrated likelihood, inside or at a variance of zero."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from coxa.errors import NonConvergenceError, SeparationError
from coxa.models.design.matrix import Basis, Design
from coxa.models.glm.fit import NEARLY_SURE, refuse_separation
from coxa.models.glmm.outcomes import OUTCOMES, Outcome
from coxa.models.glmm.problem import Problem
from coxa.models.glmm.rows import ClusteredRows
from coxa.models.glmm.search import COARSE, FIRST_SD, Maximum, approached, maximum
from coxa.models.numerics.quadrature import Clusters

TIE = 1e-8
"""Log-likelihood by which a variance above zero must be better than zero."""

LARGEST_SD = 30.0
"""Standard deviation on the scale of the linear predictor from which the search runs to infinity."""

LARGEST_LOG_SIZE = 11.0
"""Logarithm of a negative binomial size from which counts vary like Poisson's."""

FIRST_LOG_SIZE = 1.0
"""Logarithm of the size at which the search starts."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """The maximum, and what it is compared with.

    maximum  : of the parameters: coefficients in the basis (p,), sd, shape parameters
    at_zero  : whether the variance was estimated at zero
    without  : log-likelihood of the model without the random intercept
    checked  : log-likelihood at the same parameters with 2 K + 1 nodes
    is_poisson : whether the size of a negative binomial was estimated at infinity, and these are Poisson's parameters
    """

    maximum: Maximum
    at_zero: bool
    without: float
    checked: float
    is_poisson: bool = False


def fitted(rows: ClusteredRows, basis: Basis, outcome: Outcome, points: int) -> Fitted:
    """Return the maximum with so many nodes; the errors are those of `coxa.models.fit_glmm`."""
    design, order = rows.design, rows.order
    offset = np.zeros(len(order)) if rows.exposure is None else np.log(rows.exposure)
    full = Problem(
        basis.q[order], offset[order], Clusters.of(rows.codes[order]), outcome.of_rows(design.y[order]), points
    )
    zero, inverse = without_intercept(replace(full, points=1), design, outcome)
    if is_poisson(zero.theta, outcome):
        return replace(fitted(rows, basis, OUTCOMES["poisson"], points), is_poisson=True)
    start, guess = first_guess(full, zero.theta, inverse)
    free = np.ones(len(start), dtype=bool)
    start, guess = approached(replace(full, points=min(COARSE, points)), start, guess, free)
    best, _ = maximum(full, start, guess, free)
    check_finite_sd(best, full.p, rows.cluster)
    if best.at.loglik < zero.at.loglik + TIE:
        if full.score_of_variance(zero.theta) > 0 or zero.failure:
            raise not_proven(zero.failure or "the likelihood rises with the variance, and no maximum was found")
        return Fitted(zero, True, zero.at.loglik, zero.at.loglik)
    if is_poisson(best.theta, outcome):
        return replace(fitted(rows, basis, OUTCOMES["poisson"], points), is_poisson=True)
    if best.failure:
        raise not_proven(best.failure)
    checked = replace(full, points=2 * points + 1).at(best.theta, best.at.modes).loglik
    return Fitted(best, False, zero.at.loglik, checked)


def without_intercept(problem: Problem, design: Design, outcome: Outcome) -> tuple[Maximum, np.ndarray]:
    """Return the maximum at a variance of zero, and its inverse Hessian.

    Raises
    ------
    SeparationError
        There is none, with or without a random intercept.
    """
    p, shapes = problem.p, len(outcome.shapes)
    theta = np.zeros(p + 1 + shapes)
    n = len(problem.offset)
    scale = 4.0
    if outcome.base.name == "poisson":
        level = np.log(max(design.y.sum(), 0.5) / np.exp(problem.offset).sum())
        theta[:p] = problem.q.T @ np.full(n, level)
        scale = 1 / max(float(design.y.mean()), 1e-3)
    theta[p + 1 :] = FIRST_LOG_SIZE
    free = np.ones(len(theta), dtype=bool)
    free[p] = False
    found, inverse = maximum(problem, theta, np.diag(np.r_[np.full(p, scale), np.full(shapes, 10 / n)]), free)
    if found.failure or np.abs(problem.q @ found.theta[:p]).max() > NEARLY_SURE:
        refuse_separation(design, outcome.base)
    return found, inverse


def first_guess(problem: Problem, zero: np.ndarray, inverse: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return parameters (P,) and an inverse Hessian (P, P) at which the search for a variance above zero starts.

    `zero` and `inverse` are those of the model without a random intercept, whose coefficients are nearer to zero.
    """
    p = problem.p
    start = zero.copy()
    start[p] = FIRST_SD
    guess = np.insert(np.insert(2 * inverse, p, 0.0, axis=0), p, 0.0, axis=1)
    guess[p, p] = 4 / problem.clusters.size
    return start, guess


def check_finite_sd(best: Maximum, p: int, cluster: str) -> None:
    """Raise SeparationError where the standard deviation runs to infinity."""
    if best.theta[p] > LARGEST_SD:
        raise SeparationError(
            f"the standard deviation between levels of {cluster} grows without end (above {LARGEST_SD:g}): the outcome "
            "hardly varies within them, given the covariates",
            [f"Analyse one row for each level of {cluster}, in coxa.models.fit_glm.", "Use a smaller formula."],
        )


def is_poisson(theta: np.ndarray, outcome: Outcome) -> bool:
    """Return whether counts of a negative binomial vary no more than Poisson's."""
    return bool(outcome.shapes) and theta[-1] > LARGEST_LOG_SIZE


def not_proven(reason: str) -> NonConvergenceError:
    """Return the error of a likelihood without a proven maximum."""
    return NonConvergenceError(
        f"the integrated likelihood has no proven maximum: {reason}",
        [
            "Look at the covariates for values that are far from all others.",
            "Leave terms with hardly any data out of the formula.",
            "Use more nodes, such as quadrature=51.",
        ],
    )
