"""Kenward and Roger's adjusted covariance of the fixed effects, and their F test.

Source: Kenward & Roger, Biometrics 1997, 53:983-997: section 2 for the adjustment, section 3 for the test.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from coxa.models.numerics.reml import AT_ONCE, Likelihood, parts
from coxa.models.numerics.stack import Stack


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
    turned = theta @ phi_slopes
    trace = np.einsum("kaa->k", turned)
    a1 = float(trace @ theta_covariance @ trace)
    a2 = float(np.einsum("ij,iab,jba->", theta_covariance, turned, turned, optimize=True))
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
