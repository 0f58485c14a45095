"""Which levels above the blocks share rows, directly or through other levels, and the rows and columns of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from coxa.models.numerics.mixed.patterns import Sparse
from coxa.models.numerics.mixed.random_design import CholeskyFactor, Factor, OuterFactors

GAIN = 2.0
"""How many times smaller the matrices of all components must be than the one dense matrix to be worth it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the levels of factors have their columns.

    outer_factors : the factors, with their columns in each component
    of_block : (n,) component of each block
    """

    outer_factors: OuterFactors
    of_block: np.ndarray


def layout(
    codes: Sequence[np.ndarray],
    counts: Sequence[int],
    cholesky_factors: Sequence[CholeskyFactor],
    block: np.ndarray,
    beside: int,
    few: int,
) -> Layout:
    """Return the columns of factors: those of components where this is less work, else all in one.

    Parameters
    ----------
    codes : sequence of (N,)
        Level of each row for each factor; -1 for none.
    counts : sequence of int
        Number of levels of each factor.
    cholesky_factors : sequence of CholeskyFactor
        Which effects the levels of each factor have.
    block : (N,)
        Block of each row, from 0.
    beside : int
        Number of columns that each component has beside its own: those of the design and the outcome.
    few : int
        Number of effects up to which all are in one component.
    """
    n = int(block.max()) + 1
    total = sum(count * cholesky.q for count, cholesky in zip(counts, cholesky_factors, strict=True))
    if total > few:
        groups = packed(connected(codes, counts, block), counts, cholesky_factors, beside)
        in_components = placed(groups[: len(counts)], cholesky_factors)
        if in_components.components * (in_components.width + beside) ** 2 * GAIN < (total + beside) ** 2:
            return Layout(in_components, groups[-1])
    alone = [np.zeros(count, dtype=np.intp) for count in counts]
    return Layout(placed(alone, cholesky_factors), np.zeros(n, dtype=np.intp))


def connected(codes: Sequence[np.ndarray], counts: Sequence[int], block: np.ndarray) -> list[np.ndarray]:
    """Return the component of the levels of each factor, and of each block; blocks and levels that share a row meet."""
    n = int(block.max()) + 1
    first = np.cumsum([n, *counts])
    edges = [(block[code >= 0], first[f] + code[code >= 0]) for f, code in enumerate(codes)]
    rows, columns = (np.concatenate(each) for each in zip(*edges, strict=True))
    graph = coo_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(first[-1], first[-1]))
    labels = connected_components(graph, directed=False)[1]
    return [*(labels[start : start + count] for start, count in zip(first, counts, strict=False)), labels[:n]]


def packed(
    components: Sequence[np.ndarray], counts: Sequence[int], cholesky_factors: Sequence[CholeskyFactor], beside: int
) -> list[np.ndarray]:
    """Return the components renumbered, small ones put together.

    Every component's matrices are as wide as the widest's, and have the columns of the design as well, so that small
    ones cost least together.
    """
    labels = int(max(each.max() for each in components)) + 1
    width = np.zeros(labels)
    for of_level, cholesky in zip(components[: len(counts)], cholesky_factors, strict=True):
        width += cholesky.q * np.bincount(of_level, minlength=labels)
    order = np.argsort(-width, kind="stable")  # alike ones next to each other
    room = max(float(width.max()), float(beside))
    group = np.zeros(labels, dtype=np.intp)
    filled, latest = 0.0, 0
    for label in order.tolist():
        if filled and filled + width[label] > room:
            filled, latest = 0.0, latest + 1
        filled += float(width[label])
        group[label] = latest
    return [group[each] for each in components]


def placed(components: Sequence[np.ndarray], cholesky_factors: Sequence[CholeskyFactor]) -> OuterFactors:
    """Return the factors with columns in the components of their levels."""
    factors, start = [], 0
    count = 1 + int(max((each.max() for each in components), default=0))
    for component, cholesky in zip(components, cholesky_factors, strict=True):
        order = np.argsort(component, kind="stable")
        first = np.searchsorted(component[order], np.arange(count))
        place = np.empty(len(component), dtype=np.intp)
        place[order] = np.arange(len(order)) - first[component[order]]
        factors.append(Factor(start, int(place.max()) + 1, cholesky, component, place))
        start = factors[-1].columns.stop
    return OuterFactors(tuple(factors), count)


@dataclass(frozen=True, slots=True)
class ComponentRows:
    """The rows of n blocks of m places, blocks of one component next to each other.

    z       : (n, m, width) columns (u, x, y), u those of the block's component
    order   : (n,) position of each among the blocks as they were given
    ends    : (C + 1,) where the blocks of each component begin and end
    pattern : (n,) pattern of each
    n       : (S,) blocks of each pattern
    """

    z: np.ndarray
    order: np.ndarray
    ends: np.ndarray
    pattern: np.ndarray
    n: np.ndarray

    @property
    def width(self) -> int:
        """Number of columns of z."""
        return int(self.z.shape[-1])

    @property
    def components(self) -> list[slice]:
        """The blocks of each component."""
        return [slice(int(low), int(high)) for low, high in pairwise(self.ends)]

    def fold(self, weights: np.ndarray) -> np.ndarray:
        """Return sum_s sum_ab weights[..., s, a, b] z_a z_b', shape (..., C, width, width)."""
        w = self.width
        totals = np.empty((*weights.shape[:-3], len(self.ends) - 1, w, w))
        for c, blocks in enumerate(self.components):
            z = self.z[blocks]
            weighted = weights[..., self.pattern[blocks], :, :] @ z
            totals[..., c, :, :] = z.reshape(-1, w).T @ weighted.reshape(*weights.shape[:-3], -1, w)
        return totals

    def contract(self, kernels: np.ndarray) -> np.ndarray:
        """Return the sums over the blocks of a pattern of z_a' kernel z_b, shape (S, m, m)."""
        n, m, _ = self.z.shape
        each = np.empty((n, m, m))
        for kernel, blocks in zip(kernels, self.components, strict=True):
            z = self.z[blocks]
            each[blocks] = (z @ kernel) @ z.swapaxes(1, 2)
        if len(self.n) == n:
            by_pattern = np.empty_like(each)
            by_pattern[self.pattern] = each
            return by_pattern
        gather = csr_array((np.ones(n), (self.pattern, np.arange(n))), shape=(len(self.n), n))
        return np.asarray(gather @ each.reshape(n, -1)).reshape(-1, m, m)

    def transformed(self, y: np.ndarray) -> ComponentRows:
        """Return the columns of y_s' z, for y (S, m, m)."""
        return replace(self, z=y.swapaxes(1, 2)[self.pattern] @ self.z)

    def outer(self) -> np.ndarray:
        """Return the sums over all blocks of z_a z_b', made symmetric, shape (m, m, C, width, width)."""
        _, m, w = self.z.shape
        totals = np.empty((m, m, len(self.ends) - 1, w, w))
        for c, blocks in enumerate(self.components):
            wide = self.z[blocks].reshape(-1, m * w)
            totals[:, :, c] = (wide.T @ wide).reshape(m, w, m, w).swapaxes(1, 2)
        return (totals + totals.swapaxes(0, 1)) / 2

    def as_given(self) -> np.ndarray:
        """Return the columns (n, m, width) of the blocks as they were given."""
        columns = np.empty_like(self.z)
        columns[self.order] = self.z
        return columns


def component_rows(
    outer_factors: OuterFactors, of_block: np.ndarray, xy: np.ndarray, u: Sparse, pattern: np.ndarray
) -> ComponentRows:
    """Return the rows of blocks.

    Parameters
    ----------
    outer_factors : OuterFactors
    of_block : (n,)
        Component of each block.
    xy : (n, m, p + 1)
        Design and outcome.
    u : Sparse
        Columns of the n m rows in the component of each; `width` of them.
    pattern : (n,)
        Pattern of each block.
    """
    n, m, c = xy.shape
    z = np.zeros((n * m, outer_factors.width + c))
    np.add.at(z, (np.arange(n * m)[:, None], u.places), u.values)
    z[:, outer_factors.width :] = xy.reshape(n * m, c)
    order = np.argsort(of_block, kind="stable")
    ends = np.searchsorted(of_block[order], np.arange(outer_factors.components + 1))
    counts = np.bincount(pattern).astype(float)
    return ComponentRows(z.reshape(n, m, -1)[order], order, ends, pattern[order], counts)
