"""Variance and degrees of freedom of linear functions of the coefficients, for many outcomes on one more axis.

Sources: as in `coxa.models.inference.methods` and `coxa.models.inference.kenward_roger`.
"""

from __future__ import annotations

import numpy as np

from coxa.models.batch.search import BatchOptimum
from coxa.models.batch.sums import BatchSums
from coxa.models.covariance.structure import Structure


def theta_covariances(optimum: BatchOptimum) -> np.ndarray:
    """Return the inverse observed information (B, K, K); not a number where no optimum is proven."""
    good = optimum.converged
    found = np.full(optimum.derivatives.hessian.shape, np.nan)
    found[good] = np.linalg.inv(optimum.derivatives.hessian[good])
    return found


def satterthwaite_of(rows: np.ndarray, optimum: BatchOptimum, theta_covariance: np.ndarray) -> np.ndarray:
    """Return Satterthwaite's degrees of freedom (B, q) of rows (q, p)."""
    along = rows @ optimum.at.phi
    variance = (along * rows).sum(axis=2)
    turned = along[:, None] @ optimum.derivatives.slopes
    gradient = (turned * along[:, None]).sum(axis=3).swapaxes(1, 2)
    return 2 * variance**2 / ((gradient @ theta_covariance) * gradient).sum(axis=2)


def variances(rows: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return l' C l, shape (B, q), for rows l (q, p) and covariances C (B, p, p)."""
    return ((rows @ covariance) * rows).sum(axis=2)


def kenward_roger_adjustments(
    sums: BatchSums, structure: Structure, optimum: BatchOptimum, theta_covariance: np.ndarray, *, bends: bool
) -> np.ndarray:
    """Return 2 Lambda (B, p, p), as `kenward_roger_adjustment`; `bends` is whether R_ij is in it."""
    slope, w, phi = optimum.derivatives, optimum.at.inverse, optimum.at.phi
    n, size, m = slope.first.shape[:3]
    p, s = sums.p, w.shape[1]
    paired = (theta_covariance @ slope.first.reshape(n, size, -1)).reshape(n, size, m, m)
    inner = slope.half.transpose(0, 1, 3, 2, 4).reshape(n, s, size * m, m)
    between = paired.transpose(0, 2, 1, 3).reshape(n, 1, m, size * m) @ inner
    if bends:
        each = zip(optimum.theta, theta_covariance, strict=True)
        curved = np.array([structure.summed(own, sums.times, weights) for own, weights in each])
        between = between - 0.25 * curved[:, None]
    q_and_r = sums.folded(sums.picked(w @ between @ w)[:, None]).reshape(n, p, p)
    mixed = (theta_covariance @ slope.slopes.reshape(n, size, -1)).reshape(n, size, p, p)
    left = (mixed @ phi[:, None]).transpose(0, 2, 1, 3).reshape(n, p, size * p)
    middle = q_and_r - left @ slope.slopes.reshape(n, size * p, p)
    return phi @ (middle + middle.swapaxes(1, 2)) @ phi
