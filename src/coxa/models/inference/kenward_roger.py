"""Kenward and Roger's adjusted covariance of the fixed effects, of marginal and of mixed models, and their F test.

Source: Kenward & Roger, Biometrics 1997, 53:983-997: section 2 for the adjustment, section 3 for the test. The
covariance of a mixed model is linear in the variances and covariances of random effects and in an independent
residual's variance; second derivatives enter for covariance structures alone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from coxa.models.numerics.mixed.derivatives import Derived, each_first, padded
from coxa.models.numerics.mixed.likelihood import Mixed, State
from coxa.models.numerics.pattern_sums import Stack
from coxa.models.numerics.reml import AT_ONCE, Likelihood, parts


def kenward_roger_adjustment(
    sums: Stack,
    at: Likelihood,
    first: np.ndarray,
    second_sums: Callable[[np.ndarray], np.ndarray] | None,
    slopes: np.ndarray,
    theta_covariance: np.ndarray,
) -> np.ndarray:
    """Return 2 Lambda (p, p), to be added to Phi.

    Lambda = Phi { sum_ij V_ij (Q_ij - P_i Phi P_j - R_ij / 4) } Phi, V the covariance of the covariance
    parameters. The sums over i and j are done on (m, m) matrices, before anything meets the design.

    Parameters
    ----------
    sums : Stack
    at : Likelihood
        At the optimum.
    first : (C, K, m, m)
        Derivatives of each covariance in the K parameters of its group.
    second_sums : function of weights (B, K, K), or None
        The sums (C, m, m) of the second derivatives with the weights of their groups, for R_ij; None leaves R_ij out,
        which is exact where the covariance is linear in its parameters.
    slopes : (BK, p, p)
        P_i, the derivatives of Phi^-1 in the parameters of all B groups.
    theta_covariance : (BK, BK)
        V. Q_ij and R_ij are zero where i and j belong to different groups; P_i Phi P_j is not.
    """
    w, p, size = at.inverse, sums.p, first.shape[-3]
    own = np.array([theta_covariance[g * size :, g * size :][:size, :size] for g in range(sums.groups)])
    paired = np.einsum("cij,ciab->cjab", own[sums.group], first, optimize=True)
    between = np.empty_like(w)
    for g in range(sums.groups):
        for some in parts(sums.members(g), max(1, AT_ONCE // first[0].size)):
            which = sums.covariance[some]
            between[some] = (paired[which] @ w[some][:, None] @ first[which]).sum(axis=1)
    if second_sums is not None:
        between = between - 0.25 * second_sums(own)[sums.covariance]
    q_and_r = sums.fold(w @ between @ w)[:p, :p]
    p_phi_p = (np.einsum("ij,iab->jab", theta_covariance, slopes) @ at.phi @ slopes).sum(axis=0)
    middle = q_and_r - p_phi_p
    return at.phi @ (middle + middle.T) @ at.phi


def kenward_roger_f(
    rows: np.ndarray,
    beta: np.ndarray,
    adjusted: np.ndarray,
    phi: np.ndarray,
    phi_slopes: np.ndarray,
    theta_covariance: np.ndarray,
) -> tuple[float, float]:
    """Return the scaled F statistic of rows (q, p) of full row rank, and its denominator degrees of freedom.

    Parameters
    ----------
    rows : (q, p)
    beta : (p,)
    adjusted, phi : (p, p)
        Covariance of beta with and without the adjustment.
    phi_slopes : (K, p, p)
        Derivatives of phi.
    theta_covariance : (K, K)
    """
    q = len(rows)
    estimate = rows @ beta
    f = float(estimate @ np.linalg.solve(rows @ adjusted @ rows.T, estimate)) / q
    theta = rows.T @ np.linalg.solve(rows @ phi @ rows.T, rows)
    products = theta @ phi_slopes
    trace = np.einsum("kaa->k", products)
    a1 = float(trace @ theta_covariance @ trace)
    a2 = float(np.einsum("ij,iab,jba->", theta_covariance, products, products, optimize=True))
    df, scale = matched_f(q, a1, a2)
    return scale * f, df


def matched_f(q: int, a1: float, a2: float) -> tuple[float, float]:
    """Return denominator degrees of freedom and scale that match mean and variance of the Wald statistic."""
    b = (a1 + 6 * a2) / (2 * q)
    g = ((q + 1) * a1 - (q + 4) * a2) / ((q + 2) * a2)
    c = 3 * q + 2 * (1 - g)
    c1, c2, c3 = g / c, (q - g) / c, (q + 2 - g) / c
    mean = 1 / (1 - a2 / q)
    variance = 2 / q * (1 + c1 * b) / ((1 - c2 * b) ** 2 * (1 - c3 * b))
    rho = variance / (2 * mean**2)
    df = 4 + (q + 2) / (q * rho - 1)
    return df, df / (mean * (df - 2))


def adjustment(model: Mixed, at: State, slope: Derived, theta_covariance: np.ndarray, *, curvature: bool) -> np.ndarray:
    """Return 2 Lambda (p, p), to be added to Phi.

    Parameters
    ----------
    model, at, slope
        At the optimum.
    theta_covariance : (K, K)
        Of all parameters; zero rows for those held at the boundary.
    curvature : bool
        Whether the second derivatives of a covariance structure enter.
    """
    k, p, own = model.outer_factors.width, model.p, model.within.size
    x = slice(k, k + p)
    w = theta_covariance
    to_x = at.c_z[..., x]
    inside = model.within.paired(at.within, w[:own, :own])
    if curvature:
        inside = inside - 0.25 * model.within.bent(at.within, w[:own, :own])
    q = (to_x.swapaxes(1, 2) @ inside @ to_x).sum(axis=0)
    if k:
        q += outer_added(model, at, slope, w)
    slopes = slope.slopes
    p_phi_p = (np.einsum("ij,iab->jab", w, slopes) @ at.phi @ slopes).sum(axis=0)
    middle = q - p_phi_p
    return at.phi @ (middle + middle.T) @ at.phi


def outer_added(model: Mixed, at: State, slope: Derived, w: np.ndarray) -> np.ndarray:
    """Return what the factors above the blocks add to sum_ij w_ij Q_ij, shape (p, p)."""
    outer_factors, own, k, p = model.outer_factors, model.within.size, model.outer_factors.width, model.p
    x = slice(k, k + p)
    moments, to_x, across = slope.inner.moments, at.c_z[..., x], at.moments[:, :k, x]
    # X'V^-1 V_k V^-1 = (X'V0..) less what goes by way of U: Z'W V_k W Z turned on both sides
    by_x = moments @ to_x  # (own, C, width, p)
    weighted = np.einsum("kl,kcap->lcap", w[:own, :own], by_x)
    total = -sum(joined(one[:, :k], at.b @ other[:, :k]) for one, other in zip(weighted, by_x, strict=True))
    into_u = np.einsum("kcap,cau->kcpu", by_x, at.c_z[..., :k])  # X'V^-1 V_k V^-1 U
    moved = np.array(
        [padded(outer_factors, f, outer_factors.moved(f, first, across)) for f, first in each_first(model, at)]
    )
    cross = w[:own, own:] + w[own:, :own].T
    half = np.einsum("kj,kcpu->jcpu", cross, into_u)
    mixed = np.einsum("jcpu,jcuq->pq", half, moved, optimize=True)
    total = total + (mixed + mixed.T) / 2
    both = np.einsum("ij,icup->jcup", w[own:, own:], moved)
    for right, one in zip(both, moved, strict=True):
        total = total + joined(one, at.moments[:, :k, :k] @ right)
    return np.asarray(total)


def joined(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the sum over components of left' right."""
    return np.asarray((left.swapaxes(1, 2) @ right).sum(axis=0))
