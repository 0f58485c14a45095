"""The integrated likelihood as a function of its parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from coxa.models.numerics.quadrature import Clusters, Integrals, RowLikelihood, gauss_hermite, integrate


@dataclass(frozen=True, slots=True)
class Problem:
    """What is maximised, with parameters: coefficients in an orthonormal basis (p,), sd, shape parameters (A,).

    q        : (N, p) orthonormal columns
    offset   : (N,) known part of the linear predictor
    clusters : of the rows
    rows_at  : shape parameters (A,) -> log densities of the rows
    points   : nodes
    """

    q: np.ndarray
    offset: np.ndarray
    clusters: Clusters
    rows_at: Callable[[np.ndarray], RowLikelihood]
    points: int

    @property
    def p(self) -> int:
        """Number of coefficients, and the position of sd."""
        return int(self.q.shape[1])

    def at(self, theta: np.ndarray, start: np.ndarray | None = None) -> Integrals:
        """Return the integrated likelihood at parameters."""
        p = self.p
        eta = self.offset + self.q @ theta[:p]
        return integrate(self.rows_at(theta[p + 1 :]), eta, theta[p], self.clusters, gauss_hermite(self.points), start)

    def gradient(self, at: Integrals) -> np.ndarray:
        """Return the gradient (P,) of the log-likelihood."""
        return np.concatenate([self.q.T @ at.by_row, [at.by_sd], at.by_shape])

    def score_of_variance(self, theta: np.ndarray) -> float:
        """Return the derivative of the log-likelihood by the variance, where that is zero."""
        eta = self.offset + self.q @ theta[: self.p]
        slope, curvature = self.rows_at(theta[self.p + 1 :]).slopes(eta)
        return float(((self.clusters.sums(slope)) ** 2 + self.clusters.sums(curvature)).sum() / 2)
