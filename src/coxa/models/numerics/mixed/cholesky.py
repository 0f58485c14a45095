"""The covariance of a few random effects by its Cholesky factor: D = L L', L lower triangular, in blocks.

At a singular D an entry of L is zero; the likelihood is an even function of it there, so that Newton's method gets to
the boundary, and the Hessian proves it (Bates, Mächler, Bolker & Walker, JSS 2015, 67(1), section 3, for the factor).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Triangle:
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
