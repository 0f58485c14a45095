"""Likelihood of a marginal normal model from pattern sums, with its exact gradient and Hessian.

With W_s the inverse covariance of pattern s padded with zeros to (m, m), G_s[a, b] the sums of z_a z_b',
z = (x, y), and M = sum_s sum_ab W_s[a, b] G_s[a, b]::

    A, c, q = M[:p, :p], M[:p, p], M[p, p]      beta = A^-1 c      Phi = A^-1
    -2 l    = (N - p) log 2 pi + sum_s n_s log|R_s| + log|A| + q - c' Phi c        (REML)
    -2 l    =  N      log 2 pi + sum_s n_s log|R_s|          + q - c' Phi c        (ML)

Sources: Laird & Ware, Biometrics 1982, 38:963-974; Harville, JASA 1977, 72:320-338. The derivatives are those
of Lindstrom & Bates, JASA 1988, 83:1014-1022, written for sums.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coxa.models.numerics.stack import Stack


@dataclass(frozen=True, slots=True)
class Likelihood:
    """The log-likelihood at one covariance, and the pieces its derivatives need.

    loglik  : log-likelihood, with all its constants
    beta    : (p,) generalised least squares estimate
    phi     : (p, p) inverse of A, the covariance of beta given the covariance
    inverse : (S, m, m) W_s, zero where a pattern has no visit
    reml    : restricted likelihood, or the full one
    """

    loglik: float
    beta: np.ndarray
    phi: np.ndarray
    inverse: np.ndarray
    reml: bool


@dataclass(frozen=True, slots=True)
class Derivatives:
    """Derivatives of minus the log-likelihood in the parameters of the covariance, B groups of K, group by group.

    gradient : (BK,)
    hessian  : (BK, BK), the observed information
    slopes   : (BK, p, p) derivatives of A = Phi^-1
    """

    gradient: np.ndarray
    hessian: np.ndarray
    slopes: np.ndarray


def padded_inverse(observed: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return W (..., S, m, m) and log|R_s| (..., S) for each pattern's part of `covariance` (m, m) or (..., S, m, m).

    Raises
    ------
    numpy.linalg.LinAlgError
        The covariance is not positive definite.
    """
    both = observed[:, :, None] & observed[:, None, :]
    padded = np.where(both, covariance, np.eye(covariance.shape[-1]))
    lower = np.linalg.cholesky(padded)
    log_det = 2 * np.log(np.diagonal(lower, axis1=-2, axis2=-1)).sum(axis=-1)
    root = np.linalg.inv(lower)
    return np.where(both, root.swapaxes(-2, -1) @ root, 0.0), log_det


def likelihood(sums: Stack, covariance: np.ndarray, *, reml: bool = True) -> Likelihood:
    """Return the log-likelihood of the sums, maximised over beta, at covariances (C, m, m), or one for all (m, m).

    Raises
    ------
    numpy.linalg.LinAlgError
        A covariance, or A, is not positive definite.
    """
    p = sums.p
    by_pattern = covariance if covariance.ndim == 2 else covariance[sums.covariance]
    inverse, log_det = padded_inverse(sums.observed, by_pattern)
    moments = sums.fold(inverse)
    lower = np.linalg.cholesky(moments[:p, :p])
    root = np.linalg.inv(lower)
    phi = root.T @ root
    beta = phi @ moments[:p, p]
    quadratic = moments[p, p] - moments[:p, p] @ beta
    log_det_a = 2 * np.log(np.diag(lower)).sum()
    minus_2 = sums.n @ log_det + quadratic + sums.n_observations * np.log(2 * np.pi)
    if reml:
        minus_2 += log_det_a - p * np.log(2 * np.pi)
    return Likelihood(-0.5 * float(minus_2), beta, phi, inverse, reml)


def residual_moments(sums: Stack, at: Likelihood, *, reml: bool) -> np.ndarray:
    """Return T_s, shape (S, m, m): sums of r_a r_b' per pattern, plus (REML) the part owed to beta's error."""
    r = np.append(-at.beta, 1.0)
    kernel = np.outer(r, r)
    if reml:
        kernel[: sums.p, : sums.p] += at.phi
    return sums.contract(kernel)


def expected_information(sums: Stack, at: Likelihood, first: np.ndarray) -> np.ndarray:
    """Return the expected information on the parameters of the covariance, shape (BK, BK).

    Parameters
    ----------
    sums : Stack
    at : Likelihood
        The likelihood at the same parameters; restricted or full.
    first : (C, K, m, m)
        Derivatives of each covariance in the K parameters of its group.

    Notes
    -----
    tr(P R_k P R_l) / 2 with P = W - W X Phi X' W under restricted likelihood, tr(W R_k W R_l) / 2 under the full one.
    """
    w, p, size = at.inverse, sums.p, first.shape[-3]
    kernel = np.zeros((p + 1, p + 1))
    if at.reml:
        kernel[:p, :p] = at.phi
    w_e = w[:, None] @ first[sums.covariance]
    weights = 0.5 * sums.n[:, None, None] * np.eye(w.shape[1]) - w @ sums.contract(kernel)
    left = w_e.swapaxes(2, 3) @ weights[:, None].swapaxes(2, 3)
    total = sums.groups * size
    information, slopes = np.zeros((total, total)), np.empty((total, p, p))
    for g in range(sums.groups):
        members, of_group = sums.members(g), slice(g * size, (g + 1) * size)
        folded = sums.fold((w_e[members] @ w[members][:, None]).swapaxes(0, 1), members)
        slopes[of_group] = folded[:, :p, :p]
        information[of_group, of_group] = np.einsum("skab,slab->kl", left[members], w_e[members], optimize=True)
    if at.reml:
        phi_a = at.phi @ slopes
        information += 0.5 * phi_a.reshape(total, -1) @ phi_a.transpose(0, 2, 1).reshape(total, -1).T
    return (information + information.T) / 2


def derivatives(sums: Stack, at: Likelihood, first: np.ndarray, second: np.ndarray) -> Derivatives:
    """Return gradient and Hessian of minus the log-likelihood.

    Parameters
    ----------
    sums : Stack
    at : Likelihood
        The likelihood at the same parameters.
    first : (C, K, m, m) or (K, m, m)
        Derivatives of each covariance in the K parameters of its group, or of the one there is.
    second : (C, K, K, m, m) or (K, K, m, m)
        Second derivatives.
    """
    w, p, size = at.inverse, sums.p, first.shape[-3]
    first, second = first.reshape(-1, size, *w.shape[1:]), second.reshape(-1, size, size, *w.shape[1:])
    moments = residual_moments(sums, at, reml=at.reml)
    in_covariance = sums.by_covariance(0.5 * (sums.n[:, None, None] * w - w @ moments @ w))
    by_theta = np.einsum("cab,ckab->ck", in_covariance, first)
    bend = np.einsum("cab,cklab->ckl", in_covariance, second)

    w_e = w[:, None] @ first[sums.covariance]
    slopes_w = w_e @ w[:, None]
    weights = 0.5 * sums.n[:, None, None] * np.eye(w.shape[1]) - w @ moments
    left = w_e.swapaxes(2, 3) @ weights[:, None].swapaxes(2, 3)

    total = sums.groups * size
    gradient, hessian = np.zeros(total), np.zeros((total, total))
    slopes = np.empty((total, p + 1, p + 1))
    for g in range(sums.groups):
        members, of_group = sums.members(g), slice(g * size, (g + 1) * size)
        mine = sums.group == g
        gradient[of_group] = by_theta[mine].sum(axis=0)
        slopes[of_group] = -sums.fold(slopes_w[members].swapaxes(0, 1), members)
        traces = np.einsum("skab,slab->kl", left[members], w_e[members], optimize=True)
        hessian[of_group, of_group] = bend[mine].sum(axis=0) - traces

    u = slopes[:, :p] @ np.append(-at.beta, 1.0)
    hessian -= u @ at.phi @ u.T
    if at.reml:
        phi_a = at.phi @ slopes[:, :p, :p]
        hessian -= 0.5 * phi_a.reshape(total, -1) @ phi_a.transpose(0, 2, 1).reshape(total, -1).T
    return Derivatives(gradient, (hessian + hessian.T) / 2, slopes[:, :p, :p])
