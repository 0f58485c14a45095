"""Blocks with random coefficients and independent residuals: V_i = s2 (I + T_i D T_i'), D = L L'.

T_i are the rows of the random effects (q of them), s2 = exp(tau), L lower triangular or diagonal. The data enter through
C_i = T_i'T_i, B_i = T_i'Z_i and Z'Z alone (Henderson; Lindstrom & Bates, JASA 1988, 83:1014-1022), so that blocks with
the same C_i share their sums, and no matrix is larger than q. With F = L (I + L'CL)^-1 L', Y = I - FC and N = CY::

    Z'WZ = (Z'Z - sum B'FB) / s2     Z'W V_k W Z = sum B' Y D_k Y' B / s2     T'WT = N / s2

The parameters are tau, then the entries of L by rows. In tau, V0 is its own derivative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coxa.models.numerics.mixed.block import Curvature, Slopes, Within
from coxa.models.numerics.mixed.rows import Columns
from coxa.models.numerics.mixed.triangle import Triangle


@dataclass(frozen=True, slots=True)
class Parts:
    """At some parameters: s2, and of each pattern F, Y (S, q, q), N (S, q, q); D_k (K - 1, q, q) and B'..B folded.

    folded : (q, q, width, width) sums of (Y'B)_a (Y'B)_b', symmetric in both
    """

    s2: float
    f: np.ndarray
    y: np.ndarray
    n: np.ndarray
    first: np.ndarray
    second: np.ndarray


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Blocks with q random coefficients each and independent residuals.

    columns  : the projected rows B
    gram     : (S, q, q) C of each pattern
    total    : (width, width) Z'Z
    triangle : which entries of L are parameters
    n_rows   : number of rows N
    """

    columns: Columns
    gram: np.ndarray
    total: np.ndarray
    triangle: Triangle
    n_rows: int

    @property
    def size(self) -> int:
        """Number of parameters K."""
        return 1 + self.triangle.size

    @property
    def width(self) -> int:
        """Number of columns of Z."""
        return len(self.total)

    def within(self, theta: np.ndarray) -> Within:
        """Return the covariance at theta (K,): tau, then L."""
        s2 = float(np.exp(theta[0]))
        lower = self.triangle.matrix(theta[1:])
        inside = np.eye(len(lower)) + lower.T @ self.gram @ lower
        inverse, log_det = small_inverse(inside)
        f = lower @ inverse @ lower.T
        y = np.eye(len(lower)) - f @ self.gram
        moments = (self.total - self.columns.fold(f)) / s2
        parts = Parts(s2, f, y, self.gram @ y, *self.triangle.products(theta[1:]))
        return Within(self.n_rows * float(theta[0]) + float(self.columns.n @ log_det), moments, parts)

    def slopes(self, at: Within) -> Slopes:
        """Return first derivatives and traces."""
        parts: Parts = at.parts
        by_d = self.moments_of(parts, parts.first)
        n = np.einsum("s,sab->ab", self.columns.n, parts.n)
        alone = np.einsum("kab,ab->k", parts.first, n)
        trace = np.concatenate([[self.n_rows], alone])
        pairs, bends = np.diag(trace), np.diag(trace)
        pairs[0], bends[0] = trace, trace
        pairs[:, 0], bends[:, 0] = trace, trace
        flat = parts.n.reshape(len(parts.n), -1)
        twice = ((flat * self.columns.n[:, None]).T @ flat).reshape(2 * n.shape)
        pairs[1:, 1:] = np.einsum("kab,bcda,lcd->kl", parts.first, twice, parts.first, optimize=True)
        bends[1:, 1:] = np.einsum("klab,ab->kl", parts.second, n)
        return Slopes(np.concatenate([at.moments[None], by_d]), trace, pairs, bends)

    def moments_of(self, parts: Parts, inner: np.ndarray) -> np.ndarray:
        """Return sum B'Y inner Y'B / s2 for symmetric inner (K, q, q), shape (K, width, width)."""
        return self.columns.fold(parts.y @ inner[:, None] @ parts.y.swapaxes(1, 2)) / parts.s2

    def curvature(self, at: Within, kernels: Sequence[np.ndarray]) -> list[Curvature]:
        """Return the contractions with symmetric kernels."""
        parts: Parts = at.parts
        return [self.curved(at, parts, kernel) for kernel in kernels]

    def curved(self, at: Within, parts: Parts, kernel: np.ndarray) -> Curvature:
        """Return the contractions with one kernel."""
        seen = parts.y.swapaxes(1, 2) @ self.columns.contract(kernel) @ parts.y / parts.s2
        total = seen.sum(axis=0)
        both = seen.reshape(len(seen), -1).T @ parts.n.reshape(len(seen), -1)
        both = both.reshape(2 * total.shape)
        first = np.concatenate([[(kernel * at.moments).sum()], np.einsum("kab,ab->k", parts.first, total)])
        pairs, bends = np.empty((self.size, self.size)), np.empty((self.size, self.size))
        for found in (pairs, bends):
            found[0], found[:, 0] = first, first
        # <seen, D_k N D_l>, made symmetric in k and l
        one = np.einsum("kab,dabc,lcd->kl", parts.first, both, parts.first, optimize=True)
        pairs[1:, 1:] = (one + one.T) / 2
        bends[1:, 1:] = np.einsum("klab,ab->kl", parts.second, total)
        return Curvature(pairs, bends)

    def paired(self, at: Within, weights: np.ndarray) -> np.ndarray:
        """Return sum_kl weights_kl Z'W V_k W V_l W Z, shape (width, width)."""
        parts: Parts = at.parts
        inner = np.einsum("kl,kab,sbc,lcd->sad", weights[1:, 1:], parts.first, parts.n, parts.first, optimize=True)
        inner = (inner + inner.swapaxes(1, 2)) / 2
        alone = np.einsum("k,kab->ab", weights[0, 1:] + weights[1:, 0], parts.first)
        every = self.columns.fold(parts.y @ (inner + alone) @ parts.y.swapaxes(1, 2)) / parts.s2
        return every + weights[0, 0] * at.moments

    def bent(self, at: Within, weights: np.ndarray) -> np.ndarray:  # noqa: ARG002
        """Return zero: the covariance is linear in s2 and s2 D."""
        return np.zeros((self.width, self.width))


def small_inverse(matrices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the inverses of positive definite matrices (S, q, q), and their log determinants (S,).

    Raises
    ------
    numpy.linalg.LinAlgError
        One is not positive definite.
    """
    q = matrices.shape[-1]
    if q > 2:
        lower = np.linalg.cholesky(matrices)
        root = np.linalg.inv(lower)
        return root.swapaxes(1, 2) @ root, 2 * np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
    if q == 1:
        found, det = 1 / matrices, matrices[:, 0, 0]
    else:
        a, b, d = matrices[:, 0, 0], matrices[:, 0, 1], matrices[:, 1, 1]
        det = a * d - b * b
        found = np.stack([np.stack([d, -b], axis=1), np.stack([-b, a], axis=1)], axis=1) / det[:, None, None]
    if not (det > 0).all():
        raise np.linalg.LinAlgError("not positive definite")
    return found, np.log(det)
