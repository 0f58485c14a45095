"""Files that DuckDB asks where they are: Parquet, DuckDB, and SQLite, whose rows are streamed."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow as pa

from coxa.cohort.cohort import SourceFile
from coxa.episodes.columns import quoted
from coxa.episodes.dialects import DuckWords
from coxa.episodes.episodes import Duck
from coxa.episodes.own_folder import own_folder
from coxa.episodes.relation import TOKEN, Bound, rewritten
from coxa.episodes.scanned import ROW, Raw
from coxa.episodes.whole import NotRead
from coxa.errors import choose
from coxa.findings import Finding
from coxa.study.audit.source import RowsSource

MEMORY = "2GB"
"""Most memory that DuckDB takes; what does not fit goes to a folder of its own that is removed."""

ROWS = 50_000
"""Rows of SQLite that are taken at a time."""

SQLITE, DUCKDB, PARQUET = b"SQLite format 3\x00", b"DUCK", b"PAR1"

KINDS = {
    "BOOLEAN": "flag", "DATE": "date", "FLOAT": "number", "DOUBLE": "number", "DECIMAL": "number",
    "TIMESTAMP": "time", "TIMESTAMP_S": "time", "TIMESTAMP_MS": "time", "TIMESTAMP_NS": "time",
    "TIMESTAMP WITH TIME ZONE": "time", "VARCHAR": "text", "ENUM": "text", "CHAR": "text", "UUID": "text",
}  # fmt: skip
"""Type in DuckDB -> kind of a column."""

AGAIN = "Export or copy it again."


def open_duck() -> Duck:
    """Return an empty database in memory that spills to a folder of its own."""
    spill = own_folder()
    connection = duckdb.connect()
    connection.execute(f"SET memory_limit = '{MEMORY}'")
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("SET temp_directory = '" + spill.name.replace("'", "''") + "'")
    return Duck(connection, None, spill)


def database_in(path: Path) -> bytes | None:
    """Return what a file holds by its first bytes: SQLITE, DUCKDB, PARQUET, or None."""
    with path.open("rb") as stream:
        first = stream.read(16)
    if first.startswith(PARQUET):
        return PARQUET
    return SQLITE if first == SQLITE else DUCKDB if first[8:12] == DUCKDB else None


def attach(duck: Duck, paths: Iterable[Path]) -> None:
    """Open the DuckDB files for reading, allow the Parquet files, and lock out every other file.

    A query of a plan, and a view of a file, can then read nothing else.

    Raises
    ------
    NotRead
        A file is in use by another program, or of another version.
    """
    allowed, path_of = [], ["memory.main"]
    for path in dict.fromkeys(paths):
        kind = database_in(path)
        if kind == PARQUET:
            allowed.append(str(path))
        elif kind == DUCKDB:
            name = _name(path)
            try:
                duck.connection.execute(f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS {name} (READ_ONLY)")
            except duckdb.Error as error:
                remedy = "Close the program that has it open, or copy the file."
                raise NotRead(
                    Finding("error", path.name, "the DuckDB file cannot be opened", remedy, value=_first(error))
                ) from error
            path_of.append(f"{name}.main")
    listed = ", ".join("'" + each.replace("'", "''") + "'" for each in allowed)
    duck.connection.execute(f"SET search_path = '{','.join(path_of)}'")
    duck.connection.execute(f"SET allowed_paths = [{listed}]")
    if duck.spill is not None:
        own = duck.spill.name.replace("'", "''")
        duck.connection.execute(f"SET allowed_directories = ['{own}']")
    duck.connection.execute("SET enable_external_access = false")
    duck.connection.execute("SET lock_configuration = true")


def scan_file(duck: Duck, path: Path, rows: RowsSource, bound: Bound) -> Raw:
    """Return the relation of a Parquet, DuckDB or SQLite file.

    Raises
    ------
    NotRead
        The file has no such table, or cannot be read.
    """
    kind = database_in(path)
    if kind is None:
        rule, remedy = f"the file is no {path.suffix} file", "Name the file that the program exported."
        raise NotRead(Finding("error", path.name, rule, remedy))
    numbered = True
    try:
        if kind == PARQUET:
            sql = f"SELECT * EXCLUDE (file_row_number), file_row_number + 1 AS {ROW} FROM read_parquet("
            sql += f"{bound.text(path)}, file_row_number = true)"
        elif kind == SQLITE:
            sql = f"SELECT * FROM memory.main.{quoted(_streamed(duck, path, rows))}"
        else:
            sql, numbered = _of_duckdb(duck, path, rows)
        kinds = _kinds(duck, sql, bound)
    except (duckdb.Error, sqlite3.Error) as error:
        rule = "the query fails" if rows.query else "the file cannot be read"
        remedy = "Correct `query`." if rows.query else AGAIN
        raise NotRead(Finding("error", path.name, rule, remedy, value=_first(error))) from error
    formats = {PARQUET: "parquet", SQLITE: "sqlite", DUCKDB: "duckdb"}
    details = {name: text for name, text in (("table", rows.table), ("query", rows.query)) if text}
    source = SourceFile(path.name, formats[kind], _sha256(path), 0, details)
    return Raw(duck, DuckWords(), sql, {name: each for name, each in kinds.items() if name != ROW}, path.name, source,
               numbered, kind == SQLITE)  # fmt: skip


def chosen_table(tables: Sequence[str], rows: RowsSource, place: str) -> str:
    """Return the table that the plan names, or the only one.

    Raises
    ------
    NotRead
        There is no such table, or there are several and none is named.
    """
    if rows.table in tables:
        return str(rows.table)
    if rows.table is not None:
        rule = f"the database has no table {rows.table}"
        raise NotRead(Finding("error", place, rule, choose(rows.table, tables), field="table"))
    if len(tables) == 1:
        return tables[0]
    rule = "the database has several tables, and the plan names none" if tables else "the database has no table"
    remedy = f"Name one of them as `table`: {', '.join(tables)}." if tables else "Name another file."
    raise NotRead(Finding("error", place, rule, remedy, field="table"))


def one_select(query: str, place: str) -> str:
    """Return a query without its semicolon.

    Raises
    ------
    NotRead
        It is not one SELECT.
    """
    text = query.strip().rstrip(";").rstrip()
    first = (text.split(None, 1) or [""])[0].lower()
    if first not in ("select", "with") or ";" in TOKEN.sub("", text):
        rule, remedy = "`query` is not one SELECT", "Write one SELECT, without a semicolon."
        raise NotRead(Finding("error", place, rule, remedy, field="query"))
    return text


def _of_duckdb(duck: Duck, path: Path, rows: RowsSource) -> tuple[str, bool]:
    if rows.query is not None:
        return f"SELECT * FROM ({one_select(rows.query, path.name)}) AS asked", False
    found = duck.connection.execute(
        "SELECT schema_name, table_name, TRUE FROM duckdb_tables() WHERE database_name = $name UNION ALL "
        "SELECT schema_name, view_name, FALSE FROM duckdb_views() WHERE database_name = $name AND NOT internal "
        "ORDER BY 1, 2",
        {"name": _name(path)},
    ).fetchall()
    places = {
        table if schema == "main" else f"{schema}.{table}": (schema, table, real) for schema, table, real in found
    }
    schema, table, real = places[chosen_table(list(places), rows, path.name)]
    number = f", rowid + 1 AS {ROW}" if real else ""
    return f"SELECT *{number} FROM {_name(path)}.{quoted(schema)}.{quoted(table)}", real


def _streamed(duck: Duck, path: Path, rows: RowsSource) -> str:
    """Return a table of DuckDB with the rows of SQLite, in chunks; a column that mixes kinds is text."""
    table = "coxa_rows_" + hashlib.sha256(repr((str(path), rows.table, rows.query)).encode()).hexdigest()[:8]
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        if rows.query is None:
            named = (
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY 1"
            )
            tables = [name for (name,) in connection.execute(named)]
            asked = f"SELECT * FROM {quoted(chosen_table(tables, rows, path.name))}"
        else:
            asked = one_select(rows.query, path.name)
        names = [each[0] for each in connection.execute(f"SELECT * FROM ({asked}) LIMIT 0").description]
        schema = pa.schema([*zip(names, _arrow_types(connection, asked, names), strict=True), (ROW, pa.int64())])
        duck.connection.register("given", schema.empty_table())
        duck.connection.execute(f"CREATE TABLE memory.main.{table} AS SELECT * FROM given")
        for batch in _batches(connection.execute(f"SELECT * FROM ({asked})"), schema):
            duck.connection.register("given", batch)
            duck.connection.execute(f"INSERT INTO memory.main.{table} SELECT * FROM given")
        duck.connection.unregister("given")
    return table


def _arrow_types(connection: sqlite3.Connection, asked: str, names: Sequence[str]) -> list[pa.DataType]:
    """Return the type of each column: whole numbers, numbers, or text where there is anything else."""
    kinds = ", ".join(
        f"MAX(CASE typeof({quoted(name)}) WHEN 'null' THEN 0 WHEN 'integer' THEN 1 WHEN 'real' THEN 2 ELSE 3 END)"
        for name in names
    )
    highest = connection.execute(f"SELECT {kinds} FROM ({asked})").fetchone()
    return [{1: pa.int64(), 2: pa.float64()}.get(each, pa.string()) for each in highest]


def _batches(cursor: sqlite3.Cursor, schema: pa.Schema) -> Iterator[pa.Table]:
    start = 1
    while fetched := cursor.fetchmany(ROWS):
        columns = [*zip(*fetched, strict=True), range(start, start + len(fetched))]
        arrays = [
            pa.array([_cell(cell, kind) for cell in column], kind)
            for column, kind in zip(columns, schema.types, strict=True)
        ]
        yield pa.table(arrays, schema=schema)
        start += len(fetched)


def _cell(cell: object, kind: pa.DataType) -> object:
    if cell is None or kind != pa.string():
        return float(cell) if cell is not None and kind == pa.float64() else cell  # type: ignore[arg-type]
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)


def _kinds(duck: Duck, sql: str, bound: Bound) -> dict[str, str]:
    text, names = rewritten(f"DESCRIBE {sql}", "${}".format)
    given = {name: bound.values[name] for name in names}
    described = duck.connection.execute(text, given or None).df()
    bases = [str(each).partition("(")[0] for each in described["column_type"]]
    return {
        str(name): "whole" if "INT" in base else KINDS.get(base, "other")
        for name, base in zip(described["column_name"], bases, strict=True)
    }


def _name(path: Path) -> str:
    """Return the name under which a DuckDB file is attached."""
    return "given_" + hashlib.sha256(str(path).encode()).hexdigest()[:8]


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
