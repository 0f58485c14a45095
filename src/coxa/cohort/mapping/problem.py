"""Cells of a column that cannot be used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Problem:
    """Cells that cannot be used: which rows, the rule they break and the remedy."""

    rows: NDArray[np.intp]
    rule: str
    remedy: str
    reason: str
