"""The rows of each block, with sparse columns for the levels of the factors above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

import numpy as np
from scipy.sparse import bsr_array, csr_array

FEW_PATTERNS = 4
"""Blocks for each pattern from which sums of patterns are smaller than the rows themselves."""

SMALL = 3
"""Places of a block up to which products are written out over all blocks, which is many times faster."""


@dataclass(frozen=True, slots=True)
class Sparse:
    """Columns u that are zero but for a few places in each row.

    places : (R, F) column of each of the F entries of a row
    values : (R, F); 0 where a row has no such entry
    width  : number of columns
    """

    places: np.ndarray
    values: np.ndarray
    width: int

    @property
    def matrix(self) -> csr_array:
        """The columns as a sparse matrix (R, width)."""
        rows, entries = self.places.shape
        starts = np.arange(rows + 1) * entries
        return csr_array((self.values.ravel(), self.places.ravel(), starts), shape=(rows, self.width))

    def take(self, rows: np.ndarray) -> Sparse:
        """Return some of the rows."""
        return Sparse(self.places[rows], self.values[rows], self.width)


def no_columns(rows: int) -> Sparse:
    """Return columns u where there are none."""
    return Sparse(np.zeros((rows, 0), dtype=np.intp), np.zeros((rows, 0)), 0)


class Columns(Protocol):
    """The columns z = (u, x, y) of S patterns of m places in C components: whatever keeps them, sums or rows.

    n : (S,) blocks of each pattern
    """

    @property
    def n(self) -> np.ndarray:
        """Blocks of each pattern (S,)."""
        ...

    @property
    def width(self) -> int:
        """Number of columns of z."""
        ...

    def fold(self, weights: np.ndarray) -> np.ndarray:
        """Return sum_s sum_ab weights[..., s, a, b] z_a z_b', shape (..., C, width, width), for symmetric weights."""
        ...

    def contract(self, kernels: np.ndarray) -> np.ndarray:
        """Return the sums over the blocks of a pattern of z_a' kernel z_b, (S, m, m), for a symmetric kernel each."""
        ...

    def transformed(self, y: np.ndarray) -> Columns:
        """Return the columns of y_s' z, for y (S, m, m)."""
        ...

    def outer(self) -> np.ndarray:
        """Return the sums over all blocks of z_a z_b', made symmetric, shape (m, m, C, width, width)."""
        ...


@dataclass(frozen=True, slots=True)
class KeptRows:
    """Every block is a pattern of its own, with its rows, in one component; zero rows at places a block does not have.

    xy : (S, m, p + 1), quickest as `side_by_side` lays it out
    u  : sparse columns of the S m rows
    """

    xy: np.ndarray
    u: Sparse

    @property
    def n(self) -> np.ndarray:
        """Blocks of each pattern: one."""
        return np.ones(len(self.xy))

    @property
    def width(self) -> int:
        """Number of columns of z."""
        return self.u.width + self.xy.shape[-1]

    def fold(self, weights: np.ndarray) -> np.ndarray:
        """Return sum_s sum_ab weights[..., s, a, b] z_a z_b', shape (..., 1, width, width)."""
        lead, flat = weights.shape[:-3], weights.reshape(-1, *weights.shape[-3:])
        totals = np.array([self.folded(one) for one in flat])
        return totals.reshape(*lead, 1, self.width, self.width)

    def folded(self, weights: np.ndarray) -> np.ndarray:
        """Return one sum, for weights (S, m, m)."""
        c, k = self.xy.shape[-1], self.u.width
        weighted = small_weighted(weights, self.xy)
        total = np.empty((k + c, k + c))
        total[k:, k:] = products_summed(self.xy, weighted)
        if k:
            u = self.u.matrix
            total[:k, k:] = u.T @ weighted.reshape(-1, c)
            total[k:, :k] = total[:k, k:].T
            blocks = bsr_array((weights, np.arange(len(weights)), np.arange(len(weights) + 1)))
            total[:k, :k] = (u.T @ (blocks.tocsr() @ u)).toarray()
        return total

    def transformed(self, y: np.ndarray) -> KeptRows:
        """Return the columns of y_s' z, for y (S, m, m)."""
        s, m, _ = self.xy.shape
        transposed = y.swapaxes(1, 2)
        xy = small_weighted(transposed, self.xy)
        if not self.u.width:
            return KeptRows(xy, self.u)
        places = np.repeat(self.u.places.reshape(s, 1, -1), m, axis=1).reshape(s * m, -1)
        values = transposed[:, :, :, None] * self.u.values.reshape(s, 1, m, -1)
        return KeptRows(xy, Sparse(places, values.reshape(s * m, -1), self.u.width))

    def outer(self) -> np.ndarray:
        """Return the sums over all blocks of z_a z_b', made symmetric, shape (m, m, C, width, width)."""
        s, m, c = self.xy.shape
        k = self.u.width
        wide = self.xy.reshape(s, m * c)
        total = np.empty((m, m, k + c, k + c))
        total[:, :, k:, k:] = (wide.T @ wide).reshape(m, c, m, c).swapaxes(1, 2)
        if k:
            every = self.u.places.reshape(s, m, -1) + k * np.arange(m)[:, None]
            wide_u = Sparse(every.reshape(s, -1), self.u.values.reshape(s, -1), m * k).matrix
            total[:, :, :k, k:] = (wide_u.T @ wide).reshape(m, k, m, c).swapaxes(1, 2)
            total[:, :, k:, :k] = total[:, :, :k, k:].transpose(1, 0, 3, 2)
            total[:, :, :k, :k] = (wide_u.T @ wide_u).toarray().reshape(m, k, m, k).swapaxes(1, 2)
        return ((total + total.swapaxes(0, 1)) / 2)[:, :, None]

    def contract(self, kernels: np.ndarray) -> np.ndarray:
        """Return z_a' kernel z_b of each block, shape (S, m, m)."""
        kernel = kernels[0]
        s, m, c = self.xy.shape
        k = self.u.width
        total = row_products(small_times(self.xy, kernel[k:, k:]), self.xy)
        if k:
            places, values = self.u.places.reshape(s, m, -1), self.u.values.reshape(s, m, -1)
            reached = row_products((self.u.matrix @ kernel[:k, k:]).reshape(s, m, c), self.xy)
            total += reached + reached.swapaxes(1, 2)
            for f in range(places.shape[2]):
                for g in range(places.shape[2]):
                    met = kernel[places[:, :, None, f], places[:, None, :, g]]
                    total += met * values[:, :, None, f] * values[:, None, :, g]
        return total


@lru_cache(maxsize=64)
def upper(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns of the upper triangle of an (n, n) matrix, not to be changed."""
    rows, columns = np.triu_indices(n)
    rows.flags.writeable = columns.flags.writeable = False
    return rows, columns


def side_by_side(arrays: np.ndarray) -> np.ndarray:
    """Return arrays (S, m, c) of few places laid out so that each entry has its values of all blocks in a row."""
    if arrays.shape[1] > SMALL:
        return arrays
    return np.ascontiguousarray(arrays.transpose(1, 2, 0)).transpose(2, 0, 1)


def small_weighted(weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return weights (S, m, m) times rows (S, m, c), side by side where m is small."""
    s, m, c = rows.shape
    if m > SMALL:
        return weights @ rows
    products = np.empty((m, c, s))
    by_entry, by_row = weights.transpose(1, 2, 0), rows.transpose(1, 2, 0)
    for a in range(m):
        np.multiply(by_entry[a, 0], by_row[0], out=products[a])
        for b in range(1, m):
            products[a] += by_entry[a, b] * by_row[b]
    return products.transpose(2, 0, 1)


def small_times(rows: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return rows (S, m, c) times a kernel (c, d), side by side where m is small."""
    s, m, c = rows.shape
    if m > SMALL:
        return (rows.reshape(-1, c) @ kernel).reshape(s, m, -1)
    return (kernel.T @ rows.transpose(1, 2, 0)).transpose(2, 0, 1)


def row_products(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return left_a' right_b of each block, (S, m, m), for rows (S, m, c), side by side where m is small."""
    s, m, _ = left.shape
    if m > SMALL:
        return left @ right.swapaxes(1, 2)
    products = np.empty((m, m, s))
    for a in range(m):
        for b in range(m):
            products[a, b] = np.einsum("sc,sc->s", left[:, a], right[:, b])
    return products.transpose(2, 0, 1)


def products_summed(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the sum of left_a right_a' over all blocks and places, (c, c), for rows (S, m, c)."""
    c = left.shape[-1]
    if left.shape[1] > SMALL:
        return left.reshape(-1, c).T @ right.reshape(-1, c)
    return (left.transpose(1, 2, 0) @ right.swapaxes(0, 1)).sum(axis=0)


@dataclass(frozen=True, slots=True)
class SummedRows:
    """The sums over the blocks of each pattern, of the pairs of columns that ever meet, in one component.

    n     : (S,) blocks of each pattern
    m     : places of a block
    width : number of columns of z
    index : (3, R) for each row of sums its pattern and its places a <= b
    pairs : (2, L) columns k <= l
    sums  : (R, L) sums of z_ak z_bl + z_al z_bk for a < b, of z_ak z_al for a = b
    """

    n: np.ndarray
    m: int
    width: int
    index: np.ndarray
    pairs: np.ndarray
    sums: np.ndarray

    def fold(self, weights: np.ndarray) -> np.ndarray:
        """Return sum_s sum_ab weights[..., s, a, b] z_a z_b', shape (..., 1, width, width)."""
        pattern, a, b = self.index
        k, other = self.pairs
        picked = weights[..., pattern, a, b] @ self.sums
        total = np.zeros((*picked.shape[:-1], self.width, self.width))
        total[..., k, other] = picked
        total[..., other, k] = picked
        return total[..., None, :, :]

    def contract(self, kernels: np.ndarray) -> np.ndarray:
        """Return the sums of z_a' kernel z_b of each pattern, shape (S, m, m)."""
        kernel = kernels[0]
        pattern, a, b = self.index
        k, other = self.pairs
        twice = np.where(k == other, 1.0, 2.0)
        values = self.sums @ (kernel[k, other] * twice) / np.where(a == b, 1.0, 2.0)
        total = np.zeros((len(self.n), self.m, self.m))
        total[pattern, a, b] = values
        total[pattern, b, a] = values
        return total

    def transformed(self, y: np.ndarray) -> SummedRows:
        """Return the columns of y_s' z, for y (S, m, m)."""
        a, b = upper(self.m)
        half = np.where(a == b, 0.5, 1.0)
        both = y[:, a[:, None], a] * y[:, b[:, None], b] + y[:, b[:, None], a] * y[:, a[:, None], b]
        mixed = (both * half).swapaxes(1, 2) @ self.sums.reshape(len(self.n), len(a), -1)
        return replace(self, sums=mixed.reshape(self.sums.shape))

    def outer(self) -> np.ndarray:
        """Return the sums over all blocks of z_a z_b', made symmetric, shape (m, m, C, width, width)."""
        a, b = upper(self.m)
        every = self.sums.reshape(len(self.n), len(a), -1).sum(axis=0) * np.where(a == b, 1.0, 0.5)[:, None]
        k, other = self.pairs
        total = np.zeros((self.m, self.m, self.width, self.width))
        for one, i, j in zip(every, a, b, strict=True):
            total[i, j, k, other] = one
            total[i, j, other, k] = one
            total[j, i] = total[i, j]
        return total[:, :, None]


def gathered(pattern: np.ndarray, xy: np.ndarray, u: Sparse) -> tuple[Columns, np.ndarray, np.ndarray]:
    """Return the columns of blocks whose patterns are known, as sums where that is smaller, else as rows.

    Also returned: the pattern of each block (n,), its own where rows are kept, and a block of each pattern (S,).

    pattern : (n,) codes from 0
    xy      : (n, m, p + 1), zero at places that a block does not have
    u       : sparse columns of the n m rows
    """
    count = int(pattern.max()) + 1
    if count * FEW_PATTERNS > len(xy):
        every = np.arange(len(xy))
        return KeptRows(side_by_side(xy), u), every, every
    order = np.argsort(pattern, kind="stable")
    members = np.split(order, np.searchsorted(pattern[order], np.arange(1, count)))
    return summed(members, xy, u), pattern, np.array([blocks[0] for blocks in members])


def summed(members: Sequence[np.ndarray], xy: np.ndarray, u: Sparse) -> SummedRows:
    """Return the sums of each pattern, from the positions of its blocks; `xy` and `u` are those of `gathered`."""
    _, m, c = xy.shape
    k = u.width
    a, b = upper(m)
    half = np.where(a == b, 0.5, 1.0)[:, None]
    x, y = upper(c)
    dense, mixed, sparse = [], [], []
    for blocks in members:
        wide = xy[blocks].reshape(-1, m * c)
        gram = (wide.T @ wide).reshape(m, c, m, c)
        dense.append((gram[a[:, None], x, b[:, None], y] + gram[b[:, None], x, a[:, None], y]) * half)
        if k:
            rows = (blocks[:, None] * m + np.arange(m)).ravel()
            places = u.places[rows] + np.tile(np.arange(m), len(blocks))[:, None] * k
            wide_u = Sparse(places.reshape(len(blocks), -1), u.values[rows].reshape(len(blocks), -1), m * k).matrix
            across = (wide_u.T @ wide).reshape(m, k, m, c)
            mixed.append(((across[a, :, b] + across[b, :, a]) * half[:, None]).reshape(len(a), -1))
            sparse.append((wide_u.T @ wide_u).tocoo())
    r = len(a)
    index = np.array([np.repeat(np.arange(len(members)), r), np.tile(a, len(members)), np.tile(b, len(members))])
    parts, pairs = [np.concatenate(dense)], [np.array([k + x, k + y])]
    if k:
        left, right = np.divmod(np.arange(k * c), c)
        parts += [np.concatenate(mixed)]
        pairs += [np.array([left, k + right])]
        met, values = meeting(sparse, m, k, r)
        parts += [values]
        pairs += [met]
    n = np.array([len(blocks) for blocks in members], dtype=float)
    return SummedRows(n, m, k + c, index, np.concatenate(pairs, axis=1), np.concatenate(parts, axis=1))


def meeting(sparse: Sequence[object], m: int, k: int, r: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of columns u that meet (2, L), and their sums (R, L), from products over (m k) columns."""
    of_row = np.zeros((m, m), dtype=np.intp)
    of_row[upper(m)] = np.arange(r)
    rows, keys, values = [], [], []
    for s, product in enumerate(sparse):
        a, left = np.divmod(product.row, k)  # type: ignore[attr-defined]
        b, right = np.divmod(product.col, k)  # type: ignore[attr-defined]
        use = a <= b
        low, high = np.minimum(left, right)[use], np.maximum(left, right)[use]
        # with a < b, (k, l) and (l, k) both land on the pair k < l, and (k, k) stands for two
        one = np.where((a[use] < b[use]) & (low == high), 2.0, 1.0)
        one = np.where((a[use] == b[use]) & (low != high), 0.5, one)
        rows.append(s * r + of_row[a[use], b[use]])
        keys.append(low * k + high)
        values.append(product.data[use] * one)  # type: ignore[attr-defined]
    every, place = np.unique(np.concatenate(keys), return_inverse=True)
    sums = np.zeros((len(sparse) * r, len(every)))
    np.add.at(sums, (np.concatenate(rows), place), np.concatenate(values))
    return np.array(np.divmod(every, k)), sums
