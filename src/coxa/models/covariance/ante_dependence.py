"""First-order ante-dependence: neighbours have their own correlation.

Visits further apart have the product of those between. SAS's ANTE(1) has a variance for each visit: it is `adh`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from coxa.models.covariance.scaled import Pattern, scaled


def matrix(rho: np.ndarray, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the correlation (m, m) and its derivatives in rho (m - 1,), one for each two neighbours."""
    step, visit = np.arange(m - 1)[:, None, None], np.arange(m)
    low, high = np.minimum.outer(visit, visit), np.maximum.outer(visit, visit)
    between = (low <= step) & (step < high)

    def product(without: tuple[int, ...]) -> np.ndarray:
        """Return the product of the steps between, those of `without` left out; zero where one is not between."""
        kept = between & ~np.isin(step, without)
        needed = between[list(without)].all(axis=0)
        return np.where(kept, rho[:, None, None], 1.0).prod(axis=0) * needed

    first = np.zeros((m - 1, m, m))
    second = np.zeros((m - 1, m - 1, m, m))
    for i in range(m - 1):
        first[i] = product((i,))
        for j in range(i):
            second[i, j] = second[j, i] = product((i, j))
    return product(()), first, second


def guess(correlation: np.ndarray) -> np.ndarray:
    """Return the correlations of neighbours."""
    return np.diag(correlation, 1).copy()


def names(labels: Sequence[str]) -> list[str]:
    """Return a name for the correlation of each two neighbours."""
    return [f"correlation[{a}, {b}]" for a, b in pairwise(labels)]


BY_STEP = Pattern(matrix, guess, names)

ANTE_DEPENDENCE = scaled(BY_STEP, name="ad", each=False)
HETEROGENEOUS_ANTE_DEPENDENCE = scaled(
    BY_STEP,
    name="adh",
    each=True,
)

FAMILY = (ANTE_DEPENDENCE, HETEROGENEOUS_ANTE_DEPENDENCE)
