"""Excel workbooks (.xlsx): one sheet, the header in row 1; merged cells and lost formula results are refused."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from openpyxl import load_workbook

from coxa.cohort.readers.raw import FileFault, ReadOptions, Sheet, check_header
from coxa.errors import not_allowed

SHOWN = 5


def read_excel(path: Path, options: ReadOptions) -> Sheet:
    """Read one sheet of a workbook; values keep the type that their cell has."""
    if not zipfile.is_zipfile(path):
        raise FileFault("an .xlsx file should be a zip archive", "open the file in a spreadsheet and save it as .xlsx")
    book = load_workbook(path, data_only=True)
    sheet = _choose(book, options.sheet)
    _refuse_merged(sheet)
    _refuse_lost_results(path, sheet)
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    if not rows:
        raise FileFault("the sheet should have a header and rows", "choose another `sheet`", sheet.title)
    width = max((k + 1 for row in rows for k, cell in enumerate(row) if cell is not None), default=0)
    header = ["" if cell is None else str(cell).strip() for cell in rows[0][:width]]
    check_header(header)
    body = [row[:width] for row in rows[1:]]
    while body and all(cell is None for cell in body[-1]):
        body.pop()
    frame = pd.DataFrame(body, columns=pd.Index(header), dtype=object)
    return Sheet(frame, np.arange(2, 2 + len(frame), dtype=np.int64), details={"sheet": sheet.title},
                 sheets=tuple(book.sheetnames))  # fmt: skip


def _choose(book: Any, wanted: str | int | None) -> Any:
    names = list(book.sheetnames)
    if wanted is None:
        return book[names[0]]
    if isinstance(wanted, int):
        if not 1 <= wanted <= len(names):
            raise FileFault(
                f"the workbook should have sheet number {wanted}", f"it has {len(names)}: {', '.join(names)}"
            )
        return book[names[wanted - 1]]
    if wanted not in names:
        raise FileFault("the workbook should have the sheet that the plan names", not_allowed("sheet", wanted, names))
    return book[wanted]


def _refuse_merged(sheet: Any) -> None:
    ranges = sorted(sheet.merged_cells.ranges, key=lambda cells: (cells.min_row, cells.min_col))
    header = [str(cells) for cells in ranges if cells.min_row == 1]
    if header:
        raise FileFault(
            "every column should have its own header cell",
            "unmerge these cells, and write one column name in each cell of row 1",
            f"merged: {', '.join(header[:SHOWN])}",
        )
    if ranges:
        raise FileFault(
            "every row should have its own cells",
            "unmerge these cells, and fill in the value of each row",
            f"merged: {', '.join(str(cells) for cells in ranges[:SHOWN])}",
        )


def _refuse_lost_results(path: Path, sheet: Any) -> None:
    """Refuse formulas whose result was never stored: they would look like missing values."""
    with zipfile.ZipFile(path) as archive:
        parts = [name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
        if not any(b"<f>" in archive.read(name) or b"<f " in archive.read(name) for name in parts):
            return
    formulas = load_workbook(path)[sheet.title]
    lost = [
        cell.coordinate
        for row in formulas.iter_rows()
        for cell in row
        if cell.data_type == "f" and sheet[cell.coordinate].value is None
    ]
    if lost:
        raise FileFault(
            "every formula should have its result stored",
            "open the file in a spreadsheet, let it calculate, and save it",
            f"without result: {', '.join(lost[:SHOWN])}",
        )
