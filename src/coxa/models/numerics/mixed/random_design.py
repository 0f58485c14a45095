"""Factors above the blocks: their random effects as columns u, with covariance G for each level.

Levels that share no row, directly or through other levels, belong to different components: clinics, each with its
therapists. A component has columns of its own, as many as the largest needs, and all matrices of the effects are kept
component by component. Truly crossed factors are one component.

The covariance of a few random effects is that of its Cholesky factor: D = L L', L lower triangular, in blocks.
At a singular D an entry of L is zero; the likelihood is an even function of it there, so that Newton's method gets to
the boundary, and the Hessian proves it (Bates, Mächler, Bolker & Walker, JSS 2015, 67(1), section 3, for the factor).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class CholeskyFactor:
    """Which entries of L (q, q) are parameters, by rows.

    parts  : numbers of effects that are correlated with each other; effects of different parts are independent
    linear : whether derivatives are those in the entries of D, which exist at the boundary too, in place of those of L
    """

    parts: tuple[int, ...]
    linear: bool = False

    @property
    def q(self) -> int:
        """Number of effects."""
        return sum(self.parts)

    @cached_property
    def entries(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of the parameters in L."""
        part = np.repeat(np.arange(len(self.parts)), self.parts)
        rows, columns = np.nonzero(np.tril(part[:, None] == part))
        return rows, columns

    @property
    def size(self) -> int:
        """Number of parameters."""
        return len(self.entries[0])

    def matrix(self, theta: np.ndarray) -> np.ndarray:
        """Return L (q, q)."""
        lower = np.zeros((self.q, self.q))
        lower[self.entries] = theta
        return lower

    def theta(self, covariance: np.ndarray) -> np.ndarray:
        """Return the parameters of a positive definite covariance (q, q), without the correlations between parts."""
        rows, columns = self.entries
        kept = np.zeros_like(covariance)
        kept[rows, columns] = covariance[rows, columns]
        kept[columns, rows] = covariance[rows, columns]
        return np.linalg.cholesky(kept)[self.entries]

    def products(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return first (K, q, q) and second (K, K, q, q) derivatives of D."""
        units = np.zeros((self.size, self.q, self.q))
        units[(np.arange(self.size), *self.entries)] = 1.0
        if self.linear:
            return np.maximum(units, units.swapaxes(1, 2)), np.zeros((self.size, self.size, self.q, self.q))
        lower = self.matrix(theta)
        once = units @ lower.T
        twice = np.einsum("kab,lcb->klac", units, units)
        return once + once.swapaxes(1, 2), twice + twice.swapaxes(2, 3)

    def touching(self, effect: int) -> np.ndarray:
        """Return which parameters (K,) are zero when the variance of an effect is."""
        rows, columns = self.entries
        return (rows == effect) | (columns == effect)


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor with q correlated or uncorrelated effects for each of its levels.

    start     : first of its columns in u; level by level, the effects of a level next to each other
    levels    : number of levels of a component, of the one with the most
    cholesky  : of the covariance G of the effects of a level
    component : (L,) component of each of all its levels
    place     : (L,) place of each among the levels of its component
    """

    start: int
    levels: int
    cholesky: CholeskyFactor
    component: np.ndarray
    place: np.ndarray

    @property
    def columns(self) -> slice:
        """Its columns in u."""
        return slice(self.start, self.start + self.levels * self.cholesky.q)

    @property
    def places(self) -> np.ndarray:
        """Columns in u of the effects of each level (L, q), in the level's component."""
        return self.start + self.place[:, None] * self.cholesky.q + np.arange(self.cholesky.q)

    def of_levels(self, values: np.ndarray) -> np.ndarray:
        """Return the values (C, width) of each level's effects, shape (L, q)."""
        return np.asarray(values[self.component[:, None], self.places])


def single(start: int, levels: int, cholesky: CholeskyFactor) -> Factor:
    """Return a factor whose levels are all in one component."""
    return Factor(start, levels, cholesky, np.zeros(levels, dtype=np.intp), np.arange(levels))


@dataclass(frozen=True, slots=True)
class OuterFactors:
    """All factors above the blocks; Gamma is the covariance of all their effects.

    factors    : in the order of their columns
    components : number of components C
    """

    factors: tuple[Factor, ...]
    components: int = 1

    @property
    def width(self) -> int:
        """Number of columns u of a component."""
        return self.factors[-1].columns.stop if self.factors else 0

    @property
    def size(self) -> int:
        """Number of parameters."""
        return sum(factor.cholesky.size for factor in self.factors)

    def split(self, theta: np.ndarray) -> list[np.ndarray]:
        """Return the parameters of each factor."""
        return np.split(theta, np.cumsum([factor.cholesky.size for factor in self.factors])[:-1])

    def multiply(self, blocks: Sequence[np.ndarray], other: np.ndarray) -> np.ndarray:
        """Return the block-diagonal matrix with one block (q, q) for each level, times `other` (..., width, n)."""
        product = np.empty_like(other)
        for f, block in enumerate(blocks):
            product[..., self.factors[f].columns, :] = self.moved(f, block, other)
        return product

    def moved(self, f: int, block: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Return one factor's rows of the block-diagonal matrix times `other` (..., width, n); others are zero."""
        factor = self.factors[f]
        rows = other[..., factor.columns, :]
        shaped = rows.reshape(*rows.shape[:-2], factor.levels, len(block), rows.shape[-1])
        return np.asarray((block @ shaped).reshape(rows.shape))

    def roots(self, theta: np.ndarray) -> list[np.ndarray]:
        """Return the Cholesky factor of each factor's covariance."""
        own = self.split(theta) if self.factors else []
        return [factor.cholesky.matrix(part) for factor, part in zip(self.factors, own, strict=True)]

    def products(self, theta: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return first and second derivatives of each factor's covariance."""
        own = self.split(theta) if self.factors else []
        return [factor.cholesky.products(part) for factor, part in zip(self.factors, own, strict=True)]

    def diagonal(self, matrix: np.ndarray) -> list[np.ndarray]:
        """Return for each factor the sum over its levels of the diagonal blocks (q, q) of (C, width, width)."""
        totals = []
        for factor in self.factors:
            q = factor.cholesky.q
            block = matrix[:, factor.columns, factor.columns]
            shaped = block.reshape(len(block), factor.levels, q, factor.levels, q)
            totals.append(np.einsum("claLb,lL->ab", shaped, np.eye(factor.levels)) if q > 1 else summed(block))
        return totals

    def diagonal_of(self, left: np.ndarray, right: np.ndarray) -> list[np.ndarray]:
        """Return `diagonal` of left' right for left (C, n, width) and right (..., C, n, width), shape (..., q, q)."""
        totals = []
        for factor in self.factors:
            q = factor.cholesky.q
            one = left[..., factor.columns].reshape(-1, q)
            lead = right.shape[:-3]
            other = right[..., factor.columns].reshape(*lead, -1, q)
            totals.append(one.T @ other)
        return totals

    def squares(self, matrix: np.ndarray, f: int, g: int) -> np.ndarray:
        """Return sum over levels l of f and k of g of M[la, kb] M[kc, ld], shape (q, q', q', q), M symmetric.

        M is (C, width, width); levels of different components do not meet.
        """
        one, other = self.factors[f], self.factors[g]
        q, p = one.cholesky.q, other.cholesky.q
        part = matrix[:, one.columns, other.columns].reshape(-1, one.levels, q, other.levels, p)
        flat = part.transpose(2, 4, 0, 1, 3).reshape(q * p, -1)
        return (flat @ flat.T).reshape(q, p, q, p).transpose(0, 1, 3, 2)


def summed(matrix: np.ndarray) -> np.ndarray:
    """Return the sum of the traces of (C, n, n) as (1, 1)."""
    return np.einsum("cii->", matrix)[None, None]
