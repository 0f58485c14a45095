"""The likelihood of a model with random effects.

With V = V0 + U Gamma U' (V0 within blocks, W its inverse), Gamma = L L' and K = Z'WZ, Z = (U, X, y)::

    S = I + L' K_UU L      B = L S^-1 L'      M = Z'V^-1 Z = K - K_ZU B K_UZ
    log|V| = log|V0| + log|S|      beta = M_XX^-1 M_Xy

All of these but the sums X'V^-1X and X'V^-1y are made component by component (see `random_design`). Its derivatives are
in `derivatives`.

Sources: Harville, JASA 1977, 72:320-338; Lindstrom & Bates, JASA 1988, 83:1014-1022.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import solve_triangular

from coxa.models.numerics.mixed.coefficients import Coefficients, Within
from coxa.models.numerics.mixed.markov import Markov
from coxa.models.numerics.mixed.random_design import OuterFactors
from coxa.models.numerics.mixed.structured import Structured


@dataclass(frozen=True, slots=True)
class Mixed:
    """A model: the covariance within blocks, the factors above them, and which likelihood.

    within        : parameters first
    outer_factors : parameters last
    p             : columns of the design
    reml          : restricted likelihood, or the full one
    """

    within: Coefficients | Structured | Markov
    outer_factors: OuterFactors
    p: int
    reml: bool

    @property
    def size(self) -> int:
        """Number of parameters K."""
        return self.within.size + self.outer_factors.size


def linear(model: Mixed) -> Mixed:
    """Return the model with its derivatives taken in variances and covariances of random effects.

    A state of the model is one of this as well: only derivatives differ.
    """
    factors = tuple(replace(one, cholesky=replace(one.cholesky, linear=True)) for one in model.outer_factors.factors)
    outer_factors = replace(model.outer_factors, factors=factors)
    if isinstance(model.within, Markov):
        return replace(model, outer_factors=outer_factors)
    within = replace(model.within, cholesky=replace(model.within.cholesky, linear=True))
    return replace(model, within=within, outer_factors=outer_factors)


@dataclass(frozen=True, slots=True)
class State:
    """The likelihood at some parameters, and the matrices that all else is made of; k columns u, p columns x.

    loglik  : with all constants
    beta    : (p,)
    phi     : (p, p) covariance of beta
    within  : the covariance within blocks
    moments : (C, k + p + 1, same) M = Z'V^-1 Z of each component
    b       : (C, k, k) B
    c_z     : (C, k + p + 1, same) C_Z: V^-1 Z = W Z C_Z
    """

    theta: np.ndarray
    loglik: float
    beta: np.ndarray
    phi: np.ndarray
    within: Within
    moments: np.ndarray
    b: np.ndarray
    c_z: np.ndarray


def state(model: Mixed, theta: np.ndarray) -> State:
    """Return the likelihood at theta (K,).

    Raises
    ------
    numpy.linalg.LinAlgError
        A covariance, or Phi^-1, is not positive definite.
    """
    k, p = model.outer_factors.width, model.p
    within = model.within.within(theta[: model.within.size])
    moments, log_det, b = within.moments, within.log_det, np.zeros((len(within.moments), k, k))
    if k:
        roots = model.outer_factors.roots(theta[model.within.size :])
        transposed = [root.T for root in roots]
        lu = model.outer_factors.multiply(transposed, moments[:, :k])
        inside = np.eye(k) + model.outer_factors.multiply(transposed, lu[..., :k].swapaxes(1, 2))
        lower = np.linalg.cholesky((inside + inside.swapaxes(1, 2)) / 2)
        half = forward(lower, model.outer_factors.multiply(transposed, np.eye(k)))
        b = half.swapaxes(1, 2) @ half
        reached = half @ moments[:, :k]
        moments = moments - reached.swapaxes(1, 2) @ reached
        log_det += 2 * float(np.log(np.diagonal(lower, axis1=1, axis2=2)).sum())
    total = moments[:, k:, k:].sum(axis=0)
    x, y = slice(p), p
    lower = np.linalg.cholesky(total[x, x])
    root = np.linalg.inv(lower)
    phi = root.T @ root
    beta = phi @ total[x, y]
    minus_2 = log_det + total[y, y] - total[x, y] @ beta + model.within.n_rows * np.log(2 * np.pi)
    if model.reml:
        minus_2 += 2 * np.log(np.diag(lower)).sum() - p * np.log(2 * np.pi)
    c_z = np.broadcast_to(np.eye(moments.shape[-1]), moments.shape).copy()
    c_z[:, :k] -= b @ within.moments[:, :k]
    return State(theta, -0.5 * float(minus_2), beta, phi, within, moments, b, c_z)


def forward(lower: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the inverses of lower triangular matrices (C, k, k) times `right` (k, k)."""
    if len(lower) == 1:
        return np.asarray(solve_triangular(lower[0], right, lower=True, check_finite=False))[None]
    return np.linalg.solve(lower, right)
