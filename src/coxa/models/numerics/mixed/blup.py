"""Best linear unbiased predictions of random effects, and of any linear function with them.

With D the covariance of a block's effects and H_i = T_i' W_i Z_i, b_i = D H_i r and
Var(b_i - b) = D - D T'W T D + D H_i E (D H_i)', E the joint covariance of the errors of the effects above the blocks
and of the coefficients. Sources: Henderson, Biometrics 1975, 31:423-447; McLean, Sanders & Stroup, American
Statistician 1991, 45:54-64.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from coxa.models.numerics.mixed.build import Blocks
from coxa.models.numerics.mixed.coefficients import Coefficients, Parts
from coxa.models.numerics.mixed.components import ComponentRows
from coxa.models.numerics.mixed.derivatives import residual_columns
from coxa.models.numerics.mixed.likelihood import Mixed, State
from coxa.models.numerics.mixed.structured import Structured


@dataclass(frozen=True, slots=True)
class BlockEffects:
    """Effects of n blocks, in the scale of the search.

    values    : (n, q) predictions
    own       : (n, q, q) D - D T'WT D, the covariance of the errors if all else were known
    reach     : (n, q, width) D H_i, how errors of the effects above and of the coefficients come in
    component : (n,) the component of each block, whose effects above these are
    """

    values: np.ndarray
    own: np.ndarray
    reach: np.ndarray
    component: np.ndarray


def joint_error(model: Mixed, at: State, *, coefficients: bool = True) -> np.ndarray:
    """Return the covariance (C, width, width) of the errors of (u, beta, and a zero for y), u of one component each.

    coefficients : of u alone, given beta, if not
    """
    k, p = model.outer_factors.width, model.p
    every = np.zeros_like(at.moments)
    every[:, :k, :k] = at.b
    if coefficients:
        across = at.c_z[..., k : k + p]
        every += across @ at.phi @ across.swapaxes(1, 2)
    return every


def outer_effects(model: Mixed, at: State) -> np.ndarray:
    """Return the predictions of the effects above the blocks (C, k): Gamma U'P y."""
    k, p = model.outer_factors.width, model.p
    score = at.moments[:, :k, -1:] - at.moments[:, :k, k : k + p] @ at.beta[:, None]
    roots = model.outer_factors.roots(at.theta[model.within.size :])
    return model.outer_factors.multiply([root @ root.T for root in roots], score)[..., 0]


def effects_of_blocks(model: Mixed, at: State, blocks: Blocks | None) -> BlockEffects:
    """Return the predictions of the random coefficients of all blocks."""
    assert blocks is not None  # blocks with effects are kept one by one
    d, h, inside = block_projections(model, at, blocks)
    reach = d @ h
    projected = residual_columns(model, at)[blocks.component]
    return BlockEffects(np.einsum("nqw,nw->nq", reach, projected), d - d @ inside @ d, reach, blocks.component)


def block_projections(model: Mixed, at: State, blocks: Blocks) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return D (q, q), and of each block H (n, q, width) and T'WT (n, q, q)."""
    within = model.within
    rows = dense(blocks)
    if isinstance(within, Coefficients):
        parts: Parts = at.within.parts
        lower = within.cholesky.matrix(at.theta[1 : within.size])
        y, inside = parts.y[blocks.pattern], parts.n[blocks.pattern]
        return parts.s2 * lower @ lower.T, y.swapaxes(1, 2) @ rows / parts.s2, inside / parts.s2
    assert isinstance(within, Structured)
    _, inverse = at.within.parts
    lower = within.cholesky.matrix(at.theta[: within.cholesky.size])
    t = within.rows[within.covering[blocks.pattern]]
    weighted = t.swapaxes(1, 2) @ inverse[blocks.pattern]
    return lower @ lower.T, weighted @ rows, weighted @ t


def dense(blocks: Blocks) -> np.ndarray:
    """Return the columns of all blocks without gaps, shape (n, m, width)."""
    if isinstance(blocks.rows, ComponentRows):
        return blocks.rows.as_given()
    n, m, _ = blocks.rows.xy.shape
    u = blocks.rows.u
    if not u.width:
        return blocks.rows.xy
    return np.concatenate([u.matrix.toarray().reshape(n, m, u.width), blocks.rows.xy], axis=2)


def members(components: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each component of `components` (N,) with the positions that have it; -1 is none."""
    order = np.argsort(components, kind="stable")
    codes, first = np.unique(components[order], return_index=True)
    for code, positions in zip(codes.tolist(), np.split(order, first[1:]), strict=True):
        if code >= 0:
            yield code, positions


@dataclass(frozen=True, slots=True)
class Combined:
    """Linear functions of coefficients and effects above the blocks, N of them.

    fixed : (N, p) weights of the coefficients
    parts : components (N,) and weights (N, k) of the effects of that component; a function may take from several
    """

    fixed: np.ndarray
    parts: list[tuple[np.ndarray, np.ndarray]]

    def add(self, rows: np.ndarray, component: np.ndarray, weights: np.ndarray) -> None:
        """Add weights (n, k) of the effects of a component (n,) to some of the functions."""
        left = np.ones(len(rows), dtype=bool)
        for components, every in self.parts:
            fits = left & ((components[rows] == component) | (components[rows] < 0))
            components[rows[fits]] = component[fits]
            every[rows[fits]] += weights[fits]
            left &= ~fits
        if left.any():
            n = len(self.fixed)
            self.parts.append((np.full(n, -1), np.zeros((n, weights.shape[1]))))
            self.add(rows[left], component[left], weights[left])

    def variance(self, model: Mixed, at: State) -> np.ndarray:
        """Return the variance of the error of each function (N,)."""
        k, p = model.outer_factors.width, model.p
        fixed, variance = self.fixed.copy(), np.zeros(len(self.fixed))
        for components, weights in self.parts:
            for c, functions in members(components):
                own = weights[functions]
                variance[functions] += np.einsum("ia,ab,ib->i", own, at.b[c], own, optimize=True)
                fixed[functions] += own @ at.c_z[c, :k, k : k + p]
        return variance + np.einsum("ia,ab,ib->i", fixed, at.phi, fixed)
