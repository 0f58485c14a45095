"""Codes as text, and the numbers, days and truth values that text stands for. Vectorised over a column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.cohort.number_text import MARKED, Marks, Mask, is_text, number_texts, texts_of
from coxa.study.source import code_text

YES = ("1", "true", "yes", "y", "checked")
NO = ("0", "false", "no", "n", "unchecked")
TIME = r"[T ](?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?(?: ?[AaPp][Mm])?(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?"
"""A time of day behind a date."""

ODD = r"[^!-~]|[.,]0$|^$"
"""Text that `code_text` may write in another way: empty, with blanks, beyond ASCII, or with a zero fraction."""


def empty_cells(column: pd.Series) -> Mask:
    """Return which cells have nothing in them; blanks count as nothing."""
    empty = column.isna().to_numpy(dtype=bool)
    if column.dtype == object:
        blank = column.map(lambda cell: isinstance(cell, str) and not cell.strip())
        return empty | blank.to_numpy(dtype=bool)
    if is_text(column):
        places, distinct = pd.factorize(column)  # a place of -1 is a missing cell
        without_text = np.array([*(not text.strip() for text in distinct), True], dtype=bool)
        return without_text[np.asarray(places)]
    return empty


def code_texts(column: pd.Series) -> pd.Series:
    """Return each cell as `code_text`, missing where the cell is empty; each distinct value is turned once."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        column = column.dt.date.astype(object)
    positions, distinct = pd.factorize(column)
    if isinstance(column.dtype, pd.StringDtype):
        texts = pd.Series(distinct, dtype=column.dtype)
        odd = texts.str.contains(ODD).to_numpy(dtype=bool)
        texts[odd] = [code_text(text) or None for text in texts[odd]]
        words = texts.array
    else:
        words = pd.array([_one_text(value) or None for value in distinct], dtype="str")
    return pd.Series(words.take(positions, allow_fill=True), index=column.index)


def _one_text(value: Any) -> str:
    return code_text(value.item() if isinstance(value, np.generic) else value)


def parse_numbers(
    column: pd.Series, decimal: str | None, thousands: str | None = None
) -> tuple[NDArray[np.float64], Mask]:
    """Return numbers, and which non-empty cells are not a number.

    Text that is one number with a decimal mark and another with a thousands mark (4.408) is read where a mark is
    known, or proven by another value of the column; if not, it is not a number: it is not guessed.
    """
    if not is_text(column):
        usable = column if not pd.api.types.is_datetime64_any_dtype(column.dtype) else pd.Series(np.nan, column.index)
        numbers = pd.to_numeric(usable, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        return numbers, _filled(column, ~np.isfinite(numbers))
    positions, distinct = pd.factorize(column)
    numbers, filled = _numbers_of_texts(pd.Series(distinct, dtype=column.dtype), decimal, thousands)
    return np.append(numbers, np.nan)[positions], np.append(filled, False)[positions]


def _numbers_of_texts(
    column: pd.Series, decimal: str | None, thousands: str | None
) -> tuple[NDArray[np.float64], Mask]:
    """Return the numbers of distinct texts, and which of them are neither blank nor a number."""
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan, copy=True)
    numbers[~np.isfinite(numbers)] = np.nan
    texts = texts_of(column)
    marked = np.flatnonzero(texts.str.contains(MARKED).fillna(False).to_numpy(dtype=bool))
    if len(marked):
        plain = number_texts(texts.iloc[marked], Marks(decimal, thousands))
        numbers[marked] = pd.to_numeric(plain, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        numbers[~np.isfinite(numbers)] = np.nan
    return numbers, _filled(column, np.isnan(numbers))


def _filled(column: pd.Series, unread: Mask) -> Mask:
    """Return which of the cells that were not read have something in them."""
    filled = unread & column.notna().to_numpy(dtype=bool)
    where = np.flatnonzero(filled)
    if len(where):
        filled[where] = ~empty_cells(column.iloc[where])
    return filled


def parse_days(column: pd.Series, date_formats: Sequence[str] | None) -> tuple[pd.Series, Mask]:
    """Return days (without time), and which non-empty cells are not a date; text is ISO unless formats are named.

    Text that is a different day under two of the formats is not a date: it is not guessed.
    """
    empty = empty_cells(column)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        days = column.dt.tz_localize(None) if column.dt.tz is not None else column
    elif is_text(column):
        days = _days_of_text(column, date_formats)
    else:
        days = pd.Series(pd.NaT, index=column.index, dtype="datetime64[us]")
    days = days.astype("datetime64[us]").dt.normalize()
    return days, days.isna().to_numpy(dtype=bool) & ~empty


def _days_of_text(column: pd.Series, date_formats: Sequence[str] | None) -> pd.Series:
    positions, distinct = pd.factorize(column)
    days = pd.array([_day(value, date_formats) for value in distinct], dtype="datetime64[us]")
    return pd.Series(days.take(positions, allow_fill=True), index=column.index)


def _day(value: Any, date_formats: Sequence[str] | None) -> Any:
    if not isinstance(value, str):
        stamp = pd.to_datetime(value, errors="coerce") if hasattr(value, "year") else pd.NaT
        return stamp
    text = value.strip()
    if not date_formats:
        if not re.match(r"\d{4}-\d{2}-\d{2}", text):
            return pd.NaT
        date_formats = ["%Y-%m-%d"]
    days = set(readings(text, date_formats).values())
    return days.pop() if len(days) == 1 else pd.NaT


def readings(text: str, date_formats: Sequence[str]) -> dict[str, datetime]:
    """Return format -> what a text means under it, for the formats that it agrees with; a time of day may follow.

    Examples
    --------
    >>> [day.date().isoformat() for day in readings("03/04/2025", ["%d/%m/%Y", "%m/%d/%Y"]).values()]
    ['2025-04-03', '2025-03-04']
    """
    found = {}
    for shape in date_formats:
        try:
            found[shape] = datetime.strptime(text, shape)
        except ValueError:
            continue
    day = re.sub(f"{TIME}$", "", text)
    return readings(day, date_formats) if not found and day != text else found


def parse_truth(column: pd.Series) -> tuple[pd.Series, Mask]:
    """Return true or false, and which non-empty cells are neither (1, yes, y, true; 0, no, n, false)."""
    texts = code_texts(column).str.lower()
    truth = texts.map({**dict.fromkeys(YES, True), **dict.fromkeys(NO, False)}).astype("boolean")
    return truth, (truth.isna() & texts.notna()).to_numpy(dtype=bool)
