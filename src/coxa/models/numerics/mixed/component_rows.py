"""The rows of blocks component by component, with the few columns that the levels of a component have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array

from coxa.models.numerics.mixed.patterns import Sparse
from coxa.models.numerics.mixed.random_design import Above


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
        found = np.empty((*weights.shape[:-3], len(self.ends) - 1, w, w))
        for c, mine in enumerate(self.components):
            z = self.z[mine]
            weighted = weights[..., self.pattern[mine], :, :] @ z
            found[..., c, :, :] = z.reshape(-1, w).T @ weighted.reshape(*weights.shape[:-3], -1, w)
        return found

    def contract(self, kernels: np.ndarray) -> np.ndarray:
        """Return the sums over the blocks of a pattern of z_a' kernel z_b, shape (S, m, m)."""
        n, m, _ = self.z.shape
        each = np.empty((n, m, m))
        for kernel, mine in zip(kernels, self.components, strict=True):
            z = self.z[mine]
            each[mine] = (z @ kernel) @ z.swapaxes(1, 2)
        if len(self.n) == n:
            found = np.empty_like(each)
            found[self.pattern] = each
            return found
        gather = csr_array((np.ones(n), (self.pattern, np.arange(n))), shape=(len(self.n), n))
        return np.asarray(gather @ each.reshape(n, -1)).reshape(-1, m, m)

    def turned(self, y: np.ndarray) -> ComponentRows:
        """Return the columns of y_s' z, for y (S, m, m)."""
        return replace(self, z=y.swapaxes(1, 2)[self.pattern] @ self.z)

    def outer(self) -> np.ndarray:
        """Return the sums over all blocks of z_a z_b', made symmetric, shape (m, m, C, width, width)."""
        _, m, w = self.z.shape
        found = np.empty((m, m, len(self.ends) - 1, w, w))
        for c, mine in enumerate(self.components):
            wide = self.z[mine].reshape(-1, m * w)
            found[:, :, c] = (wide.T @ wide).reshape(m, w, m, w).swapaxes(1, 2)
        return (found + found.swapaxes(0, 1)) / 2

    def as_given(self) -> np.ndarray:
        """Return the columns (n, m, width) of the blocks as they were given."""
        found = np.empty_like(self.z)
        found[self.order] = self.z
        return found


def component_rows(above: Above, of_block: np.ndarray, xy: np.ndarray, u: Sparse, pattern: np.ndarray) -> ComponentRows:
    """Return the rows of blocks.

    Parameters
    ----------
    above : Above
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
    z = np.zeros((n * m, above.width + c))
    np.add.at(z, (np.arange(n * m)[:, None], u.places), u.values)
    z[:, above.width :] = xy.reshape(n * m, c)
    order = np.argsort(of_block, kind="stable")
    ends = np.searchsorted(of_block[order], np.arange(above.components + 1))
    counts = np.bincount(pattern).astype(float)
    return ComponentRows(z.reshape(n, m, -1)[order], order, ends, pattern[order], counts)
