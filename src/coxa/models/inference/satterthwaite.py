"""Satterthwaite's degrees of freedom for one and for several rows.

Sources: Satterthwaite, Biometrics Bulletin 1946, 2:110-114; Fai & Cornelius, Journal of Statistical
Computation and Simulation 1996, 54:363-378, for the F test.
"""

from __future__ import annotations

import numpy as np


def satterthwaite_df(row: np.ndarray, phi: np.ndarray, phi_slopes: np.ndarray, theta_covariance: np.ndarray) -> float:
    """Return 2 v^2 / var(v) for v = l' Phi l.

    Parameters
    ----------
    row : (p,)
        The linear function l.
    phi : (p, p)
        Covariance of the fixed effects.
    phi_slopes : (K, p, p)
        Derivatives of phi in the covariance parameters.
    theta_covariance : (K, K)
        Covariance of the covariance parameters.
    """
    gradient = np.einsum("kab,a,b->k", phi_slopes, row, row)
    return float(2 * (row @ phi @ row) ** 2 / (gradient @ theta_covariance @ gradient))


def satterthwaite_f(
    rows: np.ndarray, beta: np.ndarray, phi: np.ndarray, phi_slopes: np.ndarray, theta_covariance: np.ndarray
) -> tuple[float, float]:
    """Return the F statistic of rows (q, p) of full row rank, and its denominator degrees of freedom.

    The q-dimensional statistic is split into q independent t statistics; the denominator matches the mean of
    their sum of squares. With one of them at 2 degrees of freedom or fewer that mean is infinite, and 2 is
    returned.
    """
    values, vectors = np.linalg.eigh(rows @ phi @ rows.T)
    turned = vectors.T @ rows
    f = float(((turned @ beta) ** 2 / values).mean())
    each = np.array([satterthwaite_df(row, phi, phi_slopes, theta_covariance) for row in turned])
    return f, matched_df(each)


def matched_df(each: np.ndarray) -> float:
    """Return the denominator that gives F the mean of the average of independent t_nu^2."""
    q = len(each)
    if np.ptp(each) < 1e-8 * each.max():
        return float(each.mean())
    if (each <= 2).any():
        return 2.0
    mean = float((each / (each - 2)).sum())
    return 2 * mean / (mean - q)
