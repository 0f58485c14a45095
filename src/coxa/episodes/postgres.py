"""Episodes in PostgreSQL: asked in one read-only transaction, so that every number is of the same moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from coxa.cohort.cohort import SourceFile
from coxa.episodes.columns import quoted
from coxa.episodes.dialects import PostgresWords
from coxa.episodes.duck import chosen_table, one_select
from coxa.episodes.relation import Failed, Relation, rewritten
from coxa.episodes.scanned import Raw
from coxa.episodes.whole import NotRead
from coxa.findings import Finding
from coxa.study.audit.source import RowsSource

SETTINGS = {
    "statement_timeout": "600000",
    "lock_timeout": "10000",
    "idle_in_transaction_session_timeout": "3600000",
    "default_transaction_read_only": "on",
    "datestyle": "ISO",
    "cursor_tuple_fraction": "1.0",
    "work_mem": "262144",
}
"""Settings of the session: a query ends after ten minutes, a forgotten transaction after an hour (milliseconds); a
table of groups may have 256 MB (kilobytes): the server expects more groups than there are, and else sorts all rows."""

COPY = "coxa_episodes"
"""Temporary table of the session: the episodes that are used, checked and typed once, for all questions."""

CONNECT_SECONDS = 10

ROWS = 50_000
"""Rows that are fetched at a time, by a cursor of the server."""

KINDS = {
    "bool": "flag", "int2": "whole", "int4": "whole", "int8": "whole", "numeric": "number", "float4": "number",
    "float8": "number", "date": "date", "timestamp": "time", "timestamptz": "time", "text": "text", "varchar": "text",
    "bpchar": "text",
}  # fmt: skip
"""Type in PostgreSQL -> kind of a column; others are read as text."""

REMEDIES = {
    "28": "Set PGPASSWORD, or write the password into .pgpass, and check the name of the role.",
    "3D": "Correct the name of the database in `database`.",
    "42501": "Ask for the right to read it: GRANT SELECT ON the table TO the role.",
    "42P01": "Correct `table` or `query`.",
    "42703": "Correct the column under `columns`, or in `query`.",
    "42": "Correct `query`.",
    "57014": "It took longer than ten minutes. Choose fewer rows in `query`, or ask for an index.",
    "22": "A value cannot be converted. Correct it at the source, or `query`.",
    "08": "Check that the server runs, and its host and port in `database`.",
    "57": "Try again when the server is running.",
}
"""SQLSTATE, or its class -> what to do."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """A connection in a read-only transaction.

    connection : of SQLAlchemy
    place      : the database and its host, in words
    source     : the SELECT that is `source`
    worked_out : whether `source` has the columns of `episodes_sql` already
    copy       : whether there is an empty temporary table for the episodes
    """

    connection: Any
    place: str
    source: Relation | None = None
    worked_out: bool = False
    copy: bool = False

    def frame(self, sql: str, values: Mapping[str, Any]) -> pd.DataFrame:
        """Return the rows of a SELECT; a query that fails leaves the transaction as it was.

        Raises
        ------
        CoxaError
            The query fails, or the connection ends before its last row.
        """
        if self.source is not None:
            sql, values = self.source.ahead_of(sql), {**values, **self.source.values}
        text, names = rewritten(sql, "%({})s".format, "%%")
        given = {name: values[name] for name in names}
        with failures(self.place), self.connection.begin_nested():
            streamed = {"stream_results": True, "max_row_buffer": ROWS}
            result = self.connection.exec_driver_sql(text, given, execution_options=streamed)
            described = [(each[0], each[1]) for each in result.cursor.description]
            parts = [_frame(rows, described) for rows in result.partitions(ROWS)]
        return pd.concat(parts, ignore_index=True) if parts else _frame([], described)

    @property
    def fence(self) -> str:
        """The end of a subquery whose columns are worked out once, and not wherever they are mentioned."""
        return " OFFSET 0"

    def copied(self, sql: str, values: Mapping[str, Any]) -> str | None:
        """Fill the temporary table with the rows of a SELECT; return the SELECT of it, None where it cannot be filled.

        A read-only transaction may write into a temporary table, and into no other.
        """
        if not self.copy:
            return None
        text, names = rewritten(sql, "%({})s".format, "%%")
        try:
            with failures(self.place), self.connection.begin_nested():
                self.connection.exec_driver_sql(
                    f"INSERT INTO pg_temp.{COPY} {text}", {name: values[name] for name in names}
                )
                self.connection.exec_driver_sql(f"ANALYZE pg_temp.{COPY}")
        except Failed:
            return None
        return f"SELECT * FROM pg_temp.{COPY}"

    def close(self) -> None:
        """End the transaction and the connection."""
        engine = self.connection.engine
        self.connection.close()
        engine.dispose()


def _frame(rows: Sequence[Any], described: Sequence[tuple[str, int]]) -> pd.DataFrame:
    """Return rows as a frame; numerics are floats, days are datetimes, as DuckDB gives them."""
    columns: dict[str, pd.Series] = {}
    for k, (name, code) in enumerate(described):
        cells = [row[k] for row in rows]
        kind = _type_name(code)
        if kind in ("numeric", "float4", "float8"):
            floats = [float(cell) if isinstance(cell, Decimal) else cell for cell in cells]
            columns[name] = pd.Series(floats, dtype="float64")
        elif kind in ("date", "timestamp"):
            columns[name] = pd.to_datetime(pd.Series(cells, dtype=object)).astype("datetime64[us]")
        elif kind in ("int2", "int4", "int8"):
            columns[name] = pd.Series(cells, dtype="float64" if None in cells else "int64")
        elif kind == "bool":
            columns[name] = pd.Series(cells, dtype=object if None in cells else "bool")
        else:
            columns[name] = pd.Series(
                cells, dtype="str" if kind in ("text", "varchar", "bpchar", "unknown") else object
            )
    return pd.DataFrame(columns)


def _type_name(code: int) -> str:
    import psycopg

    known = psycopg.postgres.types.get(code)
    return known.name if known else ""


def connect(rows: RowsSource, columns: Mapping[str, str] | None = None) -> Postgres:
    """Return a connection to the server of a source, in one read-only transaction (REPEATABLE READ).

    Parameters
    ----------
    rows
        The source.
    columns
        Column -> type of SQL of a temporary table that is made first, where the role may make one.

    Raises
    ------
    NotRead
        The server cannot be reached, does not know the role or the database, or the extra `large` is not installed.
    """
    try:
        import psycopg  # noqa: F401
        from sqlalchemy import create_engine, make_url
        from sqlalchemy.pool import NullPool
    except ImportError as error:
        remedy = 'Install the extra for databases: pip install "coxa[large]".'
        raise NotRead(Finding("error", "database", "PostgreSQL needs SQLAlchemy and psycopg", remedy)) from error
    url = make_url(str(rows.database)).set(drivername="postgresql+psycopg")
    place = f"{url.database or 'database'} at {url.host or 'localhost'}"
    options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
    arguments = {"options": options, "connect_timeout": CONNECT_SECONDS, "application_name": "coxa"}
    engine = create_engine(url, poolclass=NullPool, connect_args=arguments, hide_parameters=True)
    try:
        with failures(place):
            plain = engine.connect()
            copy = bool(columns) and _temporary(plain, columns or {})
            connection = plain.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            connection.begin()
    except Failed as error:
        raise NotRead(error.finding) from error
    return Postgres(connection, place, copy=copy)


def _temporary(connection: Any, columns: Mapping[str, str]) -> bool:
    """Make an empty temporary table; a role without the right, or a server that only follows another, has none."""
    from sqlalchemy.exc import DBAPIError

    listed = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())
    try:
        with connection.begin():
            connection.exec_driver_sql("SET TRANSACTION READ WRITE")
            connection.exec_driver_sql(f"CREATE TEMPORARY TABLE {COPY} ({listed})".replace("%", "%%"))
    except DBAPIError:
        return False
    return True


@contextmanager
def failures(place: str) -> Iterator[None]:
    """Answer whatever the database refuses with its own first line and a remedy."""
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except DBAPIError as error:
        original: Any = error.orig
        state = getattr(original, "sqlstate", None) or ""
        said = getattr(getattr(original, "diag", None), "message_primary", None) or _plain(original)
        remedy = next((REMEDIES[key] for key in (state, state[:2]) if key in REMEDIES), _by_words(said))
        rule = "the query fails" if state and state[:2] not in ("08", "28", "3D") else "there is no connection"
        raise Failed(Finding("error", place, rule, remedy, field="database", value=said)) from None


def _plain(error: object) -> str:
    """Return the words of the driver that say why there is no connection, without the addresses that it tried."""
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    words = next((line for line in lines if "FATAL:" in line), (lines or ["unknown"])[0])
    mark = "FATAL:" if "FATAL:" in words else "failed: "
    return words.rpartition(mark)[2].strip().rstrip(".")


def _by_words(said: str) -> str:
    if "password" in said or "role" in said:
        return REMEDIES["28"]
    return REMEDIES["3D"] if "database" in said and "does not exist" in said else REMEDIES["08"]


def scan_server(server: Postgres, rows: RowsSource) -> Raw:
    """Return the relation of a source in PostgreSQL.

    Raises
    ------
    NotRead
        There is no such table, or its rows cannot be read.
    """
    try:
        sql = _asked(server, rows)
        kinds = _kinds(server, sql)
    except Failed as error:
        raise NotRead(error.finding) from error
    version = ".".join(map(str, server.connection.dialect.server_version_info or ()))
    details = {"server": f"PostgreSQL {version}"}
    details |= {name: text for name, text in (("table", rows.table), ("query", rows.query)) if text}
    source = SourceFile(server.place, "postgresql", "", 0, details)
    return Raw(server, PostgresWords(), sql, kinds, server.place, source, numbered=False)


def _asked(server: Postgres, rows: RowsSource) -> str:
    if rows.query is not None:
        return f"SELECT * FROM ({one_select(rows.query, server.place)}) AS asked"
    found = server.frame(
        "SELECT CAST(table_schema AS TEXT) AS place, CAST(table_name AS TEXT) AS name, "
        "table_schema = current_schema() AS own FROM information_schema.tables "
        "WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2",
        {},
    )
    places = {
        str(name) if own else f"{place}.{name}": (str(place), str(name))
        for place, name, own in zip(found["place"], found["name"], found["own"], strict=True)
    }
    prepare = server.connection.dialect.identifier_preparer
    place, name = places[chosen_table(list(places), rows, server.place)]
    return f"SELECT * FROM {prepare.quote_identifier(place)}.{prepare.quote_identifier(name)}"


def _kinds(server: Postgres, sql: str) -> dict[str, str]:
    text, _ = rewritten(f"SELECT * FROM ({sql}) AS raw LIMIT 0", str, "%%")
    with failures(server.place), server.connection.begin_nested():
        result = server.connection.exec_driver_sql(text, {})
        described = [(each[0], each[1]) for each in result.cursor.description]
    return {name: KINDS.get(_type_name(code), "other") for name, code in described}
