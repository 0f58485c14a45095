"""Toeplitz: visits that are equally many steps apart have the same correlation."""

from __future__ import annotations

import numpy as np

from coxa.models.covariance.scaled import Pattern, lags, scaled


def matrix(rho: np.ndarray, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the correlation (m, m) and its derivatives in rho (m - 1,), one for each number of steps."""
    lag = lags(m)
    first = (lag == np.arange(1, m)[:, None, None]).astype(float)
    return np.append(1.0, rho)[lag], first, np.zeros((m - 1, m - 1, m, m))


def guess(correlation: np.ndarray) -> np.ndarray:
    """Return the mean correlation at each number of steps."""
    return np.array([np.diag(correlation, lag).mean() for lag in range(1, len(correlation))])


BY_LAG = Pattern(matrix, guess, lambda labels: [f"correlation[lag {lag}]" for lag in range(1, len(labels))])

TOEPLITZ = scaled(BY_LAG, name="toep", each=False, linear=True)
HETEROGENEOUS_TOEPLITZ = scaled(
    BY_LAG,
    name="toeph",
    each=True,
)

FAMILY = (TOEPLITZ, HETEROGENEOUS_TOEPLITZ)
