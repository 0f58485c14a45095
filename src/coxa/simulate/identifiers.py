"""Identifiers of drawn participants."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def participant_ids(n: int) -> NDArray[np.str_]:
    """Return (n,) identifiers, equally long.

    Examples
    --------
    >>> participant_ids(2).tolist()
    ['P001', 'P002']
    """
    width = max(len(str(n)), 3)
    return np.array([f"P{number:0{width}d}" for number in range(1, n + 1)])
