"""How large a file may be, looked at before it is unpacked: a small archive can hold gigabytes."""

from __future__ import annotations

import zipfile
from pathlib import Path

from coxa.cohort.readers.raw import FileFault, ReadOptions

WORKBOOK_CELLS = 2_000_000
"""Cells of one sheet of a workbook: some hundred megabytes of memory, and about half a minute."""

COLUMN_CELLS = 200_000_000
"""Cells of a file that is read by column (Parquet, SPSS, Stata, SAS): 1.6 GB as numbers."""

BYTES_PER_CELL = 50
"""Unpacked bytes allowed for each allowed cell; a number takes about 30 in a workbook and 8 elsewhere."""

LEAST_BYTES = 10_000_000
"""Unpacked bytes allowed in any case: a workbook has styles and themes beside its cells."""

READ_PARTS = (".xml", ".rels", ".vml")
"""Endings of the parts of a workbook that are read; pictures and macros are not."""

REMEDY = (
    "Check that it is the right file. If it is, save it as CSV, or raise `max_cells` under `data` in the plan, or "
    "`--max-cells` of a command without a plan."
)


def check_cells(n_cells: int, options: ReadOptions, usual: int) -> None:
    """Refuse more cells than `max_cells`, or `usual` where the plan names none."""
    limit = options.max_cells or usual
    if n_cells > limit:
        raise FileFault(f"The file has more cells than the limit of {limit:,}", REMEDY, f"{n_cells:,} cells")


def check_bytes(n_bytes: int, options: ReadOptions, usual: int) -> None:
    """Refuse more unpacked bytes than `BYTES_PER_CELL` for each allowed cell."""
    cells = options.max_cells or usual
    limit = max(BYTES_PER_CELL * cells, LEAST_BYTES)
    if n_bytes > limit:
        rule = f"Unpacked, the file takes more than the limit of {limit / 1e6:,.0f} MB for {cells:,} cells"
        raise FileFault(rule, REMEDY, f"{n_bytes / 1e6:,.0f} MB")


def check_archive(path: Path, options: ReadOptions) -> None:
    """Refuse a workbook whose parts are too large, by the sizes in the directory of its archive.

    No part is unpacked beyond the size that the directory gives (`zipfile` stops there), so that a false one is no way
    around the limit.
    """
    with zipfile.ZipFile(path) as archive:
        n_bytes = sum(part.file_size for part in archive.infolist() if part.filename.lower().endswith(READ_PARTS))
    check_bytes(n_bytes, options, WORKBOOK_CELLS)
