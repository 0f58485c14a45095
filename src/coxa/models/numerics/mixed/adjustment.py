"""Kenward and Roger's adjustment for models with random effects.

Source: Kenward & Roger, Biometrics 1997, 53:983-997, section 2. The covariance is linear in the variances and
covariances of random effects and in an independent residual's variance; second derivatives enter for covariance
structures alone.
"""

from __future__ import annotations

import numpy as np

from coxa.models.numerics.mixed.likelihood import Derived, Mixed, State, each_first, padded


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
    to_x = at.turned[..., x]
    inside = model.within.paired(at.within, w[:own, :own])
    if bends:
        inside = inside - 0.25 * model.within.bent(at.within, w[:own, :own])
    q = (to_x.swapaxes(1, 2) @ inside @ to_x).sum(axis=0)
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
    moments, to_x, across = slope.inner.moments, at.turned[..., x], at.moments[:, :k, x]
    # X'V^-1 V_k V^-1 = (X'V0..) less what goes by way of U: Z'W V_k W Z turned on both sides
    by_x = moments @ to_x  # (own, C, width, p)
    weighted = np.einsum("kl,kcap->lcap", w[:own, :own], by_x)
    total = -sum(joined(one[:, :k], at.b @ other[:, :k]) for one, other in zip(weighted, by_x, strict=True))
    into_u = np.einsum("kcap,cau->kcpu", by_x, at.turned[..., :k])  # X'V^-1 V_k V^-1 U
    moved = np.array([padded(above, f, above.moved(f, first, across)) for f, first in each_first(model, at)])
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
