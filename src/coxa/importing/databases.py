"""The tables of a database: of a DuckDB or SQLite file, or of a PostgreSQL server."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from coxa.cohort.number_text import proven_decimal
from coxa.episodes.duck import SQLITE, attach, database_in, open_duck, scan_file
from coxa.episodes.relation import Bound
from coxa.episodes.scanned import ROW, Raw
from coxa.episodes.whole import NotRead
from coxa.findings import Finding
from coxa.importing.tables import FileTable
from coxa.study.audit.source import RowsSource

LOOKED_AT = 200_000
"""So many rows of a table of a database are looked at; a finding says so where there are more."""

TABLES = (
    "SELECT CAST(table_schema AS VARCHAR) AS place, CAST(table_name AS VARCHAR) AS name FROM information_schema.tables "
    "WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND {where} ORDER BY 1, 2"
)


def tables_of_database(given: str | Path, name: str) -> tuple[list[FileTable], list[Finding]]:
    """Return every table of a database, and what cannot be read.

    Parameters
    ----------
    given
        A file, or the address of a server.
    name
        As the plan calls it.
    """
    try:
        tables = _tables_of_server(str(given), name) if "://" in str(given) else _tables_of_file(Path(given), name)
    except NotRead as error:
        return [], list(error.findings)
    kept = [(table, more) for table, more in tables if len(table.frame)]
    notes = [
        Finding("note", table.place, f"the table has more than {LOOKED_AT:,} rows, and the others were not looked at",
                "Check the plan with `coxa check`, which reads every row.")
        for table, more in kept
        if more
    ]  # fmt: skip
    return [table for table, _ in kept], notes


def _tables_of_file(path: Path, name: str) -> list[tuple[FileTable, bool]]:
    duck = open_duck()
    try:
        attach(duck, [path])
        read = []
        names = _sqlite_names(path) if database_in(path) == SQLITE else _duckdb_names(duck)
        for table in names:
            bound = Bound()
            raw = scan_file(duck, path, RowsSource(file=path.name, table=table), bound)
            read.append(_table(raw, bound, name, table, len(names)))
        return read
    finally:
        duck.connection.close()


def table_of_source(rows: RowsSource, path: Path | None) -> FileTable:
    """Return the first rows of the table or query of a plan.

    Parameters
    ----------
    rows
        What the plan says.
    path
        The file of the database; None for a server.

    Raises
    ------
    NotRead
        It cannot be read.
    """
    if path is None:
        from coxa.episodes.postgres import connect, scan_server

        server = connect(rows)
        try:
            return _table(scan_server(server, rows), Bound(), server.place, rows.table or "", 1)[0]
        finally:
            server.close()
    duck, bound = open_duck(), Bound()
    try:
        attach(duck, [path])
        return _table(scan_file(duck, path, rows, bound), bound, path.name, rows.table or "", 1)[0]
    finally:
        duck.connection.close()


def _sqlite_names(path: Path) -> list[str]:
    asked = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY 1"
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        return [str(name) for (name,) in connection.execute(asked)]


def _duckdb_names(duck: Any) -> list[str]:
    found = duck.frame(TABLES.format(where="table_catalog NOT IN ('memory', 'system', 'temp')"), {})
    return _qualified(found["place"], found["name"], "main")


def _tables_of_server(address: str, name: str) -> list[tuple[FileTable, bool]]:
    from coxa.episodes.postgres import connect, scan_server

    server = connect(RowsSource(database=address))
    try:
        own = str(server.frame("SELECT CAST(current_schema() AS VARCHAR) AS own", {})["own"].iloc[0])
        found = server.frame(TABLES.format(where="TRUE"), {})
        names = _qualified(found["place"], found["name"], own)
        scanned = [(table, scan_server(server, RowsSource(database=address, table=table))) for table in names]
        return [_table(raw, Bound(), name, table, len(names)) for table, raw in scanned]
    finally:
        server.close()


def _qualified(places: Iterable[str], names: Iterable[str], own: str) -> list[str]:
    return [name if place == own else f"{place}.{name}" for place, name in zip(places, names, strict=True)]


def _table(raw: Raw, bound: Bound, name: str, table: str, n_tables: int) -> tuple[FileTable, bool]:
    """Return the first rows of a table, and whether there are more."""
    order = f" ORDER BY {ROW}" if raw.numbered else ""
    frame = raw.database.frame(f"SELECT * FROM ({raw.sql}) AS raw{order} LIMIT {LOOKED_AT + 1}", bound.values)
    more = len(frame) > LOOKED_AT
    frame = frame.iloc[:LOOKED_AT].drop(columns=ROW, errors="ignore").reset_index(drop=True)
    texts = [frame[column] for column in frame if frame[column].dtype == object or str(frame[column].dtype) == "str"]
    return FileTable(
        name, table, frame, np.arange(1, len(frame) + 1), n_tables, decimal=proven_decimal(texts), database=True
    ), more
