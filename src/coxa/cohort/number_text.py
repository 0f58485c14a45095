"""Numbers as text: their decimal and thousands marks, what proves a mark, and what can be read in two ways.

`4.408` is 4.408 where the point is a decimal mark and 4408 where it marks thousands. The plan says which (`decimal`,
`thousands`); where it does not, another number of the file can prove a decimal mark (`42.6`, `0.123`, `45.6789` the
point, `42,6` the comma). A thousands mark is read only where the plan names it. Nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

DECIMALS = {".": "point", ",": "comma"}
"""Decimal marks and what they are called."""

OTHER = {".": ",", ",": "."}

EXPONENT = r"(?:[eE][+-]?\d+)?"
COMMA_NUMBER = rf"[+-]?\d*,\d+{EXPONENT}"
THOUSANDS = {".": r"\.", ",": ",", "'": "['\u2019]", " ": "[ \u00a0\u202f\u2009]"}
"""Thousands marks of a plan, and the characters that each is written with."""

MARKED = "[.,'\u2019 \u00a0\u202f\u2009]"


@dataclass(frozen=True, slots=True)
class Marks:
    """What is known of the marks in the numbers of a file; None where nothing is."""

    decimal: str | None = None
    thousands: str | None = None


UNKNOWN = Marks()


def is_text(column: pd.Series) -> bool:
    """Say whether a column can hold text."""
    return bool(pd.api.types.is_string_dtype(column.dtype) or column.dtype == object)


def texts_of(column: pd.Series) -> pd.Series:
    """Return the text cells of a column without blanks around them; missing where a cell is no text."""
    if column.dtype == object:
        column = column.where(column.map(lambda cell: isinstance(cell, str)))
    return column.astype("str").str.strip()


def matches(texts: pd.Series, pattern: str) -> Mask:
    """Return which texts a pattern matches from end to end."""
    return texts.str.fullmatch(pattern).fillna(False).to_numpy(dtype=bool)


def two_ways(texts: pd.Series, mark: str) -> Mask:
    """Return which texts are one number if `mark` marks decimals and another if it marks thousands.

    Examples
    --------
    >>> two_ways(pd.Series(["4.408", "42.6", "0.123", "1.234.567"]), ".").tolist()
    [True, False, False, False]
    """
    return matches(texts, rf"[+-]?[1-9]\d{{0,2}}{THOUSANDS[mark]}\d{{3}}")


def is_decimal(texts: pd.Series, mark: str) -> Mask:
    """Return which texts prove `mark` to be a decimal mark: a number that it cannot be a thousands mark of."""
    return matches(texts, rf"[+-]?\d*{THOUSANDS[mark]}\d+{EXPONENT}") & ~two_ways(texts, mark)


def proven_decimal(columns: Iterable[pd.Series]) -> str | None:
    """Return the decimal mark that the texts of some columns prove, or None where they prove none, or both.

    Examples
    --------
    >>> proven_decimal([pd.Series(["4.408", "12"]), pd.Series(["42,6"])])
    ','
    """
    proven: set[str] = set()
    for column in columns:
        texts = texts_of(column)
        proven |= {
            mark
            for mark in DECIMALS
            if mark not in proven and texts.str.contains(mark, regex=False).any() and is_decimal(texts, mark).any()
        }
    return proven.pop() if len(proven) == 1 else None


def number_texts(texts: pd.Series, marks: Marks) -> pd.Series:
    """Return numbers as text with a decimal point and nothing else; missing where a text is not read.

    Parameters
    ----------
    texts
        Without blanks around them.
    marks
        What is known. Without a decimal mark that of the column is taken, where it proves one.
    """
    decimal, thousands = marks.decimal, marks.thousands
    if thousands in OTHER and decimal is None:
        decimal = OTHER[thousands]
    if decimal is None:
        decimal = proven_decimal([texts])
    unread = np.zeros(len(texts), dtype=bool)
    if thousands is not None:
        mark = THOUSANDS[thousands]
        fraction = rf"(?:{THOUSANDS[decimal]}\d+)?" if decimal else r"(?:[.,]\d+)?"
        grouped = matches(texts, rf"[+-]?\d{{1,3}}(?:{mark}\d{{3}})+{fraction}")
        unread = texts.str.contains(mark).fillna(False).to_numpy(dtype=bool) & ~grouped
        texts = texts.mask(grouped, texts.str.replace(mark, "", regex=True))
    if decimal or not thousands:
        unread |= np.any([two_ways(texts, mark) for mark in DECIMALS if mark != decimal], axis=0)
    comma = matches(texts, COMMA_NUMBER)
    unread |= comma & (decimal == ".")
    return texts.mask(comma, texts.str.replace(",", ".", regex=False)).mask(unread)
