"""Newton's method with the Hessian at the nodes: a handful of steps, each of one pass over the nodes more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coxa.models.glmm.problem import Problem
from coxa.models.numerics.newton import FLAT, NOISE, scaled_eigen
from coxa.models.numerics.node_hessian import CurvedRows, hessian_at_nodes
from coxa.models.numerics.quadrature import STEP, Integrals

FEWEST_NODES = 5
"""Nodes from which the Hessian at the nodes is near enough to lead a search over the standard deviation."""

MOST_STEPS = 25
"""Steps after which the search is left to quasi-Newton steps."""

MOST_HALVINGS = 12
"""Halvings of a step that lowers the likelihood."""

LONGEST = 8.0
"""Longest step, in standard errors."""

ROUNDING = 1e-9
"""Standard errors from the optimum from which a step gains nothing but rounding."""


@dataclass(frozen=True, slots=True)
class Ascended:
    """Where Newton's method ended.

    theta       : (P,) parameters
    at          : the integrated likelihood there
    hessian     : (F, F) of minus the log-likelihood over the free parameters, of these or of the last step's
    inverse     : (F, F) its inverse, eigenvalues taken absolute and kept from zero
    distance    : standard errors that the maximum is away
    evaluations : of the integrated likelihood
    """

    theta: np.ndarray
    at: Integrals
    hessian: np.ndarray
    inverse: np.ndarray
    distance: float
    evaluations: int


def leads(problem: Problem, theta: np.ndarray, free: np.ndarray) -> bool:
    """Return whether the Hessian at the nodes is known, and near to the exact one with so many nodes."""
    if not isinstance(problem.rows_at(theta[problem.p + 1 :]), CurvedRows):
        return False
    return problem.points >= FEWEST_NODES or not free[problem.p]


def safe_inverse(hessian: np.ndarray) -> np.ndarray:
    """Return the inverse of a Hessian whose eigenvalues are taken absolute and kept from zero."""
    scale, values, vectors = scaled_eigen(hessian)
    safe = np.maximum(np.abs(values), FLAT * np.abs(values).max())
    turned = scale[:, None] * vectors
    return np.asarray((turned / safe) @ turned.T)


def ascended(problem: Problem, start: np.ndarray, free: np.ndarray, near: float = ROUNDING) -> Ascended | None:
    """Return where the log-likelihood is highest, by Newton's method from a start; None where it does not get there.

    Parameters
    ----------
    problem : Problem
        For which `leads` is true.
    start : (P,)
    free : (P,) bool
    near : standard errors from the maximum at which the search ends
    """
    theta, at, calls = start, problem.at(start), 1
    before = np.inf
    for _ in range(MOST_STEPS):
        hessian = minus_hessian(problem, at)[np.ix_(free, free)]
        if not np.isfinite(hessian).all():
            return None
        inverse = safe_inverse(hessian)
        gradient = problem.gradient(at)[free]
        step = inverse @ gradient
        distance = float(np.sqrt(max(gradient @ step, 0.0)))
        if distance < near or (distance < np.sqrt(near) and not distance < before):
            return Ascended(theta, at, hessian, inverse, distance, calls)
        before = distance
        step *= min(1.0, LONGEST / distance)
        for _ in range(MOST_HALVINGS):
            trial = theta.copy()
            trial[free] += step
            there, calls = problem.at(trial, at.modes), calls + 1
            if there.loglik >= at.loglik - NOISE * abs(at.loglik):
                break
            step = step / 2
        else:
            return None
        theta, at = trial, there
    return None


def minus_hessian(problem: Problem, at: Integrals) -> np.ndarray:
    """Return the Hessian (P, P) at the nodes, of minus the log-likelihood."""
    rows = problem.rows_at(np.zeros(0))
    assert isinstance(rows, CurvedRows)
    return -hessian_at_nodes(rows, problem.q, problem.clusters, at.placed)


def off_by(problem: Problem, found: Ascended, free: np.ndarray) -> float:
    """Return how far the Hessian is from differences of the exact gradient, relative to a unit diagonal.

    In one direction, which moves every parameter by as many standard errors.
    """
    direction = np.sqrt(np.diag(found.inverse))
    move = np.zeros(len(found.theta))
    move[free] = STEP * direction
    ends = [problem.gradient(problem.at(found.theta + sign * move, found.at.modes))[free] for sign in (1, -1)]
    differences = -(ends[0] - ends[1]) / (2 * STEP)
    return float((np.abs(differences - found.hessian @ direction) / np.sqrt(np.abs(np.diag(found.hessian)))).max())
