"""Compound symmetry: every two visits have the same correlation.

The correlation of m visits lies between -1 / (m - 1) and 1; its parameter is the logit of where between, as in the R
package mmrm (0.3.18).
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from coxa.models.covariance.scaled import Pattern, lags, scaled


def matrix(rho: np.ndarray, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the correlation (m, m) and its derivatives in rho (1,)."""
    apart = (lags(m) > 0).astype(float)
    return np.eye(m) + rho[0] * apart, apart[None], np.zeros((1, 1, m, m))


def guess(correlation: np.ndarray) -> np.ndarray:
    """Return the mean correlation."""
    return correlation[np.triu_indices(len(correlation), 1)].mean(keepdims=True)


def bounded(t: np.ndarray, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rho with its first and second derivatives."""
    share, lowest = expit(t), -1 / (m - 1)
    slope = (1 - lowest) * share * (1 - share)
    return lowest + (1 - lowest) * share, slope, slope * (1 - 2 * share)


def unbounded(rho: np.ndarray, m: int) -> np.ndarray:
    """Return the t whose rho is given.

    Examples
    --------
    >>> float(unbounded(np.array(1 / 3), 4))
    0.0
    """
    lowest = -1 / (m - 1)
    return logit((rho - lowest) / (1 - lowest))


SAME = Pattern(matrix, guess, lambda _labels: ["correlation"], bounded, unbounded)

COMPOUND_SYMMETRY = scaled(SAME, name="cs", each=False, steps=False, linear=True)
HETEROGENEOUS_COMPOUND_SYMMETRY = scaled(
    SAME,
    name="csh",
    each=True,
    steps=False,
)

FAMILY = (COMPOUND_SYMMETRY, HETEROGENEOUS_COMPOUND_SYMMETRY)
