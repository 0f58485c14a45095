"""The rows of a frame as plain records."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

Record = dict[str, Any]
"""A row: column -> value."""


def records(frame: pd.DataFrame) -> list[Record]:
    """Return the rows of a frame in their order, columns by name."""
    names = [str(name) for name in frame.columns]
    if not names:
        return [{} for _ in range(len(frame))]
    columns = [_plain(frame.iloc[:, place]) for place in range(len(names))]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _plain(column: pd.Series) -> list[Any]:
    """Return the values of a column, numbers as Python's; a column at a time, as a row at a time takes far longer."""
    if column.dtype == "str":
        return list(column.to_numpy(dtype=object))
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iufb":
        return column.tolist()
    return [row["value"] for row in column.to_frame("value").to_dict("records")]
