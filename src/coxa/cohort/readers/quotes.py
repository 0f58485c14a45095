"""Quotation marks of a text file: every quoted cell is closed, and none has swallowed rows of the file."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from coxa.cohort.readers.raw import FileFault

SHAPED_ROWS = 1000
"""Rows from which the shapes of a column's values are taken."""

REPEATED = 2
"""A column is coded where each shape of its values occurs this often on average; others hold free text."""

REMEDY = "Close the quotation mark or remove it; inside a quoted cell a quotation mark is written twice."


@dataclass(frozen=True, slots=True)
class LongCell:
    """A quoted cell with line ends in it.

    line  : line of the file in which it begins, the header being line 1
    lines : what follows its line ends, the last up to the end of that line of the file
    """

    line: int
    lines: tuple[str, ...]


def long_cells(body: bytes, delimiter: str) -> list[LongCell]:
    r"""Return the quoted cells that hold line ends.

    Parameters
    ----------
    body
        Text of the file in UTF-8, its lines ended by a line feed.
    delimiter
        One ASCII character.

    Raises
    ------
    FileFault
        A quotation mark is not closed, or a cell goes on behind its closing mark.

    Examples
    --------
    >>> long_cells(b'id,note\n1,"first\nsecond"\n', ",")
    [LongCell(line=2, lines=('second"',))]
    """
    edge = re.escape(delimiter).encode() + rb"\n"
    quoted = re.compile(rb'"(?<![^' + edge + rb']")[^"]*(?:""[^"]*)*("(?![^' + edge + rb"]))?")
    cells: list[LongCell] = []
    line, counted = 1, 0
    for match in quoted.finditer(body):
        inside = body.count(b"\n", *match.span())
        if not inside and match[1]:
            continue
        line, counted = line + body.count(b"\n", counted, match.start()), match.start()
        if not match[1]:
            raise _not_closed(line, None if match.end() == len(body) else line + inside)
        end = body.find(b"\n", match.end())
        text = body[match.start() : end if end >= 0 else len(body)].decode()
        cells.append(LongCell(line, tuple(text.split("\n")[1:])))
    return cells


def _not_closed(opened: int, closed: int | None) -> FileFault:
    """Return the fault of a quoted cell that has no end, or that goes on behind it in line `closed`."""
    if closed is None:
        return FileFault(f"The quotation mark opened in line {opened} is never closed", REMEDY)
    where = f"line {opened}" if closed == opened else f"line {opened} and closed in line {closed}"
    return FileFault(f"Text follows the closing quotation mark of the cell that was opened in {where}", REMEDY)


def refuse_swallowed_rows(cells: Sequence[LongCell], frame: pd.DataFrame, delimiter: str) -> None:
    """Raise `FileFault` where a quoted cell holds lines that look like rows of the file.

    A line looks like a row where it has as many cells as the header and, in every coded column, a value of a shape
    that the column has elsewhere (letters and digits in the same order).
    """
    if not cells:
        return
    shapes = list(_coded_shapes(frame))
    for cell in cells:
        rows = sum(_is_row(line, delimiter, shapes) for line in cell.lines)
        if rows:
            what = "a line that looks like a row" if rows == 1 else f"{rows} lines that look like rows"
            raise FileFault(
                f"The quoted cell that begins in line {cell.line} holds {what} of the file",
                f"Close its quotation mark in line {cell.line}, or write the text of the cell on one line.",
            )


def _coded_shapes(frame: pd.DataFrame) -> Iterator[set[str] | None]:
    """Yield, per column, the shapes of its values; None for a column of free text."""
    for name in frame.columns:
        shapes = [_shape(text) for text in frame[name].head(SHAPED_ROWS).dropna()]
        yield set(shapes) if len(shapes) >= REPEATED * len(set(shapes)) and shapes else None


def _shape(text: str) -> str:
    """Return a text with every run of digits as 9 and of letters as a."""
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", text.strip()))


def _is_row(line: str, delimiter: str, shapes: Sequence[set[str] | None]) -> bool:
    cells = next(csv.reader([line], delimiter=delimiter), [])
    if len(cells) != len(shapes):
        return False
    coded = [(cell, known) for cell, known in zip(cells, shapes, strict=True) if cell.strip() and known]
    return (bool(coded) or not any(shapes)) and all(_shape(cell) in known for cell, known in coded)
