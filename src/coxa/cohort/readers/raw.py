"""What a reader returns: the values of a file as they stand in it, under its own column names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.cohort.cohort import SourceFile
from coxa.errors import CoxaError
from coxa.findings import Finding
from coxa.sentences import join_words


class FileFault(CoxaError):
    """A file cannot be read; says the rule it breaks, the remedy, and what was found."""

    def __init__(self, rule: str, remedy: str, value: str | None = None) -> None:
        self.rule, self.remedy, self.value = rule, remedy, value
        super().__init__(f"{rule}. {remedy}")


DOUBLE, SINGLE = 2.0**53, 2.0**24
"""Largest whole numbers that a floating-point number of 8 and of 4 bytes keeps digit by digit."""


class HeaderFault(FileFault):
    """The row that was taken for the header does not name every column; `likely` are the rows that look like one."""

    def __init__(self, rule: str, remedy: str, value: str | None = None, likely: tuple[int, ...] | None = None) -> None:
        super().__init__(rule, remedy, value)
        self.likely = likely


class Percent(float):
    """A number whose cell shows it as a percentage: 0.45 that is shown as 45%."""


class Unstored(str):
    """What is known of a cell of which the file stores no value; `rule` and `remedy` say why.

    Every field refuses it; in columns and rows that nothing uses it does no harm.
    """

    rule: str
    remedy: str

    def __new__(cls, text: str, rule: str, remedy: str) -> Unstored:
        """Return the text with the rule that the cell breaks and the remedy."""
        cell = super().__new__(cls, text)
        cell.rule, cell.remedy = rule, remedy
        return cell


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the plan says about a file; None is found out by the reader."""

    sheet: str | int | None = None
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    header_row: tuple[int, ...] | None = None
    max_cells: int | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """The content of one file or sheet.

    frame         : values, columns named as in the file, index 0, 1, 2, ...
    source_row    : (rows,) row number as the file's reader counts: text and Excel data start at 2, others at 1
    labels        : column -> {code as text: label}, where the file has value labels
    missing_codes : column -> codes that the file itself declares missing (SPSS, Stata, SAS)
    exact         : column -> largest whole number that it keeps digit by digit, where it holds fractions as well
    unreadable    : (row, text) of rows that do not fit the header; they are not in `frame`
    details       : what was found out about the file (encoding, delimiter, decimal mark, sheet)
    sheets        : names of all sheets of the workbook, where the file is one
    parts         : column -> its names in the several rows of the header, where there are several
    """

    frame: pd.DataFrame
    source_row: NDArray[np.int64]
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    missing_codes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    exact: Mapping[str, float] = field(default_factory=dict)
    unreadable: tuple[tuple[int, str], ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    sheets: tuple[str, ...] = ()
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RawFile:
    """A sheet with the file that it came from."""

    sheet: Sheet
    source: SourceFile


UNNAMED = "unnamed_1"
"""What a first column without a name is called: the row names of R, the index of pandas."""


REDCAP_STATUS, REDCAP_EVENT = "Complete?", "Event Name"
"""Column names of a REDCap export with labels: whether a form is complete, and the event of a row."""


def with_header(frame: pd.DataFrame, names: Sequence[str], file: str) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Return a frame with the names of its header, and notes on the columns that have none.

    A column with neither name nor value is left out; a first column without a name keeps its values, as `unnamed_1`.

    `file` is the name of the file, for the notes.

    Raises
    ------
    HeaderFault
        Another column has no name, or a name occurs twice.
    """
    names = numbered([name.strip() for name in names])
    blank = [not name and bool(frame.iloc[:, k].isna().all()) for k, name in enumerate(names)]
    index = bool(names) and not names[0] and not blank[0] and any(names)
    if index:
        names[0] = UNNAMED
    kept = [k for k, is_blank in enumerate(blank) if not is_blank] if any(names) else list(range(len(names)))
    check_header([names[k] for k in kept], kept)
    notes = []
    if index:
        rule = f"Column 1 has no name and is read as {UNNAMED}"
        notes.append((rule, "Name it in the header if it does more than number the rows"))
    if len(kept) < len(names):
        left_out = [str(k + 1) for k in range(len(names)) if k not in kept]
        rule = (
            f"Column {left_out[0]} has neither a name nor a value"
            if len(left_out) == 1
            else f"Columns {join_words(left_out)} have neither a name nor a value"
        )
        notes.append((rule, "Nothing needs to be done"))
    named = frame.iloc[:, kept].set_axis(pd.Index([names[k] for k in kept]), axis=1)
    return named, tuple(Finding("note", file, rule, remedy) for rule, remedy in notes)


def numbered(names: Sequence[str]) -> list[str]:
    """Return the names with the position added to `Complete?`, which a REDCap export with labels has for every form."""
    again = names.count(REDCAP_STATUS) > 1
    return [
        f"{name} (column {k})" if again and name == REDCAP_STATUS else name for k, name in enumerate(names, start=1)
    ]


def check_header(names: Sequence[str], positions: Sequence[int] | None = None) -> None:
    """Refuse a header with an empty or repeated name; `positions` are those of the columns, from 0."""
    if not any(names):
        raise HeaderFault("the file has no header with column names", "write the column names in the first row")
    unnamed = [k + 1 for k, name in zip(positions or range(len(names)), names, strict=True) if not name]
    if unnamed:
        raise HeaderFault(
            "a column has no name",
            "name the column in the header, or remove it",
            f"no name for column {', '.join(map(str, unnamed))}",
        )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        remedy = "Rename all but one of them."
        if REDCAP_EVENT in names:
            remedy += ", or export the data from REDCap with the variables' names (raw) as headers"
        raise HeaderFault("a column name occurs more than once", remedy, ", ".join(repeated))
