"""Newton's method of `coxa.models.numerics.newton` for many outcomes at once, and the inference at their optima.

Sources of the inference: as in `coxa.models.inference.methods` and `coxa.models.inference.kenward_roger`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coxa.models.batch.likelihood import (
    BatchDerivatives,
    BatchLikelihood,
    BatchSums,
    covariances_of,
    derivatives_of,
    likelihoods,
)
from coxa.models.covariance.structure import Structure, lifted
from coxa.models.numerics.marginal_fit import NOTHING, borrow_variance, fit_sums
from coxa.models.numerics.newton import CONVERGED, FLAT, MAX_STEP, NOISE, UNINFORMED
from coxa.models.numerics.reml import in_participants, information_of_one

MAX_ITERATIONS = 20
"""Steps after which an outcome is fitted singly: from a moment start nearly all need four to six."""

MAX_HALVINGS = 8
"""Halvings of a step after which an outcome is fitted singly."""

ROUNDING = 1e-20
"""Variance of a visit, over the largest, that is nothing but rounding: the fixed effects fit its values exactly."""


@dataclass(frozen=True, slots=True)
class BatchOptimum:
    """Where the searches of B outcomes ended.

    theta       : (B, K)
    at          : the likelihoods there
    derivatives : their derivatives there
    converged   : (B,) whether gradient and Hessian prove an optimum
    single      : (B,) whether the outcome was fitted singly, from several starts
    """

    theta: np.ndarray
    at: BatchLikelihood
    derivatives: BatchDerivatives
    converged: np.ndarray
    single: np.ndarray


def optima(sums: BatchSums, structure: Structure, *, reml: bool, start: np.ndarray | None = None) -> BatchOptimum:
    """Return the optimum of each outcome; those that the common search does not reach are fitted singly.

    start : (B, K) parameters to start from; by default near the moments of the residuals
    """
    theta = starting_points(sums, structure) if start is None else start
    theta, arrived = search(sums, structure, theta, reml=reml)
    optimum = proven(sums, structure, theta, arrived, reml=reml)
    left = np.flatnonzero(~optimum.converged)
    if not len(left):
        return optimum
    for b in left:
        fitted, _ = fit_sums(sums.one(int(b)), structure, reml=reml)
        arrived[b] = fitted is not None
        if fitted is not None:
            theta[b] = fitted.theta
    single = ~optimum.converged
    again = proven(sums, structure, theta, arrived, reml=reml)
    return BatchOptimum(theta, again.at, again.derivatives, again.converged, single)


def starting_points(sums: BatchSums, structure: Structure) -> np.ndarray:
    """Return theta (B, K) near the moments of the residuals, which the outcomes of the sums are."""
    together = (sums.counts * (sums.observed[:, :, None] & sums.observed[:, None, :])).sum(axis=-3)
    raw = sums.spread(sums.yy).sum(axis=1) / np.maximum(together, 1)
    for own in raw:
        variance = np.diag(own)
        borrow_variance(own, variance <= ROUNDING * variance.max())
    return np.array([structure.start(lifted(own if own.any() else np.eye(len(own))), sums.times) for own in raw])


def search(sums: BatchSums, structure: Structure, theta: np.ndarray, *, reml: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return theta (B, K) after the last full Newton step, and which outcomes came to it."""
    theta, arrived = theta.copy(), np.zeros(len(theta), dtype=bool)
    active, left = np.arange(len(theta)), sums
    at = likelihoods(left, covariances_of(left, structure, theta), reml=reml)
    for _ in range(MAX_ITERATIONS):
        slope = derivatives_of(left, structure, theta[active], at)
        step, distance, _ = newton_steps(slope.gradient, slope.hessian)
        near = distance < CONVERGED
        trial, at, accepted = halved(left, structure, theta[active], at.loglik, step, distance, near, reml=reml)
        theta[active] = trial
        arrived[active[near]] = True
        going = accepted & ~near
        if not going.any():
            break
        if not going.all():
            active, left = active[going], left.take(going)
            at = part(at, going)
    return theta, arrived


def halved(
    sums: BatchSums,
    structure: Structure,
    theta: np.ndarray,
    loglik: np.ndarray,
    step: np.ndarray,
    distance: np.ndarray,
    near: np.ndarray,
    *,
    reml: bool,
) -> tuple[np.ndarray, BatchLikelihood, np.ndarray]:
    """Return the points that raise the log-likelihoods enough, the likelihoods there, and where there is one.

    Where an outcome is `near` its optimum the full step is taken as it is.
    """
    with np.errstate(invalid="ignore"):
        longest = np.abs(step / (1 + np.abs(theta))).max(axis=1)
        length = np.where(near, 1.0, np.minimum(1.0, MAX_STEP / np.maximum(longest, 1e-300)))
    usable = np.isfinite(step).all(axis=1)
    step = np.where(usable[:, None], step, 0.0)
    for halving in range(MAX_HALVINGS + 1):
        trial = theta + length[:, None] * step
        at = likelihoods(sums, covariances_of(sums, structure, trial), reml=reml)
        wanted = loglik + 1e-4 * length * distance**2 - NOISE * (1 + np.abs(loglik))
        enough = near | (at.loglik >= wanted)
        if enough.all() or halving == MAX_HALVINGS:
            break
        length = np.where(enough, length, length / 2)
    return trial, at, usable & enough


def newton_steps(gradient: np.ndarray, hessian: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return steps (B, K), sqrt(g' |H|^-1 g) (B,) and the smallest scaled eigenvalues (B,), as `newton_step`."""
    diagonal = np.abs(np.diagonal(hessian, axis1=1, axis2=2))
    scale = 1 / np.sqrt(np.maximum(diagonal, UNINFORMED * diagonal.max(axis=1, keepdims=True)))
    usable = np.isfinite(hessian).all(axis=(1, 2)) & np.isfinite(scale).all(axis=1)
    unit = np.eye(hessian.shape[1])
    scaled = np.where(usable[:, None, None], scale[:, :, None] * hessian * scale[:, None, :], unit)
    values, vectors = np.linalg.eigh(scaled)
    safe = np.maximum(np.abs(values), FLAT * np.abs(values).max(axis=1, keepdims=True))
    along = (vectors.swapaxes(1, 2) @ (scale * gradient)[:, :, None])[:, :, 0]
    step = -scale * (vectors @ (along / safe)[:, :, None])[:, :, 0]
    distance = np.where(usable, np.sqrt((along**2 / safe).sum(axis=1)), np.inf)
    return step, distance, np.where(usable, values[:, 0], -np.inf)


def proven(
    sums: BatchSums, structure: Structure, theta: np.ndarray, arrived: np.ndarray, *, reml: bool
) -> BatchOptimum:
    """Return likelihood and derivatives at theta (B, K), and where they prove an optimum."""
    at = likelihoods(sums, covariances_of(sums, structure, theta), reml=reml)
    slope = derivatives_of(sums, structure, theta, at)
    _, distance, smallest = newton_steps(slope.gradient, slope.hessian)
    good = arrived & np.isfinite(at.loglik) & (distance < CONVERGED) & (smallest >= FLAT)
    for b in np.flatnonzero(good):
        unit = information_of_one(structure.matrix(theta[b], sums.times), slope.first[b])
        good[b] = in_participants(slope.hessian[b], unit)[0][0] >= NOTHING
    return BatchOptimum(theta, at, slope, good, np.zeros(len(theta), dtype=bool))


def part(at: BatchLikelihood, which: np.ndarray) -> BatchLikelihood:
    """Return the likelihoods of some of the outcomes."""
    return BatchLikelihood(at.loglik[which], at.beta[which], at.phi[which], at.inverse[which], at.reml)


def theta_covariances(optimum: BatchOptimum) -> np.ndarray:
    """Return the inverse observed information (B, K, K); not a number where no optimum is proven."""
    good = optimum.converged
    inverses = np.full(optimum.derivatives.hessian.shape, np.nan)
    inverses[good] = np.linalg.inv(optimum.derivatives.hessian[good])
    return inverses


def satterthwaite_of(rows: np.ndarray, optimum: BatchOptimum, theta_covariance: np.ndarray) -> np.ndarray:
    """Return Satterthwaite's degrees of freedom (B, q) of rows (q, p)."""
    along = rows @ optimum.at.phi
    variance = (along * rows).sum(axis=2)
    along_slopes = along[:, None] @ optimum.derivatives.slopes
    gradient = (along_slopes * along[:, None]).sum(axis=3).swapaxes(1, 2)
    return 2 * variance**2 / ((gradient @ theta_covariance) * gradient).sum(axis=2)


def variances(rows: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return l' C l, shape (B, q), for rows l (q, p) and covariances C (B, p, p)."""
    return ((rows @ covariance) * rows).sum(axis=2)


def kenward_roger_adjustments(
    sums: BatchSums, structure: Structure, optimum: BatchOptimum, theta_covariance: np.ndarray, *, curvature: bool
) -> np.ndarray:
    """Return 2 Lambda (B, p, p), as `kenward_roger_adjustment`; `curvature` is whether R_ij is in it."""
    slope, w, phi = optimum.derivatives, optimum.at.inverse, optimum.at.phi
    n, size, m = slope.first.shape[:3]
    p, s = sums.p, w.shape[1]
    paired = (theta_covariance @ slope.first.reshape(n, size, -1)).reshape(n, size, m, m)
    inner = slope.half.transpose(0, 1, 3, 2, 4).reshape(n, s, size * m, m)
    between = paired.transpose(0, 2, 1, 3).reshape(n, 1, m, size * m) @ inner
    if curvature:
        each = zip(optimum.theta, theta_covariance, strict=True)
        curved = np.array([structure.summed(own, sums.times, weights) for own, weights in each])
        between = between - 0.25 * curved[:, None]
    q_and_r = sums.folded(sums.picked(w @ between @ w)[:, None]).reshape(n, p, p)
    mixed = (theta_covariance @ slope.slopes.reshape(n, size, -1)).reshape(n, size, p, p)
    left = (mixed @ phi[:, None]).transpose(0, 2, 1, 3).reshape(n, p, size * p)
    middle = q_and_r - left @ slope.slopes.reshape(n, size * p, p)
    return phi @ (middle + middle.swapaxes(1, 2)) @ phi
