"""Factors above the blocks: their random effects as columns u, with covariance G for each level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coxa.models.numerics.mixed.triangle import Triangle


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor with q correlated or uncorrelated effects for each of its levels.

    start    : first of its columns in u; level by level, the effects of a level next to each other
    levels   : number of levels
    triangle : of the covariance G of the effects of a level
    """

    start: int
    levels: int
    triangle: Triangle

    @property
    def columns(self) -> slice:
        """Its columns in u."""
        return slice(self.start, self.start + self.levels * self.triangle.q)


@dataclass(frozen=True, slots=True)
class Above:
    """All factors above the blocks; Gamma is the covariance of all their effects.

    factors : in the order of their columns
    """

    factors: tuple[Factor, ...]

    @property
    def width(self) -> int:
        """Number of columns u."""
        return self.factors[-1].columns.stop if self.factors else 0

    @property
    def size(self) -> int:
        """Number of parameters."""
        return sum(factor.triangle.size for factor in self.factors)

    def split(self, theta: np.ndarray) -> list[np.ndarray]:
        """Return the parameters of each factor."""
        return np.split(theta, np.cumsum([factor.triangle.size for factor in self.factors])[:-1])

    def multiply(self, blocks: Sequence[np.ndarray], other: np.ndarray) -> np.ndarray:
        """Return the block-diagonal matrix with one block (q, q) for each level, times `other` (width, ...)."""
        found = np.empty_like(other)
        for factor, block in zip(self.factors, blocks, strict=True):
            q, mine = factor.triangle.q, factor.columns
            shaped = other[mine].reshape(factor.levels, q, -1)
            found[mine] = (block @ shaped).reshape(other[mine].shape)
        return found

    def moved(self, f: int, block: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Return one factor's rows of the block-diagonal matrix times `other` (width, n); the other rows are zero."""
        factor = self.factors[f]
        mine = other[factor.columns]
        return np.asarray((block @ mine.reshape(factor.levels, len(block), -1)).reshape(mine.shape))

    def roots(self, theta: np.ndarray) -> list[np.ndarray]:
        """Return the Cholesky factor of each factor's covariance."""
        own = self.split(theta) if self.factors else []
        return [factor.triangle.matrix(part) for factor, part in zip(self.factors, own, strict=True)]

    def products(self, theta: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return first and second derivatives of each factor's covariance."""
        own = self.split(theta) if self.factors else []
        return [factor.triangle.products(part) for factor, part in zip(self.factors, own, strict=True)]

    def diagonal(self, matrix: np.ndarray) -> list[np.ndarray]:
        """Return for each factor the sum over its levels of the diagonal blocks (q, q) of (..., width, width)."""
        found = []
        for factor in self.factors:
            q = factor.triangle.q
            mine = matrix[..., factor.columns, factor.columns]
            shaped = mine.reshape(*mine.shape[:-2], factor.levels, q, factor.levels, q)
            found.append(np.einsum("...laLb,lL->...ab", shaped, np.eye(factor.levels)) if q > 1 else summed(mine))
        return found

    def diagonal_of(self, left: np.ndarray, right: np.ndarray) -> list[np.ndarray]:
        """Return `diagonal` of left' right for left (n, width) and right (..., n, width), shape (..., q, q) each."""
        found = []
        for factor in self.factors:
            q = factor.triangle.q
            one = left[:, factor.columns].reshape(-1, q)
            other = right[..., factor.columns].reshape(*right.shape[:-2], -1, q)
            found.append(one.T @ other)
        return found

    def squares(self, matrix: np.ndarray, f: int, g: int) -> np.ndarray:
        """Return sum over levels l of f and k of g of M[la, kb] M[kc, ld], shape (q, q', q', q), M symmetric."""
        one, other = self.factors[f], self.factors[g]
        q, p = one.triangle.q, other.triangle.q
        part = matrix[one.columns, other.columns].reshape(one.levels, q, other.levels, p)
        flat = part.transpose(1, 3, 0, 2).reshape(q * p, -1)
        return (flat @ flat.T).reshape(q, p, q, p).transpose(0, 1, 3, 2)


def summed(matrix: np.ndarray) -> np.ndarray:
    """Return the trace of (..., n, n) as (..., 1, 1)."""
    return np.trace(matrix, axis1=-2, axis2=-1)[..., None, None]
