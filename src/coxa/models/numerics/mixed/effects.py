"""Best linear unbiased predictions of random effects, and of any linear function with them.

With D the covariance of a block's effects and H_i = T_i' W_i Z_i, b_i = D H_i r and
Var(b_i - b) = D - D T'W T D + D H_i E (D H_i)', E the joint covariance of the errors of the effects above the blocks
and of the coefficients. Sources: Henderson, Biometrics 1975, 31:423-447; McLean, Sanders & Stroup, American
Statistician 1991, 45:54-64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coxa.models.numerics.mixed.build import Blocks
from coxa.models.numerics.mixed.coefficients import Coefficients, Parts
from coxa.models.numerics.mixed.likelihood import Mixed, State
from coxa.models.numerics.mixed.structured import Structured


@dataclass(frozen=True, slots=True)
class BlockEffects:
    """Effects of n blocks, in the scale of the search.

    values   : (n, q) predictions
    own      : (n, q, q) D - D T'WT D, the covariance of the errors if all else were known
    reach    : (n, q, width) D H_i, how errors of the effects above and of the coefficients come in
    """

    values: np.ndarray
    own: np.ndarray
    reach: np.ndarray


def joint_error(model: Mixed, at: State, *, coefficients: bool = True) -> np.ndarray:
    """Return the covariance of the errors of (u, beta, and a zero for y); of u alone, given beta, if asked."""
    k, p = model.above.width, model.p
    every = np.zeros_like(at.moments)
    every[:k, :k] = at.b
    if coefficients:
        across = at.turned[:, k : k + p]
        every += across @ at.phi @ across.T
    return every


def effects_above(model: Mixed, at: State) -> np.ndarray:
    """Return the predictions of the effects above the blocks (k,): Gamma U'P y."""
    k, p = model.above.width, model.p
    score = at.moments[:k, -1] - at.moments[:k, k : k + p] @ at.beta
    roots = model.above.roots(at.theta[model.within.size :])
    return model.above.multiply([root @ root.T for root in roots], score)


def residual_columns(model: Mixed, at: State) -> np.ndarray:
    """Return r (width,) with Py = W Z r: 1 for y, minus the coefficients, minus the effects above."""
    k, p = model.above.width, model.p
    projected = np.zeros(len(at.moments))
    projected[-1] = 1.0
    projected[k : k + p] = -at.beta
    return np.asarray(at.turned @ projected)


def effects_of_blocks(model: Mixed, at: State, blocks: Blocks) -> BlockEffects:
    """Return the predictions of the random coefficients of all blocks."""
    d, h, inside = heights(model, at, blocks)
    reach = d @ h
    return BlockEffects(reach @ residual_columns(model, at), d - d @ inside @ d, reach)


def heights(model: Mixed, at: State, blocks: Blocks) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return D (q, q), and of each block H (n, q, width) and T'WT (n, q, q)."""
    within = model.within
    rows = dense(blocks)
    if isinstance(within, Coefficients):
        parts: Parts = at.within.parts
        lower = within.triangle.matrix(at.theta[1 : within.size])
        y, inside = parts.y[blocks.pattern], parts.n[blocks.pattern]
        return parts.s2 * lower @ lower.T, y.swapaxes(1, 2) @ rows / parts.s2, inside / parts.s2
    assert isinstance(within, Structured)
    _, inverse = at.within.parts
    lower = within.triangle.matrix(at.theta[: within.triangle.size])
    t = within.rows[within.covering[blocks.pattern]]
    weighted = t.swapaxes(1, 2) @ inverse[blocks.pattern]
    return lower @ lower.T, weighted @ rows, weighted @ t


def dense(blocks: Blocks) -> np.ndarray:
    """Return the columns of all blocks without gaps, shape (n, m, width)."""
    n, m, _ = blocks.rows.xy.shape
    u = blocks.rows.u
    if not u.width:
        return blocks.rows.xy
    return np.concatenate([u.matrix.toarray().reshape(n, m, u.width), blocks.rows.xy], axis=2)
