"""What a covariance structure is, and the unstructured one: every variance and covariance is its own parameter.

theta of the unstructured one holds the m logs of d, then the strict lower triangle of the unit-diagonal matrix U, row
by row; the covariance is L L' with L = diag(d) U. This is the parametrisation of the R package mmrm (0.3.18), so that
the second derivatives that enter its Kenward-Roger adjustment are the same here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from coxa.covariances import COVARIANCES


@dataclass(frozen=True, slots=True)
class LeanDerivatives:
    """Derivatives of a structure whose second ones are only ever needed in products; arguments as in `Structure`."""

    first: Callable[[np.ndarray, np.ndarray], np.ndarray]
    inner: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
    summed: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class Limit:
    """A simpler model that a structure contains at the boundary of its parameters.

    name  : in a record of what was tried, such as ``correlation 0``
    words : what a reader is told of a fit that ends there
    held  : position in theta -> value at which it is held
    """

    name: str
    words: str
    held: Mapping[int, float]


def no_limits(gap: float) -> tuple[Limit, ...]:  # noqa: ARG001
    """Return none: all boundaries are singular matrices."""
    return ()


@dataclass(frozen=True, slots=True)
class Structure:
    """A covariance over m visits as a smooth function of K unconstrained parameters theta.

    The visits are given by their `times`, shape (..., m). A structure that looks at the order of the visits alone
    uses only their number and returns one matrix; one that looks at distances returns one for each row of times.

    name        : short name, as in a study file; what it is called otherwise is in `coxa.covariances`
    count       : m -> K
    matrix      : theta (K,), times (..., m) -> covariance (..., m, m)
    derivatives : theta (K,), times (..., m) -> first (..., K, m, m) and second (..., K, K, m, m) derivatives
    start       : positive definite moments (m, m), times (m,) -> theta (K,) of a covariance near the moments
    parameters  : theta (K,), times (m,), labels of the visits -> what a reader calls the parameters, by name
    steps       : whether it counts how many visits lie between two, whatever the time between them
    linear      : whether the covariance can be written linear in its parameters; SAS's Kenward-Roger is then the
                  linear one
    lean        : the same derivatives without the array (K, K, m, m) of the second, where K grows with m^2
    limits      : shortest time between two visits -> the models at the boundary, which have a likelihood of their own
    """

    name: str
    count: Callable[[int], int]
    matrix: Callable[[np.ndarray, np.ndarray], np.ndarray]
    derivatives: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
    start: Callable[[np.ndarray, np.ndarray], np.ndarray]
    parameters: Callable[[np.ndarray, np.ndarray, Sequence[str]], dict[str, float]]
    steps: bool = False
    linear: bool = False
    lean: LeanDerivatives | None = None
    limits: Callable[[float], tuple[Limit, ...]] = no_limits

    @property
    def long_name(self) -> str:
        """The name in words, as printed."""
        known = COVARIANCES.get(self.name)
        return known.long_name if known else self.name

    @property
    def spatial(self) -> bool:
        """Whether it looks at the distances between times."""
        known = COVARIANCES.get(self.name)
        return known is not None and known.spatial

    def first(self, theta: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Return the first derivatives (..., K, m, m)."""
        return self.derivatives(theta, times)[0] if self.lean is None else self.lean.first(theta, times)

    def inner(self, theta: np.ndarray, times: np.ndarray, kernel: np.ndarray) -> np.ndarray:
        """Return the inner products (..., K, K) of the second derivatives with symmetric kernels (..., m, m)."""
        if self.lean is not None:
            return self.lean.inner(theta, times, kernel)
        return np.einsum("...ab,...klab->...kl", kernel, self.derivatives(theta, times)[1])

    def summed(self, theta: np.ndarray, times: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return the sums (..., m, m) of the second derivatives with symmetric weights (..., K, K)."""
        if self.lean is not None:
            return self.lean.summed(theta, times, weights)
        return np.einsum("...kl,...klab->...ab", weights, self.derivatives(theta, times)[1])


def count(m: int) -> int:
    """Return the number of parameters at m visits: m (m + 1) / 2."""
    return m * (m + 1) // 2


@lru_cache(maxsize=64)
def below(m: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns of the strict lower triangle; looked up thousands of times in a simulation."""
    return np.tril_indices(m, -1)


def factor(theta: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return L, shape (m, m), lower triangular with a positive diagonal."""
    m = times.shape[-1]
    unit = np.eye(m)
    unit[below(m)] = theta[m:]
    return np.exp(theta[:m])[:, None] * unit


def matrix(theta: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the covariance L L', shape (m, m)."""
    lower = factor(theta, times)
    return lower @ lower.T


def moving(theta: np.ndarray, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return L (m, m), and for each parameter the row of L that it moves (K,) and how it moves it (K, m).

    A log d_i moves row i of L as a whole, an element u_ij only L_ij.
    """
    lower = factor(theta, np.empty(m))
    rows, columns = below(m)
    moves = np.zeros((count(m), m))
    moves[:m] = lower
    moves[np.arange(m, count(m)), columns] = np.exp(theta[rows])
    return lower, np.concatenate([np.arange(m), rows]), moves


def first(theta: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the first derivatives (K, m, m) of the covariance."""
    lower, row, moves = moving(theta, times.shape[-1])
    once = np.zeros((len(row), *lower.shape))
    once[np.arange(len(row)), row] = moves @ lower.T
    return once + once.transpose(0, 2, 1)


def inner(theta: np.ndarray, times: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return <A, d2 R / dk dl> for a symmetric A (..., m, m), shape (..., K, K).

    R = L L', so that it is 2 <A dL_k, dL_l> + 2 <A L, d2 L_kl>. L is linear in U and exponential in log d: the second
    derivative in log d_i and another parameter of row i is the first in that one, and there are no others.
    """
    lower, row, moves = moving(theta, times.shape[-1])
    m = len(lower)
    products = 2 * kernel[..., row[:, None], row] * (moves @ moves.T)
    along = 2 * ((kernel @ lower)[..., row, :] * moves).sum(axis=-1)
    each = np.arange(len(row))
    products[..., row, each] += along
    products[..., each[m:], row[m:]] += along[..., m:]
    return products


def summed(theta: np.ndarray, times: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return sum_kl V_kl d2 R / dk dl for symmetric V (..., K, K), shape (..., m, m)."""
    lower, row, moves = moving(theta, times.shape[-1])
    m, each = len(lower), np.arange(len(row))
    of_row = (row[:, None] == np.arange(m)).astype(float)
    products = of_row.T @ (weights * (moves @ moves.T)) @ of_row
    twice = np.where(each < m, 1.0, 2.0) * weights[..., row, each]
    bent = of_row.T @ (twice[..., None] * moves) @ lower.T
    return 2 * products + bent + bent.swapaxes(-1, -2)


def derivatives(theta: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return first (K, m, m) and second (K, K, m, m) derivatives of the covariance.

    The second take K^2 m^2 numbers; `inner` and `summed` give what is needed of them without.
    """
    m = times.shape[-1]
    lower, row, moves = moving(theta, m)
    size = count(m)
    in_lower = np.zeros((size, m, m))
    in_lower[np.arange(size), row] = moves
    second = np.zeros((size, size, m, m))
    second[row, np.arange(size)] = in_lower
    second[np.arange(size), row] = in_lower
    flat = in_lower.reshape(size * m, m)
    products = (flat @ flat.T).reshape(size, m, size, m).transpose(0, 2, 1, 3)
    twice = second @ lower.T + products
    return first(theta, times), twice + twice.transpose(0, 1, 3, 2)


def start(moments: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the theta whose covariance is `moments`, a positive definite matrix of shape (m, m)."""
    lower = np.linalg.cholesky(moments)
    d = np.diag(lower)
    return np.concatenate([np.log(d), (lower / d[:, None])[np.tril_indices(times.shape[-1], -1)]])


def parameters(theta: np.ndarray, times: np.ndarray, labels: Sequence[str]) -> dict[str, float]:
    """Return standard deviations, then correlations in the order of the lower triangle, row by row."""
    covariance = matrix(theta, times)
    sd = np.sqrt(np.diag(covariance))
    named = {f"sd[{label}]": float(value) for label, value in zip(labels, sd, strict=True)}
    for i, later in enumerate(labels):
        for j, label in enumerate(labels[:i]):
            named[f"correlation[{label}, {later}]"] = float(covariance[i, j] / (sd[i] * sd[j]))
    return named


UNSTRUCTURED = Structure(
    name="us",
    count=count,
    matrix=matrix,
    derivatives=derivatives,
    start=start,
    parameters=parameters,
    linear=True,
    lean=LeanDerivatives(first, inner, summed),
)

FAMILY = (UNSTRUCTURED,)

FLOOR = 1e-3
"""Smallest eigenvalue of the correlation from which the optimiser starts."""


def lifted(raw: np.ndarray) -> np.ndarray:
    """Return a positive definite matrix (m, m) with the variances of `raw` and near its correlations."""
    sd = np.sqrt(np.diag(raw))
    values, vectors = np.linalg.eigh(raw / np.outer(sd, sd))
    near = (vectors * np.maximum(values, FLOOR)) @ vectors.T
    root = np.sqrt(np.diag(near))
    return near / np.outer(root, root) * np.outer(sd, sd)


def correlation(covariance: np.ndarray) -> np.ndarray:
    """Return the correlation of covariances (..., m, m)."""
    sd = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    return covariance / (sd[..., :, None] * sd[..., None, :])


def smallest_eigenvalue(covariance: np.ndarray) -> float:
    """Return the smallest eigenvalue of the correlations, 1 without correlation and 0 for a singular matrix."""
    return float(np.linalg.eigvalsh(correlation(covariance))[..., 0].min())
