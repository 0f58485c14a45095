"""Kenward and Roger's adjustment for models with random effects.

Source: Kenward & Roger, Biometrics 1997, 53:983-997, section 2. The covariance is linear in the variances and
covariances of random effects and in an independent residual's variance; second derivatives enter for covariance
structures alone.
"""

from __future__ import annotations

import numpy as np

from coxa.models.numerics.mixed.above import Above
from coxa.models.numerics.mixed.likelihood import Derived, Mixed, State, each_first


def adjustment(model: Mixed, at: State, slope: Derived, theta_covariance: np.ndarray, *, bends: bool) -> np.ndarray:
    """Return 2 Lambda (p, p), to be added to Phi.

    Parameters
    ----------
    model, at, slope
        At the optimum.
    theta_covariance : (K, K)
        Of all parameters; zero rows for those held at the boundary.
    bends : bool
        Whether the second derivatives of a covariance structure enter.
    """
    k, p, own = model.above.width, model.p, model.within.size
    x = slice(k, k + p)
    w = theta_covariance
    to_x = at.turned[:, x]
    inside = model.within.paired(at.within, w[:own, :own])
    if bends:
        inside = inside - 0.25 * model.within.bent(at.within, w[:own, :own])
    q = to_x.T @ inside @ to_x
    if k:
        q += above_part(model, at, slope, w)
    slopes = slope.slopes
    p_phi_p = (np.einsum("ij,iab->jab", w, slopes) @ at.phi @ slopes).sum(axis=0)
    middle = q - p_phi_p
    return at.phi @ (middle + middle.T) @ at.phi


def above_part(model: Mixed, at: State, slope: Derived, w: np.ndarray) -> np.ndarray:
    """Return what the factors above the blocks add to sum_ij w_ij Q_ij, shape (p, p)."""
    above, own, k, p = model.above, model.within.size, model.above.width, model.p
    x = slice(k, k + p)
    moments, to_x, across = slope.inner.moments, at.turned[:, x], at.moments[:k, x]
    # X'V^-1 V_k V^-1 = (X'V0..) less what goes by way of U: Z'W V_k W Z turned on both sides
    by_x = moments @ to_x  # (own, width, p)
    weighted = np.einsum("kl,kap->lap", w[:own, :own], by_x)
    total = -sum(one[:k].T @ at.b @ other[:k] for one, other in zip(weighted, by_x, strict=True))
    firsts = each_first(model, at)
    into_u = np.einsum("kap,au->kpu", by_x, at.turned[:, :k])  # X'V^-1 V_k V^-1 U
    moved = np.array([spread(above, f, first, across) for f, first in firsts])  # Gamma_j U'V^-1 X
    cross = w[:own, own:] + w[own:, :own].T
    half = np.einsum("kj,kpu->jpu", cross, into_u)
    mixed = sum(left @ right for left, right in zip(half, moved, strict=True))
    total = total + (mixed + mixed.T) / 2
    both = np.einsum("ij,iup->jup", w[own:, own:], moved)
    for right, one in zip(both, moved, strict=True):
        total = total + one.T @ at.moments[:k, :k] @ right
    return np.asarray(total)


def spread(above: Above, f: int, block: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return Gamma_j other, with a block for each level of one factor and zeros elsewhere; other is (k, n)."""
    found = np.zeros_like(other)
    found[above.factors[f].columns] = above.moved(f, block, other)
    return found
