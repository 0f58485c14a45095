"""The search for the maximum of an integrated likelihood, and its proof."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import minimize

from coxa.models.glmm.newton import ascended, leads, off_by, safe_inverse
from coxa.models.glmm.problem import Problem
from coxa.models.numerics.newton import CONVERGED, FLAT, scaled_eigen
from coxa.models.numerics.quadrature import Integrals, hessian_by_differences

COARSE = 7
"""Nodes with which the search begins; the last steps and all that is reported have those asked for."""

FIRST_SD = 1.0
"""Standard deviation of the random intercept at which the search starts."""

ROUGH = 1e-2
"""Standard errors from the optimum at which the first search ends."""

NEAR = 1e-5
"""Standard errors from the optimum at which the Hessian is taken, and the last steps are Newton's."""

ROUNDING = 1e-10
"""Standard errors from the optimum from which a step gains nothing but rounding."""

LAST_STEPS = 4
"""Newton steps with that Hessian; one is enough as a rule."""

SYMMETRIC = 1e-5
"""Largest asymmetry of a Hessian by differences, or distance of one at the nodes from differences, relative to a unit
diagonal, at which it is taken for exact."""


@dataclass(slots=True)
class Tracked:
    """The objective of a search over some parameters, which starts from the modes that it found last."""

    problem: Problem
    theta: np.ndarray
    free: np.ndarray
    modes: np.ndarray | None = None
    calls: int = field(default=0)

    def full(self, values: np.ndarray) -> np.ndarray:
        """Return all parameters."""
        theta = self.theta.copy()
        theta[self.free] = values
        return theta

    def __call__(self, values: np.ndarray) -> tuple[float, np.ndarray]:
        """Return minus the log-likelihood and its gradient by the free parameters."""
        at = self.problem.at(self.full(values), self.modes)
        self.modes, self.calls = at.modes, self.calls + 1
        return -at.loglik, -self.problem.gradient(at)[self.free]


@dataclass(frozen=True, slots=True)
class Maximum:
    """Where the search ended.

    theta          : (P,) parameters; sd is not negative
    at             : the integrated likelihood there
    hessian        : (P, P) of minus the log-likelihood; zeros for parameters that were held
    distance       : sqrt(g' H^-1 g), standard errors that the maximum is away
    min_eigenvalue : smallest eigenvalue of the Hessian scaled to a unit diagonal
    asymmetry      : of the Hessian by differences, relative to a unit diagonal; of one at the nodes, how far it is off
    evaluations    : of the integrated likelihood
    failure        : why this is no proven maximum; empty when it is one
    """

    theta: np.ndarray
    at: Integrals
    hessian: np.ndarray
    distance: float
    min_eigenvalue: float
    asymmetry: float
    evaluations: int
    failure: str


def descend(
    target: Tracked, start: np.ndarray, inverse: np.ndarray, near: float = NEAR
) -> tuple[np.ndarray, np.ndarray]:
    """Return where BFGS ends from a start, and its inverse Hessian; `inverse` is a guess of that.

    The search is in units of the standard errors that the guess gives.
    """
    root = np.linalg.cholesky(inverse)

    def scaled(z: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = target(start + root @ z)
        return value, root.T @ gradient

    found = minimize(scaled, np.zeros(len(start)), jac=True, method="BFGS", options={"gtol": near, "maxiter": 200})
    return np.asarray(start + root @ found.x), np.asarray(root @ found.hess_inv @ root.T)


def polished(target: Tracked, values: np.ndarray, inverse: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the values after steps with one inverse Hessian, and the distance from the optimum in standard errors."""
    gradient = target(values)[1]
    distance = float(np.sqrt(gradient @ inverse @ gradient))
    for _ in range(LAST_STEPS):
        if distance < ROUNDING:
            break
        trial = values - inverse @ gradient
        gradient_there = target(trial)[1]
        closer = float(np.sqrt(gradient_there @ inverse @ gradient_there))
        if not closer < distance:
            break
        values, gradient, distance = trial, gradient_there, closer
    return values, distance


def maximum(problem: Problem, start: np.ndarray, inverse: np.ndarray, free: np.ndarray) -> tuple[Maximum, np.ndarray]:
    """Return the maximum over the free parameters, and the inverse Hessian (F, F) over these.

    Parameters
    ----------
    problem : Problem
    start : (P,)
    inverse : (F, F) a guess of the inverse Hessian over the free parameters
    free : (P,) bool
    """
    if leads(problem, start, free):
        found = by_newton(problem, start, free)
        if found is not None:
            return found
    target = Tracked(problem, start, free)
    values, inverse = descend(target, start[free], inverse)
    values, _ = polished(target, values, inverse)
    hessian, asymmetry = hessian_by_differences(lambda at: target(at)[1], values, np.sqrt(np.diag(inverse)))
    inverse = safe_inverse(hessian)
    values, distance = polished(target, values, inverse)
    smallest = float(scaled_eigen(hessian)[1][0])
    theta, hessian = with_positive_sd(problem, target.full(values), hessian, free)
    at = problem.at(theta)
    failure = missing_proof(distance, smallest, asymmetry)
    full = placed_in(len(start), free, hessian)
    return Maximum(theta, at, full, distance, smallest, asymmetry, target.calls + 1, failure), inverse


def by_newton(problem: Problem, start: np.ndarray, free: np.ndarray) -> tuple[Maximum, np.ndarray] | None:
    """Return the maximum by the Hessian at the nodes; None where that does not get there, or is not exact enough."""
    found = ascended(problem, start, free)
    if found is None:
        return None
    off = off_by(problem, found, free)
    smallest = float(scaled_eigen(found.hessian)[1][0])
    if missing_proof(found.distance, smallest, off):
        return None
    theta, hessian = with_positive_sd(problem, found.theta, found.hessian, free)
    at = found.at if theta is found.theta else problem.at(theta)
    full = placed_in(len(theta), free, hessian)
    return Maximum(theta, at, full, found.distance, smallest, off, found.evaluations + 2, ""), found.inverse


def placed_in(size: int, free: np.ndarray, hessian: np.ndarray) -> np.ndarray:
    """Return a Hessian (P, P) with zeros for parameters that were held."""
    full = np.zeros((size, size))
    full[np.ix_(free, free)] = hessian
    return full


def approached(
    problem: Problem, start: np.ndarray, inverse: np.ndarray, free: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return parameters (P,) near a maximum, with sd not negative, and the inverse Hessian over the free ones."""
    if leads(problem, start, free):
        found = ascended(problem, start, free, ROUGH)
        if found is not None:
            return with_positive_sd(problem, found.theta, found.inverse, free)
    target = Tracked(problem, start, free)
    values, inverse = descend(target, start[free], inverse, ROUGH)
    return with_positive_sd(problem, target.full(values), inverse, free)


def with_positive_sd(
    problem: Problem, theta: np.ndarray, matrix: np.ndarray, free: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return parameters and a matrix over the free ones (F, F) with the sign of sd turned where it is negative.

    The likelihood is the same for both signs.
    """
    if theta[problem.p] >= 0:
        return theta, matrix
    signs = np.ones(len(theta))
    signs[problem.p] = -1.0
    return theta * signs, matrix * np.outer(signs[free], signs[free])


def missing_proof(distance: float, smallest: float, asymmetry: float) -> str:
    """Say what keeps a point from being a proven maximum; empty if nothing does."""
    if not distance < CONVERGED:
        return f"the gradient is not zero (distance {distance:.2g} standard errors)"
    if not smallest > FLAT:
        return f"the likelihood is flat or saddle-shaped there (smallest scaled eigenvalue {smallest:.2g})"
    if not asymmetry < SYMMETRIC:
        return f"the Hessian is not symmetric ({asymmetry:.2g})"
    return ""
