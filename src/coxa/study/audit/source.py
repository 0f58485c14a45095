"""Where the episodes of an audit are: a file, a database in a file, or a database server."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from coxa.study.base import AnyNumber, Name, OneOrMany, Part
from coxa.study.source import Code, Delimiter, Span, Verbatim

DATABASE_FILES = (".duckdb", ".ddb", ".sqlite", ".sqlite3", ".db")
"""Suffixes of files that hold a database."""


class ScoreColumns(Part):
    """The columns of one outcome."""

    intake: str = Field(description="Column with the value at intake.")
    discharge: str = Field(description="Column with the value at discharge.")
    date: str | None = Field(
        None,
        description="Column with the day of the discharge questionnaire; the day of discharge unless given.",
    )


class RowsSource(Part):
    """A file, or a table or query of a database, with its columns and codes."""

    file: Verbatim | None = Field(
        None, description="File in the data folder: text, Excel, Parquet, SPSS, Stata, SAS, DuckDB or SQLite."
    )
    database: Verbatim | None = Field(
        None,
        description="Address of a PostgreSQL server, such as postgresql://reader@host/clinic, without a password: it "
        "is taken from PGPASSWORD or .pgpass.",
    )
    table: Verbatim | None = Field(None, description="Table or view of the database, where it has several.")
    query: Verbatim | None = Field(None, description="A SELECT in place of a table.")
    sheet: Verbatim | int | None = Field(None, description="Sheet of an Excel file; the first if not named.")
    header_row: OneOrMany[int] | None = Field(
        None,
        description="Row of a text or Excel file that names the columns, counted from 1; the first if not named. Of "
        "several rows, such as [3, 4], the names are joined: `Start` above `NPRS` is `Start NPRS`.",
    )
    percent: Literal["shown", "stored"] | None = Field(
        None, description="Numbers that Excel shows as percentages: `shown` reads 45% as 45, `stored` as 0.45."
    )
    encoding: str | None = Field(None, description="Of a text file; found by coxa if not named.")
    delimiter: Delimiter | None = Field(None, description="Of a text file; found by coxa if not named.")
    decimal: Literal[".", ","] | None = Field(None, description="Decimal mark of numbers as text.")
    thousands: Literal[".", ",", "'", " "] | None = Field(None, description="Thousands mark of numbers as text.")
    date_format: OneOrMany[str] | None = Field(
        None, description="Of dates as text, for example `%d/%m/%Y`, or a list of several; ISO if not named."
    )
    missing: AnyNumber[Code] = Field((), description="Codes and words that mean missing, such as -9 or n/a.")
    where: dict[str, OneOrMany[Code] | Span] = Field(
        default_factory=dict,
        description="the file's column: code, [codes] or {from: , to: }. Only rows that have it are used.",
    )
    exclude_rows: AnyNumber[int] = Field(
        (), description="Rows of the file that are not used, such as a row of totals, as the findings count them."
    )
    drop_identical_rows: bool = Field(
        False, description="True: of rows that are the same in every column only the first is used."
    )
    columns: dict[str, str] = Field(
        default_factory=dict,
        description="coxa's column: the file's column. `birth_date` gives the descriptor `age`, in whole years at "
        "intake, and is not kept itself.",
    )
    values: dict[str, dict[Code, Code]] = Field(
        default_factory=dict, description="coxa's column: {the file's code or spelling: coxa's word}."
    )

    @model_validator(mode="after")
    def _one_place(self) -> RowsSource:
        if (self.file is None) == (self.database is None):
            raise ValueError("the source does not name either a `file` or a `database`; name one of them")
        if self.table is not None and self.query is not None:
            raise ValueError("`table` and `query` are both given; keep one of them")
        if not self.of_database and (self.table or self.query):
            raise ValueError("the file is no database; remove `table` and `query`, or name a sheet as `sheet`")
        return self

    @model_validator(mode="after")
    def _address_without_password(self) -> RowsSource:
        if self.database is None:
            return self
        if not self.database.startswith(("postgresql://", "postgres://")):
            raise ValueError(
                "the database is no address of a PostgreSQL server; write for example postgresql://reader@host/clinic"
            )
        account = self.database.partition("://")[2].partition("/")[0].rpartition("@")[0]
        if ":" in account or "password=" in self.database.lower():
            raise ValueError("the address of `database` has a password; remove it, and set PGPASSWORD or use .pgpass")
        return self

    @property
    def of_database(self) -> bool:
        """Whether the rows are asked for in SQL."""
        return self.database is not None or str(self.file).lower().endswith(DATABASE_FILES)


class EpisodesSource(RowsSource):
    """A row for each episode of care."""

    folder: Verbatim = Field(".", description="Folder of the files, relative to the plan.")
    scores: dict[Name, ScoreColumns] = Field(
        default_factory=dict,
        description="outcome: {intake: column, discharge: column, date: column}; `pain_intake`, `pain_discharge` and "
        "`pain_date` of an outcome `pain` that is not named here.",
    )
    sessions: RowsSource | None = Field(
        None,
        description="A row for each session, where an episode has no totals: its `columns` are patient, episode and "
        "attended, which is true or false, or a word under `values`.",
    )
    max_cells: int | None = Field(None, gt=0, description="Most cells of a file that is read as a whole.")
