"""Excel workbooks (.xlsx, .xlsm): one sheet, with what each cell holds and what it shows."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from coxa.cohort.readers.excel_scan import SheetScan, Tab, scan_workbook
from coxa.cohort.readers.header import LOOKED_AT, better_header, header_detail, header_names, parts_of_names
from coxa.cohort.readers.raw import FileFault, HeaderFault, Percent, ReadOptions, Sheet, Unstored, with_header
from coxa.cohort.readers.size import WORKBOOK_CELLS, check_archive, check_cells
from coxa.errors import choose
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
        raise FileFault(
            "the file is no .xlsx file: it is not a zip archive", "Open the file in a spreadsheet and save it as .xlsx."
        )
    check_archive(path, options)
    tabs = scan_workbook(path, options)
    tab = _choose(tabs, options.sheet)
    scan = tab.scan
    if scan is None or not scan.last_row:
        raise FileFault("the sheet is empty", "Choose another `sheet`.", tab.name)
    check_cells(scan.last_row * scan.last_column, options, WORKBOOK_CELLS)
    book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    try:
        rows = [_values(row) for row in book[tab.name].iter_rows(1, scan.last_row, 1, scan.last_column)]
    finally:
        book.close()
    sheet = _sheet(path.name, scan, rows, options.header_row)
    return replace(
        sheet,
        details={"sheet": tab.name, **sheet.details},
        findings=(*_other_than_first(path.name, tabs, tab, options), *sheet.findings),
        sheets=tuple(one.name for one in tabs),
    )


def _sheet(file: str, scan: SheetScan, rows: Rows, wanted: tuple[int, ...] | None) -> Sheet:
    """Return the rows below the header, under its names."""
    numbers = wanted or (1,)
    n_above = numbers[-1]
    top, reach = _spread(rows[: max(LOOKED_AT, n_above)], scan), _unmerged(scan)
    names = header_names(top, numbers, reach)
    for (row, column), text in scan.uncalculated.items():
        rows[row - 1][column - 1] = Unstored(text, *NO_RESULT)
    for row, column, cover in _covered(scan):
        if row > n_above:
            rows[row - 1][column - 1] = Unstored(f"merged in {cover}", *MERGED)
    body = rows[n_above:]
    while body and all(cell is None for cell in body[-1]):
        body.pop()
    try:
        frame, notes = with_header(pd.DataFrame(body, columns=range(len(names)), dtype=object), names, file)
    except HeaderFault as fault:
        raise fault if wanted else better_header(fault, top, reach) from None
    return Sheet(
        frame,
        np.arange(n_above + 1, n_above + 1 + len(frame), dtype=np.int64),
        exact=dict.fromkeys(map(str, frame.columns), EXACT),
        details=header_detail(wanted),
        findings=notes,
        parts=parts_of_names(top, numbers, reach),
    )


def _values(row: Iterable[Any]) -> list[object]:
    """Return what the cells of a row hold; a share shown as a percentage says so."""
    return [Percent(cell.value) if cell.data_type == "n" and _is_percent(cell) else cell.value for cell in row]


def _is_percent(cell: Any) -> bool:
    return type(cell.value) in (int, float) and _shows_percent(cell.number_format)


@cache
def _shows_percent(number_format: str) -> bool:
    return "%" in LITERAL.sub("", number_format)


def _choose(tabs: Sequence[Tab], wanted: str | int | None) -> Tab:
    """Return the sheet that the plan names, or the first with cells, those in sight before the hidden ones."""
    if wanted is None:
        in_order = sorted(tabs, key=lambda tab: tab.hidden)
        return next((tab for tab in in_order if tab.scan and tab.scan.last_row), in_order[0])
    names = [tab.name for tab in tabs]
    if isinstance(wanted, int) and not 1 <= wanted <= len(names):
        raise FileFault(
            f"the workbook has no sheet number {wanted}", f"Use one of its {len(names)}: {', '.join(names)}."
        )
    name = names[wanted - 1] if isinstance(wanted, int) else wanted
    if name not in names:
        raise FileFault("the workbook does not have the sheet that the plan names", choose(name, names))
    tab = tabs[names.index(name)]
    if tab.scan is None:
        others = ", ".join(other.name for other in tabs if other.scan)
        raise FileFault(f"Sheet {name} holds a chart and no cells", f"Name another `sheet`: {others}.")
    return tab


def _other_than_first(name: str, tabs: Sequence[Tab], tab: Tab, options: ReadOptions) -> Iterator[Finding]:
    if options.sheet is None and tab is not tabs[0]:
        rule = f"Sheet {tab.name} was read, because {tabs[0].name}, the first, is hidden or holds no cells"
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
