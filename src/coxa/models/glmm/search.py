"""The search for the maximum of an integrated likelihood, and its proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import minimize

from coxa.models.numerics.newton import CONVERGED, FLAT, scaled_eigen
from coxa.models.numerics.quadrature import (
    Clusters,
    Integrals,
    RowLikelihood,
    gauss_hermite,
    hessian_by_differences,
    integrate,
)

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
"""Largest asymmetry of a Hessian by differences, relative to a unit diagonal, at which it is taken for exact."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is maximised, with parameters: coefficients in an orthonormal basis (p,), sd, shape parameters (A,).

    q        : (N, p) orthonormal columns
    offset   : (N,) known part of the linear predictor
    clusters : of the rows
    rows_at  : shape parameters (A,) -> log densities of the rows
    points   : nodes
    """

    q: np.ndarray
    offset: np.ndarray
    clusters: Clusters
    rows_at: Callable[[np.ndarray], RowLikelihood]
    points: int

    @property
    def p(self) -> int:
        """Number of coefficients, and the position of sd."""
        return int(self.q.shape[1])

    def at(self, theta: np.ndarray, start: np.ndarray | None = None) -> Integrals:
        """Return the integrated likelihood at parameters."""
        p = self.p
        eta = self.offset + self.q @ theta[:p]
        return integrate(self.rows_at(theta[p + 1 :]), eta, theta[p], self.clusters, gauss_hermite(self.points), start)

    def gradient(self, at: Integrals) -> np.ndarray:
        """Return the gradient (P,) of the log-likelihood."""
        return np.concatenate([self.q.T @ at.by_row, [at.by_sd], at.by_shape])

    def score_of_variance(self, theta: np.ndarray) -> float:
        """Return the derivative of the log-likelihood by the variance, where that is zero."""
        eta = self.offset + self.q @ theta[: self.p]
        slope, curvature = self.rows_at(theta[self.p + 1 :]).slopes(eta)
        return float(((self.clusters.sums(slope)) ** 2 + self.clusters.sums(curvature)).sum() / 2)


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
    asymmetry      : of the Hessian by differences, relative to a unit diagonal
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


def safe_inverse(hessian: np.ndarray) -> np.ndarray:
    """Return the inverse of a Hessian whose eigenvalues are taken absolute and kept from zero."""
    scale, values, vectors = scaled_eigen(hessian)
    safe = np.maximum(np.abs(values), FLAT * np.abs(values).max())
    turned = scale[:, None] * vectors
    return np.asarray((turned / safe) @ turned.T)


def maximum(problem: Problem, start: np.ndarray, inverse: np.ndarray, free: np.ndarray) -> tuple[Maximum, np.ndarray]:
    """Return the maximum over the free parameters, and the inverse Hessian (F, F) over these.

    Parameters
    ----------
    problem : Problem
    start : (P,)
    inverse : (F, F) a guess of the inverse Hessian over the free parameters
    free : (P,) bool
    """
    target = Tracked(problem, start, free)
    values, inverse = descend(target, start[free], inverse)
    values, _ = polished(target, values, inverse)
    hessian, asymmetry = hessian_by_differences(lambda at: target(at)[1], values, np.sqrt(np.diag(inverse)))
    inverse = safe_inverse(hessian)
    values, distance = polished(target, values, inverse)
    smallest = float(scaled_eigen(hessian)[1][0])
    theta, hessian = with_positive_sd(problem, target.full(values), hessian, free)
    full = np.zeros((len(start), len(start)))
    full[np.ix_(free, free)] = hessian
    at = problem.at(theta)
    failure = missing_proof(distance, smallest, asymmetry)
    return Maximum(theta, at, full, distance, smallest, asymmetry, target.calls + 1, failure), inverse


def approached(
    problem: Problem, start: np.ndarray, inverse: np.ndarray, free: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return parameters (P,) near a maximum, with sd not negative, and the inverse Hessian over the free ones."""
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
