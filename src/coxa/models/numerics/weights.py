"""What weights are worth."""

from __future__ import annotations

import numpy as np


def effective_size(weights: np.ndarray) -> float:
    """Return how many participants with equal weights would be as precise, sum(w)^2 / sum(w^2) (Kish 1965).

    Examples
    --------
    >>> effective_size(np.array([1.0, 1.0])), effective_size(np.array([1.0, 0.0]))
    (2.0, 1.0)
    """
    return float(weights.sum() ** 2 / (weights**2).sum())
