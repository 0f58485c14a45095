"""From rows and levels to the arrays of a model with random effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from coxa.models.covariance.structure import Structure
from coxa.models.numerics.mixed.coefficients import Coefficients
from coxa.models.numerics.mixed.components import ComponentRows, Layout, component_rows, layout
from coxa.models.numerics.mixed.markov import Markov
from coxa.models.numerics.mixed.patterns import Columns, KeptRows, Sparse, gathered, no_columns, side_by_side
from coxa.models.numerics.mixed.random_design import CholeskyFactor, OuterFactors
from coxa.models.numerics.mixed.structured import Structured

ALIKE = 10
"""Digits in which the products of two blocks must agree for them to be taken for alike."""


@dataclass(frozen=True, slots=True)
class Levels:
    """A factor on rows: level of each (N,), -1 for none, and effects (N, q), with which of these are correlated."""

    codes: np.ndarray
    effects: np.ndarray
    cholesky: CholeskyFactor
    count: int


@dataclass(frozen=True, slots=True)
class Blocks:
    """The blocks one by one, for what patterns do not hold: the predictions of their effects.

    rows      : (n, m, ...) rows of each block, projected (B) or padded
    pattern   : (n,) the pattern of each block
    inside    : (n, q, q) T'T of each block, or (n, m, q) rows T where there is a structure
    component : (n,) the component of each block
    """

    rows: KeptRows | ComponentRows
    pattern: np.ndarray
    inside: np.ndarray
    component: np.ndarray


@dataclass(frozen=True, slots=True)
class OuterColumns:
    """The columns u of the factors above the blocks.

    layout : where the levels have their columns
    u      : of the N rows, each in the component of its block
    """

    layout: Layout
    u: Sparse

    @property
    def outer_factors(self) -> OuterFactors:
        """The factors."""
        return self.layout.outer_factors


def columns_of_outer(factors: Sequence[Levels], block: np.ndarray, beside: int, few: int) -> OuterColumns:
    """Return the columns of the factors above the blocks.

    block  : (N,) block of each row, from 0
    beside : number of columns of the design and the outcome
    few    : number of effects up to which all are in one component
    """
    if not factors:
        return OuterColumns(
            Layout(OuterFactors(()), np.zeros(int(block.max()) + 1, dtype=np.intp)), no_columns(len(block))
        )
    codes, counts = [factor.codes for factor in factors], [factor.count for factor in factors]
    where = layout(codes, counts, [factor.cholesky for factor in factors], block, beside, few)
    places, values = [], []
    for factor, own in zip(factors, where.outer_factors.factors, strict=True):
        there = factor.codes >= 0
        places.append(np.where(there[:, None], own.places[factor.codes], own.start))
        values.append(np.where(there[:, None], factor.effects, 0.0))
    u = Sparse(np.concatenate(places, axis=1), np.concatenate(values, axis=1), where.outer_factors.width)
    return OuterColumns(where, u)


def all_in_blocks(codes: np.ndarray) -> tuple[np.ndarray, int]:
    """Return block of each row and number of blocks; a row without a level is a block of its own."""
    alone = np.flatnonzero(codes < 0)
    if not len(alone):
        return codes, int(codes.max()) + 1
    filled = codes.copy()
    first = int(codes.max()) + 1
    filled[alone] = first + np.arange(len(alone))
    return filled, first + len(alone)


def coefficients(block: Levels, xy: np.ndarray, outer: OuterColumns) -> tuple[Coefficients, Blocks]:
    """Return blocks with random coefficients and independent residuals.

    block : the factor whose levels are the blocks
    xy    : (N, p + 1) design and outcome
    outer : columns of the factors above
    """
    codes, n = all_in_blocks(block.codes)
    u = outer.u
    q, rows = block.cholesky.q, len(xy)
    each = np.arange(rows)
    if q == 1 and (block.effects == 1).all():
        project = csr_array((np.ones(rows), (codes, each)), shape=(n, rows))
    else:
        places = (codes[:, None] * q + np.arange(q)).ravel()
        project = csr_array((block.effects.ravel(), (places, np.repeat(each, q))), shape=(n * q, rows))
    projected = (project @ xy).reshape(n, q, -1)
    gram = (project @ block.effects).reshape(n, q, q)
    outer_projected = project @ u.matrix if u.width else None
    projected_u = no_columns(n * q) if outer_projected is None else padded(outer_projected.tocsr(), u.width)
    columns, kept, pattern, firsts = patterned(outer.layout, alike(gram), projected, projected_u)
    random = Coefficients(columns, side_by_side(gram[firsts]), total_of(xy, outer, codes), block.cholesky, rows)
    return random, Blocks(kept, pattern, gram, outer.layout.of_block)


def patterned(
    where: Layout, pattern: np.ndarray, xy: np.ndarray, u: Sparse
) -> tuple[Columns, KeptRows | ComponentRows, np.ndarray, np.ndarray]:
    """Return the columns of blocks, the same block by block, the pattern of each block, and a block of each pattern."""
    if where.outer_factors.components == 1:
        columns, own, firsts = gathered(pattern, xy, u)
        return columns, columns if isinstance(columns, KeptRows) else KeptRows(xy, u), own, firsts
    rows = component_rows(where.outer_factors, where.of_block, xy, u, pattern)
    return rows, rows, pattern, np.unique(pattern, return_index=True)[1]


def total_of(xy: np.ndarray, outer: OuterColumns, block: np.ndarray) -> np.ndarray:
    """Return Z'Z for the columns z = (u, x, y), shape (C, width, width)."""
    u, outer_factors = outer.u, outer.outer_factors
    if outer_factors.components > 1:
        each = component_rows(
            outer_factors, outer.layout.of_block[block], xy[:, None], u, np.zeros(len(xy), dtype=np.intp)
        )
        return each.fold(np.ones((1, 1, 1)))
    k, c = u.width, xy.shape[1]
    total = np.empty((k + c, k + c))
    total[k:, k:] = xy.T @ xy
    if k:
        matrix = u.matrix
        total[:k, k:] = matrix.T @ xy
        total[k:, :k] = total[:k, k:].T
        total[:k, :k] = (matrix.T @ matrix).toarray()
    return total[None]


def padded(matrix: csr_array, width: int) -> Sparse:
    """Return a sparse matrix with the same number of entries in each row, zeros among them."""
    matrix.sum_duplicates()
    counts = np.diff(matrix.indptr)
    most = int(counts.max(initial=0))
    places, values = np.zeros((len(counts), most), dtype=np.intp), np.zeros((len(counts), most))
    row = np.repeat(np.arange(len(counts)), counts)
    entry = np.arange(len(row)) - np.repeat(matrix.indptr[:-1], counts)
    places[row, entry], values[row, entry] = matrix.indices, matrix.data
    return Sparse(places, values, width)


def alike(matrices: np.ndarray) -> np.ndarray:
    """Return the pattern of each block (n,): blocks share one where their matrices (n, q, q) are the same."""
    a, b = np.triu_indices(matrices.shape[1])
    keys = matrices[:, a, b]
    scale = np.abs(keys).max(axis=0)
    whole = np.round(keys / np.where(scale > 0, scale, 1) * 10**ALIKE).astype(np.int64)
    return same(whole.T)


def same(keys: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """Return the pattern of each block (n,): blocks share one where they share all keys (n,)."""
    order = np.lexsort(keys[::-1])
    differs = np.zeros(len(order), dtype=np.intp)
    for key in keys:
        differs[1:] |= np.diff(key[order]) != 0
    pattern = np.empty(len(order), dtype=np.intp)
    pattern[order] = np.cumsum(differs)
    return pattern


@dataclass(frozen=True, slots=True)
class Places:
    """Where the rows of blocks with a covariance structure stand.

    block, place : (N,) codes; a block has no two rows at one place
    times        : (m,) of the places, or (N,) of the rows where blocks differ
    group        : (N,) covariance group, the same in all rows of a block
    """

    block: np.ndarray
    place: np.ndarray
    times: np.ndarray
    group: np.ndarray


def structured(
    where: Places,
    effects: np.ndarray,
    cholesky: CholeskyFactor,
    xy: np.ndarray,
    outer: OuterColumns,
    structure: Structure,
) -> tuple[Structured, Blocks]:
    """Return blocks with a covariance structure and random coefficients.

    effects   : (N, q) of the random coefficients; q may be 0
    xy, outer : as in `coefficients`
    """
    u = outer.u
    n, m, rows = int(where.block.max()) + 1, int(where.place.max()) + 1, len(xy)
    at = where.block * m + where.place
    full = np.zeros((n * m, xy.shape[1]))
    full[at] = xy
    places, values = np.zeros((n * m, u.places.shape[1]), dtype=np.intp), np.zeros((n * m, u.places.shape[1]))
    places[at], values[at] = u.places, u.values
    every = Sparse(places, values, u.width)
    observed = np.zeros((n, m), dtype=bool)
    observed.ravel()[at] = True
    group = np.zeros(n, dtype=np.intp)
    group[where.block] = where.group
    times, coefficients_of, shared = covering(where, effects, observed)
    alone = same([group, *observed.T.astype(np.intp)]) if shared else np.arange(n)
    columns, kept, pattern, firsts = patterned(outer.layout, alone, full.reshape(n, m, -1), every)
    cover = np.zeros(len(firsts), dtype=np.intp) if shared else firsts
    within = Structured(
        columns,
        observed[firsts],
        cover,
        group[firsts],
        times,
        coefficients_of,
        structure,
        cholesky,
        int(group.max()) + 1,
        rows,
    )
    return within, Blocks(kept, pattern, coefficients_of, outer.layout.of_block)


def markov(where: Places, xy: np.ndarray, outer: OuterColumns, structure: Structure) -> Markov:
    """Return blocks whose rows have times of their own, along which their correlation fades.

    where     : with the times (N,) of the rows
    xy, outer : as in `coefficients`
    """
    n, rows, u = int(where.block.max()) + 1, len(xy), outer.u
    size = np.bincount(where.block, minlength=n)
    rank_of_block = np.empty(n, dtype=np.intp)
    rank_of_block[np.argsort(-size, kind="stable")] = np.arange(n)
    along = np.lexsort([where.times, where.block])
    step, gaps = np.empty(rows, dtype=np.intp), np.zeros(rows)
    step[along] = np.arange(rows) - np.searchsorted(where.block[along], where.block[along])
    gaps[along[1:]] = np.diff(where.times[along])
    gaps[step == 0] = 0.0
    order = np.lexsort([rank_of_block[where.block], step])
    z = np.zeros((rows, u.width + xy.shape[1]))
    np.add.at(z, (np.arange(rows)[:, None], u.places), u.values)
    z[:, u.width :] = xy
    component = outer.layout.of_block[where.block[order]]
    by_component = np.argsort(component, kind="stable")
    ends = np.searchsorted(component[by_component], np.arange(outer.outer_factors.components + 1))
    counts = np.bincount(step)
    return Markov(z[order], counts, gaps[order], by_component, ends, where.times[order], structure)


def covering(where: Places, effects: np.ndarray, observed: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return times (C, m) and coefficients (C, m, q), and whether one set of them serves all blocks."""
    n, m = observed.shape
    q = effects.shape[1]
    first = np.zeros((m, q))
    first[where.place] = effects
    same = np.allclose(first[where.place], effects, rtol=1e-12, atol=0)
    if same and len(where.times) == m and m != len(where.place):
        return where.times[None], first[None], True
    spread = where.times[where.place] if len(where.times) == m != len(where.place) else where.times
    own = np.zeros((n, m))
    own[where.block, where.place] = spread
    # where a place was not seen any time of its own will do
    beyond = own.max(axis=1, keepdims=True) + 1 + np.arange(m)
    every = np.zeros((n, m, q))
    every[where.block, where.place] = effects
    return np.where(observed, own, beyond), every, False
