"""A table under coxa's names, with its account and what was wrong on the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coxa.cohort.contracts import Contract
from coxa.cohort.disposition import Disposition
from coxa.findings import Finding

STAGE = "reading"

ANSWERS = "item_responses"
"""The table that has a row for every answer."""

DTYPES = {"number": "float64", "integer": "float64", "date": "datetime64[us]", "boolean": "boolean"}
"""Type of a field -> dtype of its column; the others are text. Whole numbers are floats, so that gaps are NaN."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """One table after reading.

    frame : columns of the contract, and source_file, source_row, source_column; index 0, 1, 2, ...
    used  : columns of the file that were used
    """

    table: str
    frame: pd.DataFrame
    findings: tuple[Finding, ...] = ()
    disposition: Disposition = field(default_factory=Disposition)
    used: frozenset[str] = frozenset()


def complete(frame: pd.DataFrame, agreed: Contract, source_file: str) -> pd.DataFrame:
    """Return the frame with every column of the contract, in its order, then the places.

    A table of answers is the longest of a study; its texts are categories, so that each of them is kept once.
    """
    dtypes = {DTYPES.get(wanted.type, "str") for name, wanted in agreed.fields.items() if name not in frame}
    blank = {dtype: pd.Series(None, frame.index, dtype=dtype) for dtype in sorted(dtypes)}
    columns = {
        name: frame[name] if name in frame else blank[DTYPES.get(wanted.type, "str")]
        for name, wanted in agreed.fields.items()
    }
    columns["source_file"] = one_word(source_file, frame.index)
    columns["source_row"] = frame["source_row"]
    beside = "source_column" in frame
    columns["source_column"] = frame["source_column"] if beside else pd.Series(None, frame.index, dtype="str")
    whole = pd.DataFrame(columns)
    return compact(whole) if agreed.table == ANSWERS else whole


def compact(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose texts are categories, and whose row numbers take four bytes."""
    texts = [name for name, dtype in frame.dtypes.items() if pd.api.types.is_string_dtype(dtype)]
    return frame.astype({**dict.fromkeys(texts, "category"), "source_row": "int32"})


def one_word(word: str, index: pd.Index) -> pd.Series:
    """Return a column that has the same word in every row, as a category."""
    return pd.Series(pd.Categorical.from_codes(np.zeros(len(index), np.int8), pd.Index([word])), index)


def empty_table(agreed: Contract) -> pd.DataFrame:
    """Return the table without rows."""
    nothing = pd.DataFrame({"source_row": pd.Series(dtype="int64")})
    return complete(nothing, agreed, "")


def joined(findings: Iterable[Iterable[Finding]]) -> tuple[Finding, ...]:
    """Join groups of findings in their order."""
    return tuple(item for group in findings for item in group)
