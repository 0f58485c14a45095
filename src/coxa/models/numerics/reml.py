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

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from coxa.models.covariance.structure import Structure
from coxa.models.numerics.pattern_sums import Stack


def of_groups(sums: Stack, theta: np.ndarray) -> np.ndarray:
    """Return the parameters of each group, shape (B, K)."""
    return theta.reshape(sums.groups, -1)


def covariances(sums: Stack, structure: Structure, theta: np.ndarray) -> np.ndarray:
    """Return the covariances (C, m, m) at theta (BK,)."""
    matrices = np.empty((len(sums.group), sums.m, sums.m))
    for g, own in enumerate(of_groups(sums, theta)):
        in_group = sums.group == g
        matrices[in_group] = structure.matrix(own, sums.times[in_group])
    return matrices


def first_derivatives(sums: Stack, structure: Structure, theta: np.ndarray) -> np.ndarray:
    """Return the first derivatives (C, K, m, m), each in the parameters of its own group."""
    first = np.empty((len(sums.group), structure.count(sums.m), sums.m, sums.m))
    for g, own in enumerate(of_groups(sums, theta)):
        in_group = sums.group == g
        first[in_group] = structure.first(own, sums.times[in_group])
    return first


def second_products(sums: Stack, structure: Structure, theta: np.ndarray, kernels: np.ndarray) -> np.ndarray:
    """Return the inner products (B, K, K) of the second derivatives with kernels (C, m, m), summed over each group."""
    size = structure.count(sums.m)
    total = np.zeros((sums.groups, size, size))
    for g, own in enumerate(of_groups(sums, theta)):
        in_group = sums.group == g
        if structure.spatial:
            total[g] = structure.inner(own, sums.times[in_group], kernels[in_group]).sum(axis=0)
        else:
            total[g] = structure.inner(own, sums.times[in_group][0], kernels[in_group].sum(axis=0))
    return total


def second_sums(sums: Stack, structure: Structure, theta: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the sums (C, m, m) of the second derivatives with the weights (B, K, K) of their groups."""
    total = np.empty((len(sums.group), sums.m, sums.m))
    for g, own in enumerate(of_groups(sums, theta)):
        in_group = sums.group == g
        total[in_group] = structure.summed(own, sums.times[in_group], weights[g])
    return total


def visit_times(sums: Stack, group: int) -> np.ndarray:
    """Return the mean time of each visit in a group, shape (m,); in between or beyond where it was never seen."""
    in_group = sums.members(group)
    counted = sums.n[in_group, None] * sums.observed[in_group]
    total = counted.sum(axis=0)
    times = sums.times[sums.covariance[in_group]]
    mean = (counted * times).sum(axis=0) / np.maximum(total, 1)
    return np.where(total > 0, mean, times.mean(axis=0))


def visit_covariances(sums: Stack, structure: Structure, theta: np.ndarray) -> np.ndarray:
    """Return the covariance of each group with the visits at their mean times, shape (B, m, m)."""
    each = enumerate(of_groups(sums, theta))
    return np.array([structure.matrix(own, visit_times(sums, g)) for g, own in each])


AT_ONCE = 4_000_000
"""Numbers in the products of patterns with all derivatives up to which patterns are taken together."""


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

    gradient    : (BK,)
    hessian     : (BK, BK), the observed information
    slopes      : (BK, p, p) derivatives of A = Phi^-1
    beta_slopes : (BK, p) derivatives of beta, which is the best for each covariance
    """

    gradient: np.ndarray
    hessian: np.ndarray
    slopes: np.ndarray
    beta_slopes: np.ndarray


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


def pattern_products(
    sums: Stack, at: Likelihood, first: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return sum_s W_s R_k W_s G_s (BK, p + 1, p + 1), and sum_s tr(weights_s' W_s R_k W_s R_l) (BK, BK).

    Patterns are taken some at a time, so that their products with all K derivatives stay small.

    first   : (C, K, m, m)
    weights : (S, m, m)
    """
    w, size = at.inverse, first.shape[-3]
    total = sums.groups * size
    slopes, traces = np.zeros((total, sums.p + 1, sums.p + 1)), np.zeros((total, total))
    for g in range(sums.groups):
        of_group = slice(g * size, (g + 1) * size)
        for some in parts(sums.members(g), max(1, AT_ONCE // first[0].size)):
            w_e = w[some][:, None] @ first[sums.covariance[some]]
            slopes[of_group] += sums.fold((w_e @ w[some][:, None]).swapaxes(0, 1), some)
            left = w_e.swapaxes(2, 3) @ weights[some][:, None].swapaxes(2, 3)
            traces[of_group, of_group] += np.einsum("skab,slab->kl", left, w_e, optimize=True)
    return slopes, traces


def parts(members: slice, step: int) -> Iterator[slice]:
    """Yield the patterns of a slice, `step` at a time."""
    for start in range(members.start, members.stop, step):
        yield slice(start, min(start + step, members.stop))


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
    p = sums.p
    kernel = np.zeros((p + 1, p + 1))
    if at.reml:
        kernel[:p, :p] = at.phi
    weights = 0.5 * sums.n[:, None, None] * np.eye(sums.m) - at.inverse @ sums.contract(kernel)
    slopes, information = pattern_products(sums, at, first, weights)
    if at.reml:
        information += 0.5 * trace_products(at.phi @ slopes[:, :p, :p])
    return (information + information.T) / 2


def trace_products(matrices: np.ndarray) -> np.ndarray:
    """Return tr(M_k M_l) of matrices (K, p, p), shape (K, K)."""
    size = len(matrices)
    return matrices.reshape(size, -1) @ matrices.transpose(0, 2, 1).reshape(size, -1).T


def derivatives(
    sums: Stack, at: Likelihood, first: np.ndarray, second_products: Callable[[np.ndarray], np.ndarray]
) -> Derivatives:
    """Return gradient and Hessian of minus the log-likelihood.

    Parameters
    ----------
    sums : Stack
    at : Likelihood
        The likelihood at the same parameters.
    first : (C, K, m, m)
        Derivatives of each covariance in the K parameters of its group.
    second_products : function of kernels (C, m, m)
        Their inner products with the second derivatives, summed over the covariances of each group, (B, K, K).
    """
    w, p, size = at.inverse, sums.p, first.shape[-3]
    moments = residual_moments(sums, at, reml=at.reml)
    in_covariance = sums.by_covariance(0.5 * (sums.n[:, None, None] * w - w @ moments @ w))
    by_theta = np.einsum("cab,ckab->ck", in_covariance, first)
    gradient = np.concatenate([by_theta[sums.group == g].sum(axis=0) for g in range(sums.groups)])

    folded, traces = pattern_products(sums, at, first, 0.5 * sums.n[:, None, None] * np.eye(sums.m) - w @ moments)
    slopes, hessian = -folded, -traces
    for g, bend in enumerate(second_products(in_covariance)):
        hessian[g * size : (g + 1) * size, g * size : (g + 1) * size] += bend
    u = slopes[:, :p] @ np.append(-at.beta, 1.0)
    beta_slopes = u @ at.phi
    hessian -= beta_slopes @ u.T
    if at.reml:
        hessian -= 0.5 * trace_products(at.phi @ slopes[:, :p, :p])
    return Derivatives(gradient, (hessian + hessian.T) / 2, slopes[:, :p, :p], beta_slopes)


def information_of_one(covariance: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return the information (K, K) of one participant with a covariance (m, m) and its derivatives (K, m, m)."""
    root = np.linalg.inv(np.linalg.cholesky(covariance))
    whitened = (root @ first @ root.T).reshape(len(first), -1)
    return 0.5 * whitened @ whitened.T


def one_participant(sums: Stack, structure: Structure, theta: np.ndarray) -> np.ndarray:
    """Return the information of one participant seen at all visits in each group, shape (BK, BK)."""
    size = structure.count(sums.m)
    total = np.zeros((len(theta), len(theta)))
    for g, own in enumerate(of_groups(sums, theta)):
        times, in_group = visit_times(sums, g), slice(g * size, (g + 1) * size)
        total[in_group, in_group] = information_of_one(structure.matrix(own, times), structure.first(own, times))
    return total


def in_participants(information: np.ndarray, unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what the data say of each direction, least first (K,), and the directions as columns (K, K).

    A direction in which the covariance itself does not move has nothing of either: it counts as known from none.

    Examples
    --------
    >>> in_participants(np.diag([6.0, 20.0]), np.diag([0.5, 2.0]))[0]
    array([10., 12.])
    """
    scale = 1 / np.sqrt(np.maximum(np.diag(unit), np.finfo(float).tiny))
    moved, directions = np.linalg.eigh(scale[:, None] * unit * scale)
    length = np.sqrt(np.maximum(moved, len(moved) * np.finfo(float).eps * moved[-1]))
    basis = scale[:, None] * directions / length
    values, vectors = np.linalg.eigh(basis.T @ information @ basis)
    return values, basis @ vectors
