"""The symmetric root of a covariance, by which correlated numbers are drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def symmetric_root(covariance: Floats) -> tuple[Floats, Floats]:
    """Return the symmetric root (n, n) of a covariance (n, n), and its eigenvalues (n,), the smallest first.

    The symmetric root is unique. Eigenvectors have signs, and bases where eigenvalues are alike, that depend on the
    processor, so that a root made of them alone would draw another sample from the same seed. An eigenvalue below zero
    counts as zero.

    Examples
    --------
    >>> root, _ = symmetric_root(np.array([[4.0, 0.0], [0.0, 9.0]]))
    >>> root.tolist()
    [[2.0, 0.0], [0.0, 3.0]]
    """
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T), values
