"""The tables of files and databases: every sheet, header rows found by rule, rows of totals told apart."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from coxa.cohort.mapping.codes import empty_cells
from coxa.cohort.readers.raw import RawFile, ReadOptions
from coxa.cohort.readers.registry import read_raw
from coxa.errors import CoxaError, OptionError
from coxa.findings import Finding
from coxa.importing.databases import tables_of_database
from coxa.importing.ends import rows_of_no_data
from coxa.importing.tables import FileTable
from coxa.study.audit.source import DATABASE_FILES

SERVERS = ("postgresql://", "postgres://")
"""Beginnings of the address of a database server."""

TITLE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class ReadTables:
    """The tables of files, and what was wrong with the files; `folder` is the one that all of them share."""

    tables: tuple[FileTable, ...]
    findings: tuple[Finding, ...]
    folder: Path


def read_tables(paths: Sequence[str | Path]) -> ReadTables:
    """Read every table of some files.

    Parameters
    ----------
    paths
        Files of any format that coxa reads, workbooks with all their sheets, DuckDB and SQLite files with all their
        tables, and addresses of PostgreSQL servers, such as `postgresql://reader@host/clinic`.

    Returns
    -------
    ReadTables
        A file that cannot be read is a finding, with its remedy.

    Raises
    ------
    CoxaError
        No file is named, or the files have no folder in common.
    FileNotFoundError
        There is no such file.

    Examples
    --------
    >>> lines = ["Export of June,,", "Id,Start,NPRS", "1,2025-01-07,4", "Total,,4"]
    >>> _ = Path("june.csv").write_text(chr(10).join(lines), encoding="utf-8")
    >>> table = read_tables(["june.csv"]).tables[0]
    >>> table.header_row, len(table.frame), dict(table.left_out)
    ((2,), 1, {4: 'a row of totals'})
    """
    if not paths:
        raise CoxaError("No file is named. Name the files that a program exported.")
    files = [Path(each) for each in paths if not is_server(each)]
    for path in files:
        path.stat()
    folder = common_folder(files)
    tables: list[FileTable] = []
    findings: list[Finding] = []
    for given in paths:
        _refuse_password(str(given))
        read, wrong = _tables_of(given, folder)
        tables += read
        findings += wrong
    return ReadTables(tuple(tables), tuple(findings), folder)


def is_server(given: str | Path) -> bool:
    """Say whether a text is the address of a database server."""
    return isinstance(given, str) and given.startswith(SERVERS)


def _refuse_password(given: str) -> None:
    """Raise where the address of a server has a password, which no plan keeps; it is not repeated."""
    account = given.partition("://")[2].partition("/")[0].rpartition("@")[0]
    if is_server(given) and (":" in account or "password=" in given.lower()):
        raise OptionError("The address of the database has a password. Take it out, and set PGPASSWORD or use .pgpass.")


def common_folder(files: Sequence[Path]) -> Path:
    """Return the folder that files share; the working folder where there are none.

    Raises
    ------
    CoxaError
        They are on different drives.
    """
    if not files:
        return Path()
    try:
        return Path(os.path.commonpath([path.resolve().parent for path in files]))
    except ValueError:
        raise CoxaError("The files are on different drives. Copy them into one folder.") from None


def _tables_of(given: str | Path, folder: Path) -> tuple[list[FileTable], list[Finding]]:
    if is_server(given) or str(given).lower().endswith(DATABASE_FILES):
        name = str(given) if is_server(given) else _name(Path(given), folder)
        return tables_of_database(given, name)
    path = Path(given)
    first, findings = _read(path, ReadOptions())
    names = first.sheet.sheets if first else ()
    if len(names) < 2:
        found = [] if first is None else [_table(first, path, folder)]
        return found, findings
    return _sheets(path, names, folder)


def table_as_planned(path: Path, options: ReadOptions) -> tuple[FileTable | None, tuple[int, ...] | None]:
    """Return a file as a plan reads it, and the rows that look like its header where those of the plan are none."""
    result = read_raw(path, options)
    if result.raw is None:
        return None, result.header_row
    return _table(result.raw, path, path.resolve().parent), None


def _sheets(path: Path, names: Sequence[str], folder: Path) -> tuple[list[FileTable], list[Finding]]:
    """Return every sheet that holds rows; charts and empty sheets hold none."""
    read = [_read(path, ReadOptions(sheet=name)) for name in names]
    kept = [_table(raw, path, folder) for raw, _ in read if raw is not None]
    kept = [table for table in kept if len(table.frame)]
    findings = [
        _of_sheet(each, name, alone=not kept) if each.severity == "error" else each
        for name, (raw, found) in zip(names, read, strict=True)
        for each in found
        if raw is not None or "sheet is empty" not in each.rule
    ]
    return [replace(table, n_sheets=len(names)) for table in kept], list(dict.fromkeys(findings))


def _of_sheet(fault: Finding, name: str, *, alone: bool) -> Finding:
    """Return a fault of a sheet; a warning where other sheets are read, since a legend or a draft is no data."""
    if alone:
        return replace(fault, value=f"sheet {name}")
    rule = f"the sheet {name} is not used: {fault.rule[:1].lower()}{fault.rule[1:]}"
    return replace(fault, severity="warning", rule=rule, remedy="Correct it in the file if it holds data.")


def _read(path: Path, options: ReadOptions) -> tuple[RawFile | None, list[Finding]]:
    """Read a file; where the first row is no header, under the rows that look like one."""
    result = read_raw(path, options)
    title = ""
    if result.header_row is not None:
        title = str(result.findings[0].value or "")
        result = read_raw(path, replace(options, header_row=result.header_row))
    if result.raw is None:
        return None, list(result.findings)
    details = {**result.raw.sheet.details, "title": title[:TITLE_LENGTH]}
    return replace(result.raw, sheet=replace(result.raw.sheet, details=details)), list(result.findings)


def _table(raw: RawFile, path: Path, folder: Path) -> FileTable:
    sheet = raw.sheet
    details = sheet.details
    rows = [int(number) for number in re.findall(r"\d+", details.get("header_row", ""))]
    table = FileTable(
        _name(path, folder),
        details.get("sheet", ""),
        sheet.frame,
        sheet.source_row,
        labels=sheet.labels,
        coded=sheet.missing_codes,
        header_row=tuple(rows) or None,
        parts=sheet.parts,
        title=details.get("title", ""),
        decimal=details.get("decimal"),
    )
    return without_ends(table)


def without_ends(table: FileTable) -> FileTable:
    """Return a table without empty rows, units, totals and footnotes, which it lists."""
    if not len(table.frame):
        return table
    filled = pd.DataFrame({k: ~empty_cells(table.frame.iloc[:, k]) for k in range(table.frame.shape[1])})
    some = filled.any(axis=1).to_numpy(dtype=bool)
    left_out = rows_of_no_data(table.frame, filled.to_numpy(dtype=bool), table.source_row)
    kept = some & ~np.isin(table.source_row, list(left_out))
    frame = table.frame.loc[kept].reset_index(drop=True)
    return replace(
        table,
        frame=frame,
        source_row=table.source_row[kept],
        left_out=left_out,
        n_empty=int((~some).sum()),
    )


def _name(path: Path, folder: Path) -> str:
    return path.resolve().relative_to(folder.resolve()).as_posix()
