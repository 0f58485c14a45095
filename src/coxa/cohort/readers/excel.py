"""Excel workbooks (.xlsx, .xlsm): one sheet, with what each cell holds and what it shows."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from openpyxl import load_workbook
from openpyxl.chartsheet import Chartsheet
from openpyxl.utils import get_column_letter

from coxa.cohort.readers.excel_scan import SheetScan, scan_sheet
from coxa.cohort.readers.header import LOOKED_AT, read_header
from coxa.cohort.readers.raw import FileFault, Percent, ReadOptions, Sheet, Unstored
from coxa.cohort.readers.size import check_archive
from coxa.errors import not_allowed
from coxa.findings import Finding

EXACT = 10.0**15
"""Excel keeps 15 digits of a number."""

LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
"""Parts of a number format that are shown as they are, or are colours and conditions."""

NO_RESULT = (
    "The formula has no stored result",
    "Open the file in a spreadsheet, let it calculate, and save it; or list the row under `exclude_rows`",
)
MERGED = (
    "The cell is covered by a merged cell",
    "Unmerge the cells and fill in each; or list the row under `exclude_rows`",
)

Rows = list[list[object]]


def read_excel(path: Path, options: ReadOptions) -> Sheet:
    """Read one sheet of a workbook; values keep the type that their cell has.

    A number that is shown as a percentage is a `Percent`; a formula without a result, and what lies under a merged
    cell, is an `Unstored`.
    """
    if not zipfile.is_zipfile(path):
        raise FileFault("an .xlsx file should be a zip archive", "open the file in a spreadsheet and save it as .xlsx")
    check_archive(path, options)
    book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    try:
        sheet, scan = _choose(book, options)
        rows = [_values(row) for row in sheet.iter_rows(1, scan.last_row, 1, scan.last_column)]
    finally:
        book.close()
    if not scan.last_row:
        raise FileFault("the sheet should have a header and rows", "choose another `sheet`", sheet.title)
    return _sheet(path.name, book, sheet.title, scan, rows, options)


def _sheet(name: str, book: Any, title: str, scan: SheetScan, rows: Rows, options: ReadOptions) -> Sheet:
    """Return the rows below the header, under its names."""
    wanted = options.header_row
    first, n_above = (wanted[0], wanted[-1]) if wanted else (1, 1)
    for (row, column), text in scan.uncalculated.items():
        rows[row - 1][column - 1] = Unstored(text, *NO_RESULT)
    filled = [k for k in range(scan.last_column) if any(row[k] is not None for row in rows[first - 1 :])]
    top = [[row[k] for k in filled] for row in _spread(rows[: max(LOOKED_AT, n_above)], scan)]
    header = read_header(top, wanted, _unmerged(scan))
    for row, column, cover in _covered(scan):
        if row > n_above:
            rows[row - 1][column - 1] = Unstored(f"merged in {cover}", *MERGED)
    body = [[row[k] for k in filled] for row in rows[n_above:]]
    while body and all(cell is None for cell in body[-1]):
        body.pop()
    frame = pd.DataFrame(body, columns=pd.Index(header), dtype=object)
    return Sheet(
        frame,
        np.arange(n_above + 1, n_above + 1 + len(frame), dtype=np.int64),
        exact=dict.fromkeys(header, EXACT),
        details={"sheet": title} | ({"header_row": ", ".join(map(str, wanted))} if wanted else {}),
        findings=tuple(_other_than_first(name, book, title, options)),
        sheets=tuple(book.sheetnames),
    )


def _values(row: Iterable[Any]) -> list[object]:
    """Return what the cells of a row hold; a share shown as a percentage says so."""
    return [Percent(cell.value) if cell.data_type == "n" and _is_percent(cell) else cell.value for cell in row]


def _is_percent(cell: Any) -> bool:
    return type(cell.value) in (int, float) and _shows_percent(cell.number_format)


@cache
def _shows_percent(number_format: str) -> bool:
    return "%" in LITERAL.sub("", number_format)


def _choose(book: Any, options: ReadOptions) -> tuple[Any, SheetScan]:
    """Return the sheet that the plan names, or the first with cells, those in sight before the hidden ones."""
    if options.sheet is not None:
        sheet = _named(book, options.sheet)
        return sheet, _scan(book, sheet, options)
    sheets = sorted(_with_cells(book), key=lambda sheet: sheet.sheet_state != "visible")
    if not sheets:
        raise FileFault("The workbook has no sheet with cells, only charts", "Export the data as a sheet")
    scans = ((sheet, _scan(book, sheet, options)) for sheet in sheets)
    return next(((sheet, scan) for sheet, scan in scans if scan.last_row), (sheets[0], SheetScan()))


def _with_cells(book: Any) -> list[Any]:
    """Return the sheets that are no charts."""
    return [book[name] for name in book.sheetnames if not isinstance(book[name], Chartsheet)]


def _scan(book: Any, sheet: Any, options: ReadOptions) -> SheetScan:
    # openpyxl follows the relationships of the workbook to the part of each sheet, wherever it lies
    with book._archive.open(sheet._worksheet_path) as stream:
        return scan_sheet(stream, options)


def _named(book: Any, wanted: str | int) -> Any:
    names = list(book.sheetnames)
    if isinstance(wanted, int):
        if not 1 <= wanted <= len(names):
            raise FileFault(
                f"the workbook should have sheet number {wanted}", f"it has {len(names)}: {', '.join(names)}"
            )
        wanted = names[wanted - 1]
    if wanted not in names:
        raise FileFault("the workbook should have the sheet that the plan names", not_allowed("sheet", wanted, names))
    if isinstance(book[wanted], Chartsheet):
        others = ", ".join(sheet.title for sheet in _with_cells(book))
        raise FileFault(f"Sheet {wanted} holds a chart and no cells", f"Name another `sheet`: {others}")
    return book[wanted]


def _other_than_first(name: str, book: Any, title: str, options: ReadOptions) -> Iterator[Finding]:
    first = book.sheetnames[0]
    if options.sheet is None and title != first:
        rule = f"Sheet {title} was read; {first}, the first, is hidden or holds no cells"
        yield Finding("note", name, rule, "Name `sheet` in the plan if another is meant.")


def _covered(scan: SheetScan) -> Iterator[tuple[int, int, str]]:
    """Yield row, column and range of every cell that a merged cell covers, without the one that holds its value."""
    for left, top, right, bottom in scan.merged:
        cover = f"{get_column_letter(left)}{top}:{get_column_letter(right)}{bottom}"
        for row in range(top, min(bottom, scan.last_row) + 1):
            for column in range(left, min(right, scan.last_column) + 1):
                if (row, column) != (top, left):
                    yield row, column, cover


def _spread(rows: Rows, scan: SheetScan) -> Rows:
    """Return the rows with the value of a merged cell in every cell that it covers."""
    spread = [list(row) for row in rows]
    for left, top, right, bottom in scan.merged:
        for row in spread[top - 1 : bottom]:
            row[left - 1 : right] = [spread[top - 1][left - 1]] * len(row[left - 1 : right])
    return spread


def _unmerged(scan: SheetScan) -> list[bool]:
    """Return per row from the top whether no merged cell reaches over several of its columns."""
    wide = {row for left, top, right, bottom in scan.merged if right > left for row in range(top, bottom + 1)}
    return [row not in wide for row in range(1, LOOKED_AT + 1)]
