"""The likelihood of `coxa.models.numerics.reml`, with its derivatives, for many outcomes on one more array axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coxa.models.batch.sums import BatchSums
from coxa.models.covariance.structure import Structure, correlation
from coxa.models.numerics.marginal_fit import SINGULAR
from coxa.models.numerics.reml import padded_inverse


@dataclass(frozen=True, slots=True)
class BatchLikelihood:
    """The log-likelihoods of B outcomes, each at a covariance of its own.

    loglik  : (B,) minus infinity where the covariance is singular
    beta    : (B, p)
    phi     : (B, p, p)
    inverse : (B, S, m, m)
    reml    : restricted likelihood, or the full one
    """

    loglik: np.ndarray
    beta: np.ndarray
    phi: np.ndarray
    inverse: np.ndarray
    reml: bool


@dataclass(frozen=True, slots=True)
class BatchDerivatives:
    """Derivatives of minus the log-likelihoods in K parameters: gradient (B, K), hessian (B, K, K).

    first         : (B, K, m, m) derivatives of the covariance
    half          : (B, S, m, K, m) inverse times first derivative, W_s E_k as [s, i, k, j]
    slopes        : (B, K, p, p) derivatives of Phi^-1
    """

    gradient: np.ndarray
    hessian: np.ndarray
    first: np.ndarray
    half: np.ndarray
    slopes: np.ndarray


def covariances_of(sums: BatchSums, structure: Structure, theta: np.ndarray) -> np.ndarray:
    """Return the covariances (B, m, m) at theta (B, K)."""
    return np.array([structure.matrix(own, sums.times) for own in theta])


def likelihoods(sums: BatchSums, covariance: np.ndarray, *, reml: bool) -> BatchLikelihood:
    """Return the log-likelihoods at covariances (B, m, m), one for each outcome."""
    n, p = sums.size, sums.p
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        scaled = correlation(covariance)
    usable = np.isfinite(scaled).all(axis=(1, 2))
    usable[usable] = np.linalg.eigvalsh(scaled[usable])[:, 0] >= SINGULAR
    safe = np.where(usable[:, None, None], covariance, np.eye(sums.m))
    inverse, log_det = padded_inverse(sums.observed, safe[:, None])
    picked = sums.picked(inverse)
    lower = np.linalg.cholesky(sums.folded(picked[:, None]).reshape(n, p, p))
    root = np.linalg.inv(lower)
    phi = root.swapaxes(1, 2) @ root
    c = (picked[:, None] @ sums.xy)[:, 0]
    beta = (phi @ c[:, :, None])[:, :, 0]
    quadratic = (picked * sums.yy).sum(axis=1) - (c * beta).sum(axis=1)
    minus_2 = (log_det * sums.n).sum(axis=1) + quadratic + sums.n_observations * np.log(2 * np.pi)
    if reml:
        minus_2 += 2 * np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1) - p * np.log(2 * np.pi)
    return BatchLikelihood(np.where(usable, -0.5 * minus_2, -np.inf), beta, phi, inverse, reml)


def residual_moments_of(sums: BatchSums, at: BatchLikelihood) -> np.ndarray:
    """Return T_s of each outcome, shape (B, S, m, m), as `residual_moments` of one."""
    kernel = at.beta[:, :, None] * at.beta[:, None, :]
    if at.reml:
        kernel = kernel + at.phi
    cross = (sums.xy @ at.beta[:, :, None])[:, :, 0]
    return sums.spread(sums.contracted(kernel) - 2 * cross + sums.yy)


def derivatives_of(sums: BatchSums, structure: Structure, theta: np.ndarray, at: BatchLikelihood) -> BatchDerivatives:
    """Return gradients and Hessians of minus the log-likelihoods at theta (B, K), where `at` was computed."""
    n, p, w = sums.size, sums.p, at.inverse
    s, m, size = w.shape[1], w.shape[2], theta.shape[1]
    first = np.array([structure.first(own, sums.times) for own in theta])

    turned = w @ residual_moments_of(sums, at)
    counts = sums.counts
    in_covariance = 0.5 * (counts * w - turned @ w).sum(axis=1)
    gradient = (first.reshape(n, size, -1) @ in_covariance.reshape(n, m * m, 1))[:, :, 0]
    bend = np.array([structure.inner(own, sums.times, a) for own, a in zip(theta, in_covariance, strict=True)])

    half = w @ first.transpose(0, 2, 1, 3).reshape(n, 1, m, size * m)
    weighted = (0.5 * counts * np.eye(m) - turned) @ half
    half = half.reshape(n, s, m, size, m)
    weighted = weighted.reshape(n, s, m, size, m).transpose(0, 3, 1, 4, 2).reshape(n, size, -1)
    traces = weighted @ half.transpose(0, 1, 2, 4, 3).reshape(n, -1, size)

    picked = picked_slopes(sums, half.reshape(n, s, m * size, m) @ w, size)
    slopes = -sums.folded(picked).reshape(n, size, p, p)
    u = -(slopes @ at.beta[:, None, :, None])[..., 0] - picked @ sums.xy
    hessian = bend - traces - u @ at.phi @ u.swapaxes(1, 2)
    if at.reml:
        phi_a = at.phi[:, None] @ slopes
        flat = phi_a.swapaxes(2, 3).reshape(n, size, -1).swapaxes(1, 2)
        hessian -= 0.5 * phi_a.reshape(n, size, -1) @ flat
    return BatchDerivatives(gradient, (hessian + hessian.swapaxes(1, 2)) / 2, first, half, slopes)


def picked_slopes(sums: BatchSums, slopes_w: np.ndarray, size: int) -> np.ndarray:
    """Return W_s E_k W_s at the pairs of visits of the sums, shape (B, K, R); slopes_w (B, S, m K, m)."""
    pattern, a, b = sums.index
    n, s, _, m = slopes_w.shape
    return slopes_w.reshape(n, s, m, size, m)[:, pattern, a, :, b].transpose(1, 2, 0)
