"""Rows at the end of a file that are no data: totals, footnotes, who exported it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.importing.words import heads

LOOKED_AT = 10
"""So many rows with a value are looked at from the end."""

FEW = 4
"""A table of fewer columns has no footnotes that could be told from its rows."""


def ending_rows(frame: pd.DataFrame, filled: NDArray[np.bool_], source_row: NDArray[np.int64]) -> dict[int, str]:
    """Return number of a row -> why it is no row of data, of the rows at the end of a table.

    Parameters
    ----------
    frame
        The rows as they are in the file.
    filled
        (rows, columns) whether a cell holds something.
    source_row
        (rows,) number of each row in the file.

    Examples
    --------
    >>> columns = {"id": ["01", "02", "Total"], "sex": ["m", "f", None], "came": [4, 5, 9], "pain": [3, 4, 7]}
    >>> frame = pd.DataFrame(columns)
    >>> ending_rows(frame, frame.notna().to_numpy(), np.array([2, 3, 4]))
    {4: 'a row of totals'}
    """
    found: dict[int, str] = {}
    with_values = np.flatnonzero(filled.any(axis=1))
    for position in with_values[::-1][:LOOKED_AT]:
        cells = [frame.iat[int(position), int(k)] for k in np.flatnonzero(filled[position])]
        reason = "a row of totals" if _is_total(cells, frame.shape[1]) else _footnote(frame, filled, int(position))
        if not reason:
            break
        found[int(source_row[position])] = reason
    return dict(sorted(found.items()))


def _is_total(cells: Sequence[object], width: int) -> bool:
    """Say whether a row begins with a word for a total, and lacks a cell that other rows have."""
    first = cells[0]
    if not isinstance(first, str) or len(cells) >= max(width, 2):
        return False
    word = re.sub(r"[\s:.*=]+$", "", first.strip().casefold())
    return word in heads().totals


def _footnote(frame: pd.DataFrame, filled: NDArray[np.bool_], position: int) -> str:
    """Return the reason where a row holds one text only, unlike any other of its column."""
    cells = np.flatnonzero(filled[position])
    if len(cells) != 1 or frame.shape[1] < FEW:
        return ""
    k = int(cells[0])
    others = {_shape(frame.iat[int(row), k]) for row in np.flatnonzero(filled[:, k]) if row != position}
    text = frame.iat[position, k]
    return "a footnote" if isinstance(text, str) and _shape(text) not in others else ""


def _shape(cell: object) -> str:
    """Return a text with its letters and digits as classes: `Smith 12` is `a 9`."""
    return re.sub(r"\d+", "9", re.sub(r"[^\W\d_]+", "a", str(cell).strip()))
