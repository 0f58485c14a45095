"""From sums to a fitted marginal model: starts, optimum, and what inference needs of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coxa.models.covariance.structure import Structure
from coxa.models.numerics.newton import Optimum, Point, minimise
from coxa.models.numerics.pattern_sums import Stack
from coxa.models.numerics.reml import Derivatives, Likelihood, derivatives, likelihood, residual_moments

SINGULAR = 1e-9
"""Smallest eigenvalue of the correlation below which the covariance counts as singular."""

NEARLY_SINGULAR = 1e-4
"""Smallest eigenvalue of the correlation below which a failed search is said to have met a singular matrix."""

START_FLOOR = 1e-3
"""Smallest eigenvalue of the correlation from which the optimiser starts."""


@dataclass(frozen=True, slots=True)
class MarginalFit:
    """A marginal model at its optimum, K covariance parameters, p columns, m visits.

    theta, covariance : (K,), (m, m)
    at                : likelihood there, with beta (p,) and Phi (p, p)
    derivatives       : gradient, Hessian and the slopes of Phi^-1 there
    theta_covariance  : (K, K) inverse observed information
    optimum           : the optimiser's own record
    """

    theta: np.ndarray
    covariance: np.ndarray
    at: Likelihood
    derivatives: Derivatives
    theta_covariance: np.ndarray
    optimum: Optimum


@dataclass(frozen=True, slots=True)
class Attempt:
    """One start with one structure: what it was, and why it was left (empty if it was kept)."""

    structure: str
    start: str
    failure: str


def correlation(covariance: np.ndarray) -> np.ndarray:
    """Return the correlation matrix of a covariance matrix."""
    sd = np.sqrt(np.diag(covariance))
    return covariance / np.outer(sd, sd)


def moments(sums: Stack) -> np.ndarray:
    """Return the pairwise covariance (m, m) of the residuals of ordinary least squares, from the sums.

    Each entry is over the participants seen at both visits; where there are none it is zero.
    """
    ordinary = likelihood(sums, np.eye(sums.m))
    total = residual_moments(sums, ordinary, reml=False).sum(axis=0)
    together = np.einsum("s,sa,sb->ab", sums.n, sums.observed, sums.observed)
    return np.divide(total, together, out=np.zeros_like(total), where=together > 0)


def starts(sums: Stack) -> list[tuple[str, np.ndarray]]:
    """Return positive definite matrices to start from, the best guess first."""
    raw = moments(sums)
    sd = np.sqrt(np.diag(raw))
    if not (sd > 0).all():
        return []
    values, vectors = np.linalg.eigh(raw / np.outer(sd, sd))
    lifted = (vectors * np.maximum(values, START_FLOOR)) @ vectors.T
    root = np.sqrt(np.diag(lifted))
    near = lifted / np.outer(root, root) * np.outer(sd, sd)
    variances = np.diag(sd**2)
    return [
        ("moments of the residuals", near),
        ("half of the correlations", (near + variances) / 2),
        ("no correlation", variances),
    ]


def fit_sums(
    sums: Stack, structure: Structure, times: np.ndarray, *, reml: bool = True
) -> tuple[MarginalFit | None, list[Attempt]]:
    """Fit a structure to sums, trying several starts; None when no start led to a proven optimum.

    Parameters
    ----------
    sums : Stack
        Sums over m visits.
    structure : Structure
    times : (m,)
        Positions of the visits, as the structure understands them.
    reml : bool
        Restricted likelihood, or the full one.

    Returns
    -------
    MarginalFit or None
    list of Attempt
        What was tried, in order.
    """

    def value(theta: np.ndarray) -> float:
        try:
            return -likelihood(sums, structure.matrix(theta, times), reml=reml).loglik
        except np.linalg.LinAlgError:
            return np.inf

    def point_at(theta: np.ndarray) -> Point:
        covariance = structure.matrix(theta, times)
        if smallest_eigenvalue(covariance) < SINGULAR:
            raise np.linalg.LinAlgError("singular covariance")
        at = likelihood(sums, covariance, reml=reml)
        slope = derivatives(sums, at, *structure.derivatives(theta, times))
        return Point(theta, -at.loglik, slope.gradient, slope.hessian)

    tried: list[Attempt] = []
    for name, matrix in starts(sums):
        try:
            optimum = minimise(value, point_at, structure.start(matrix, times))
        except np.linalg.LinAlgError:
            tried.append(Attempt(structure.name, name, "the covariance became singular"))
            continue
        tried.append(Attempt(structure.name, name, failure_of(optimum, structure, times)))
        if optimum.converged:
            return at_optimum(sums, structure, times, optimum, reml=reml), tried
    return None, tried


def failure_of(optimum: Optimum, structure: Structure, times: np.ndarray) -> str:
    """Say why an optimum is not proven, and whether the covariance was on its way to being singular."""
    smallest = smallest_eigenvalue(structure.matrix(optimum.point.theta, times))
    near = optimum.failure and smallest < NEARLY_SINGULAR
    return optimum.failure + (f"; the covariance is nearly singular ({smallest:.1g})" if near else "")


def smallest_eigenvalue(covariance: np.ndarray) -> float:
    """Return the smallest eigenvalue of the correlation, 1 without correlation and 0 for a singular matrix."""
    return float(np.linalg.eigvalsh(correlation(covariance))[0])


def at_optimum(sums: Stack, structure: Structure, times: np.ndarray, optimum: Optimum, *, reml: bool) -> MarginalFit:
    """Collect what inference needs at a proven optimum."""
    theta = optimum.point.theta
    covariance = structure.matrix(theta, times)
    at = likelihood(sums, covariance, reml=reml)
    slope = derivatives(sums, at, *structure.derivatives(theta, times))
    return MarginalFit(theta, covariance, at, slope, np.linalg.inv(slope.hessian), optimum)
