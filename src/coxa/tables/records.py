"""The rows of a frame as plain records."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

Record = dict[str, Any]
"""A row: column -> value."""


def records(frame: pd.DataFrame) -> list[Record]:
    """Return the rows of a frame in their order, columns by name, numbers as Python's."""
    names = [str(name) for name in frame.columns]
    rows = frame.to_numpy(dtype=object).tolist()
    return [dict(zip(names, map(_plain, row), strict=True)) for row in rows]


def _plain(value: Any) -> Any:
    """Return a number of NumPy as Python's, and None for what pandas calls NA."""
    if value is pd.NA:
        return None
    return value.item() if isinstance(value, np.generic) else value
