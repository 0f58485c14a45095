"""Unstructured: every variance and every covariance is its own parameter.

theta holds the m logs of d, then the strict lower triangle of the unit-diagonal matrix U, row by row;
the covariance is L L' with L = diag(d) U. This is the parametrisation of the R package mmrm (0.3.18), so that
the second derivatives that enter its Kenward-Roger adjustment are the same here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from coxa.models.covariance.structure import Structure


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


def derivatives(theta: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return first (K, m, m) and second (K, K, m, m) derivatives of the covariance.

    A log d_i moves row i of L as a whole, an element u_ij only L_ij; L is linear in U and exponential in
    log d, so the second derivative of L is another first derivative or zero.
    """
    m = times.shape[-1]
    lower = factor(theta, times)
    rows, columns = below(m)
    size = count(m)
    first = np.zeros((size, m, m))
    first[range(m), range(m)] = lower
    first[range(m, size), rows, columns] = np.exp(theta[rows])

    second = np.zeros((size, size, m, m))
    second[range(m), range(m)] = first[:m]
    second[rows, range(m, size)] = first[m:]
    second[range(m, size), rows] = first[m:]

    once = first @ lower.T
    flat = first.reshape(size * m, m)
    products = (flat @ flat.T).reshape(size, m, size, m).transpose(0, 2, 1, 3)
    twice = second @ lower.T + products
    return once + once.transpose(0, 2, 1), twice + twice.transpose(0, 1, 3, 2)


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
    long_name="unstructured",
    aliases=("UN", "unstructured"),
    count=count,
    matrix=matrix,
    derivatives=derivatives,
    start=start,
    parameters=parameters,
    linear=True,
)
