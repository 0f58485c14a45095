"""Rows of a file that are no data: units below the header, totals, footnotes, who exported it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.cohort.readers.header import NUMBER_OR_DATE
from coxa.importing.words import heads

LOOKED_AT = 10
"""So many rows with a value are looked at from the end."""

FEW = 4
"""A table of fewer columns has no footnotes that could be told from its rows."""


LEAST_ROWS = 5
"""So many rows have to follow a row of units, so that it is unlike them."""


def rows_of_no_data(frame: pd.DataFrame, filled: NDArray[np.bool_], source_row: NDArray[np.int64]) -> dict[int, str]:
    """Return number of a row -> why it is no row of data: units below the header, totals anywhere, ends of the file.

    Parameters
    ----------
    frame, filled, source_row
        As for `ending_rows`.
    """
    found = ending_rows(frame, filled, source_row)
    few = filled.any(axis=1) & (filled.sum(axis=1) < FEW_FILLED * filled.shape[1])
    for position in np.flatnonzero(few):
        first = frame.iat[int(position), int(filled[position].argmax())]
        if isinstance(first, str) and _names_total(first):
            found.setdefault(int(source_row[position]), "a row of totals")
    if len(frame) > LEAST_ROWS and _is_units(frame, filled):
        found[int(source_row[0])] = "a row of units or labels"
    return dict(sorted(found.items()))


FEW_FILLED = 0.6
"""A row of totals within the data has values in so small a share of the columns."""


def _names_total(text: str) -> bool:
    """Say whether a text is a word for a total, alone or before a name: `Total`, `Subtotal North`."""
    words = re.sub(r"[\s:.*=]+$", "", text.strip().casefold())
    return words in heads().totals or words.split(" ")[0] in ("total", "subtotal", "gesamt", "zwischensumme")


def _is_units(frame: pd.DataFrame, filled: NDArray[np.bool_]) -> bool:
    """Say whether the first row has words where two columns or more have numbers or dates in every other row."""
    unlike = 0
    for k in np.flatnonzero(filled[0]):
        cells = [cell for cell, there in zip(frame.iloc[:, int(k)], filled[:, k], strict=True) if there]
        if not isinstance(cells[0], str) or NUMBER_OR_DATE.fullmatch(cells[0]):
            return False
        others = cells[1:]
        plain = [NUMBER_OR_DATE.fullmatch(cell) if isinstance(cell, str) else True for cell in others]
        unlike += len(others) >= LEAST_ROWS and all(plain) and cells[0].casefold().strip() not in heads().missing
    return unlike > 1


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
