"""First-order autoregressive: the correlation of two visits is rho to the power of how many steps they are apart.

Visits count as equally far apart, whatever lies between them; for real distances use `spatial_exponential`.
"""

from __future__ import annotations

import numpy as np

from coxa.models.covariance.scaled import Pattern, lags, scaled


def matrix(rho: np.ndarray, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the correlation (m, m) and its derivatives in rho (1,)."""
    lag = lags(m)
    first = lag * rho[0] ** np.maximum(lag - 1, 0)
    second = lag * (lag - 1) * rho[0] ** np.maximum(lag - 2, 0)
    return rho[0] ** lag, first[None], second[None, None]


def guess(correlation: np.ndarray) -> np.ndarray:
    """Return the mean correlation of neighbours."""
    return np.diag(correlation, 1).mean(keepdims=True)


FADING = Pattern(matrix, guess, lambda _labels: ["correlation[neighbouring visits]"])

AUTOREGRESSIVE = scaled(
    FADING,
    name="ar1",
    each=False,
)
HETEROGENEOUS_AUTOREGRESSIVE = scaled(
    FADING,
    name="ar1h",
    each=True,
)

FAMILY = (AUTOREGRESSIVE, HETEROGENEOUS_AUTOREGRESSIVE)
