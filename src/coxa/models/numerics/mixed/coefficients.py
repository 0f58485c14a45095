"""Blocks with random coefficients and independent residuals: V_i = s2 (I + T_i D T_i'), D = L L'.

T_i are the rows of the random effects (q of them), s2 = exp(tau), L lower triangular. The data enter through
C_i = T_i'T_i, B_i = T_i'Z_i and Z'Z alone (Lindstrom & Bates, JASA 1988, 83:1014-1022), so that blocks with the same
C_i share their sums, and no matrix is larger than q. With F = L (I + L'CL)^-1 L', Y = I - FC and N = CY::

    Z'WZ = (Z'Z - sum B'FB) / s2     Z'W V_k W Z = sum B' Y D_k Y' B / s2     T'WT = N / s2

The parameters are tau, then the entries of L by rows. In tau, V0 is its own derivative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coxa.models.numerics.mixed.patterns import Columns, small_weighted
from coxa.models.numerics.mixed.random_design import CholeskyFactor


@dataclass(frozen=True, slots=True)
class Within:
    """The covariance V0 within blocks at some parameters, W its inverse, Z the columns (u, x, y).

    log_det : log|V0|
    moments : (C, width, width) Z'WZ of each component
    parts   : whatever the model of the blocks keeps for its derivatives
    """

    log_det: float
    moments: np.ndarray
    parts: Any


@dataclass(frozen=True, slots=True)
class Slopes:
    """First derivatives V_k of V0 in its K parameters, and the traces that need no data.

    moments : (K, C, width, width) Z'W V_k W Z of each component
    trace   : (K,) tr(W V_k)
    second  : (K, K) tr(W V_kl) - tr(W V_k W V_l), the second derivatives of log|V0|
    pairs   : (K, K) tr(W V_k W V_l), for the expected information
    """

    moments: np.ndarray
    trace: np.ndarray
    second: np.ndarray
    pairs: np.ndarray


@dataclass(frozen=True, slots=True)
class Curvature:
    """Contractions of kernels (C, width, width) with second-order products.

    second : (K, K) <kernel, 2 Z'W V_k W V_l W Z - Z'W V_kl W Z>, the second derivatives of Z'WZ
    pairs  : (K, K) <kernel, Z'W V_k W V_l W Z>, for the expected information
    """

    second: np.ndarray
    pairs: np.ndarray


@dataclass(frozen=True, slots=True)
class Parts:
    """At some parameters: s2, the entries of L, and of each pattern Y and N (S, q, q)."""

    s2: float
    lower: np.ndarray
    y: np.ndarray
    n: np.ndarray


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Blocks with q random coefficients each and independent residuals.

    columns  : the projected rows B
    gram     : (S, q, q) C of each pattern
    total    : (C, width, width) Z'Z of each component
    cholesky : which entries of L are parameters
    n_rows   : number of rows N
    """

    columns: Columns
    gram: np.ndarray
    total: np.ndarray
    cholesky: CholeskyFactor
    n_rows: int

    @property
    def size(self) -> int:
        """Number of parameters K."""
        return 1 + self.cholesky.size

    @property
    def width(self) -> int:
        """Number of columns of Z."""
        return int(self.total.shape[-1])

    def within(self, theta: np.ndarray) -> Within:
        """Return the covariance at theta (K,): tau, then L."""
        s2 = float(np.exp(theta[0]))
        lower = self.cholesky.matrix(theta[1:])
        q = len(lower)
        both = (lower[:, None, :, None] * lower[:, None]).reshape(q * q, q * q)  # vec(L'CL) = (L x L)' vec(C), by rows
        inverse, log_det = small_inverse(mapped(self.gram, both) + np.eye(q))
        f = mapped(inverse, both.T)
        y = np.eye(q) - small_product(f, self.gram)
        moments = (self.total - self.columns.fold(f)) / s2
        parts = Parts(s2, theta[1:], y, small_product(self.gram, y))
        return Within(self.n_rows * float(theta[0]) + float(self.columns.n @ log_det), moments, parts)

    def derivatives(
        self,
        at: Within,
        kernels: Sequence[np.ndarray],
        *,
        expected: bool = True,  # noqa: ARG002
    ) -> tuple[Slopes, list[Curvature]]:
        """Return first derivatives and traces, and the contractions with symmetric kernels."""
        parts: Parts = at.parts
        transformed = self.columns.transformed(parts.y)
        q = parts.n.shape[-1]
        once, twice_d = self.cholesky.products(parts.lower)
        flat, first = parts.n.reshape(-1, q * q), once.reshape(-1, q * q)
        second = twice_d.reshape(*twice_d.shape[:2], q * q)
        by_d = np.tensordot(once, transformed.outer(), axes=2) / parts.s2
        n = self.columns.n @ flat
        trace = np.concatenate([[self.n_rows], first @ n])
        twice = ((flat * self.columns.n[:, None]).T @ flat).reshape(q, q, q, q)
        pairs = with_scale(trace, first @ twice.transpose(3, 0, 1, 2).reshape(q * q, q * q) @ first.T)
        curvature = with_scale(trace, second @ n)
        slopes = Slopes(np.concatenate([at.moments[None], by_d]), trace, curvature - pairs, pairs)
        contractions = []
        for kernel in kernels:
            seen = (transformed.contract(kernel) / parts.s2).reshape(-1, q * q)
            total = seen.sum(axis=0)
            edge = np.concatenate([[(kernel * at.moments).sum()], first @ total])
            products = (seen.T @ flat).reshape(q, q, q, q).transpose(1, 2, 3, 0).reshape(q * q, q * q)
            one = first @ products @ first.T  # <seen, D_k N D_l>
            squares, bent = with_scale(edge, (one + one.T) / 2), with_scale(edge, second @ total)
            contractions.append(Curvature(2 * squares - bent, squares))
        return slopes, contractions

    def paired(self, at: Within, weights: np.ndarray) -> np.ndarray:
        """Return sum_kl weights_kl Z'W V_k W V_l W Z, shape (C, width, width)."""
        parts: Parts = at.parts
        q = parts.n.shape[-1]
        first, _ = self.cholesky.products(parts.lower)
        four = np.tensordot(np.tensordot(first, weights[1:, 1:], axes=(0, 0)), first, axes=(2, 0))
        inner = mapped(parts.n, four.transpose(1, 2, 0, 3).reshape(q * q, q * q))
        inner = (inner + inner.swapaxes(1, 2)) / 2
        alone = np.tensordot(weights[0, 1:] + weights[1:, 0], first, axes=1)
        every = self.columns.transformed(parts.y).fold(inner + alone) / parts.s2
        return every + weights[0, 0] * at.moments

    def bent(self, at: Within, weights: np.ndarray) -> np.ndarray:  # noqa: ARG002
        """Return zero: the covariance is linear in s2 and s2 D."""
        return np.zeros_like(at.moments)


def with_scale(edge: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """Return (K, K): `inner`, and before it row and column of tau, in which the covariance is its own derivative."""
    matrix = np.empty((len(edge), len(edge)))
    matrix[0], matrix[:, 0] = edge, edge
    matrix[1:, 1:] = inner
    return matrix


def small_product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the products of matrices (S, q, q), side by side where q is small."""
    return left * right if left.shape[-1] == 1 else small_weighted(left, right)


def mapped(matrices: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Return matrices (S, q, q) whose entries, by rows, are multiplied by a matrix (q * q, q * q), side by side."""
    s, q, _ = matrices.shape
    return (by.T @ matrices.reshape(s, q * q).T).T.reshape(s, q, q)


def determinants(matrices: np.ndarray) -> np.ndarray:
    """Return the determinants (S,) of symmetric matrices (S, q, q)."""
    if matrices.shape[-1] > 2:
        return np.asarray(np.linalg.det(matrices))
    if matrices.shape[-1] == 1:
        return matrices[:, 0, 0]
    return np.asarray(matrices[:, 0, 0] * matrices[:, 1, 1] - matrices[:, 0, 1] ** 2)


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
    det = determinants(matrices)
    if q == 1:
        inverse = 1 / matrices
    else:
        a, b, d = matrices[:, 0, 0], matrices[:, 0, 1], matrices[:, 1, 1]
        inverse = (np.array([d, -b, -b, a]) / det).reshape(2, 2, -1).transpose(2, 0, 1)
    if not (det > 0).all():
        raise np.linalg.LinAlgError("not positive definite")
    return inverse, np.log(det)
