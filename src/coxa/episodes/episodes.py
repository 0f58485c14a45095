"""Episodes of care: one relation, with what was wrong in the data and what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import duckdb
import pandas as pd
import pyarrow as pa

from coxa.arguments import FRAME, kinds
from coxa.cards import Card, Carded, counted
from coxa.cohort.card import findings_words, left_out_words
from coxa.cohort.cohort import SourceFile
from coxa.cohort.disposition import Disposition
from coxa.episodes.columns import SQL_TYPES, column_types, episodes_sql, quoted
from coxa.episodes.relation import Failed, Relation, rewritten
from coxa.errors import DataError
from coxa.findings import Finding, Findings
from coxa.study.audit.plan import AuditPlan


class Database(Protocol):
    """What answers questions in SQL; `source` is its relation of episodes, with the columns of `column_types`.

    worked_out : whether it has those of `episodes_sql` as well
    """

    @property
    def worked_out(self) -> bool:
        """Whether `source` has the columns of `episodes_sql` already."""

    @property
    def fence(self) -> str:
        """The end of a subquery whose columns are worked out once, and not wherever they are mentioned."""

    def frame(self, sql: str, values: Mapping[str, Any]) -> pd.DataFrame:
        """Return the rows of a SELECT, whose parameters are written `:name`."""

    def close(self) -> None:
        """End the connection; nothing can be asked after it."""


@dataclass(frozen=True, slots=True)
class Duck:
    """Episodes in DuckDB: rows in memory, or a file that is never unpacked as a whole.

    connection : with a table `source`, unless `source` says what that is
    source     : the SELECT that is `source`
    spill      : folder for what does not fit into memory, removed with this record
    worked_out : whether `source` has the columns of `episodes_sql` already, so that no query works them out
    """

    connection: duckdb.DuckDBPyConnection
    source: Relation | None = None
    spill: TemporaryDirectory[str] | None = None
    worked_out: bool = False

    def frame(self, sql: str, values: Mapping[str, Any]) -> pd.DataFrame:
        """Return the rows of a SELECT."""
        if self.source is not None:
            sql, values = self.source.ahead_of(sql), {**values, **self.source.values}
        text, names = rewritten(sql, "${}".format)
        given = {name: value for name, value in values.items() if name in names}
        try:
            return self.connection.execute(text, given or None).df()
        except duckdb.Error as error:
            first = str(error).strip().splitlines()[0].rstrip(".")
            remedy = "Correct `query`, or the columns that it names."
            raise Failed(Finding("error", "episodes", "the query fails", remedy, value=first)) from error

    @property
    def fence(self) -> str:
        """Nothing: columns of a subquery are worked out once."""
        return ""

    def batches(self, sql: str, rows: int) -> pa.RecordBatchReader:
        """Return the rows of a SELECT without parameters, some at a time."""
        values: Mapping[str, Any] = {}
        if self.source is not None:
            sql, values = self.source.ahead_of(sql), self.source.values
        text, names = rewritten(sql, "${}".format)
        given = {name: value for name, value in values.items() if name in names}
        return self.connection.sql(text, params=given or None).to_arrow_reader(rows)

    def keep(self, table: str, sql: str, values: Mapping[str, Any]) -> None:
        """Make a table of the rows of a SELECT, in memory."""
        text, names = rewritten(sql, "${}".format)
        given = {name: value for name, value in values.items() if name in names}
        self.connection.execute(f"CREATE TABLE memory.main.{quoted(table)} AS {text}", given or None)

    def file_of(self, name: str, sql: str, values: Mapping[str, Any]) -> str | None:
        """Write the rows of a SELECT into a Parquet file beside what spills; return the SELECT of it.

        None where there is no such folder, or no room in it: the rows are then asked for where they are.
        """
        if self.spill is None:
            return None
        path = str(Path(self.spill.name) / f"{name}.parquet").replace("'", "''")
        text, names = rewritten(sql, "${}".format)
        given = {name: value for name, value in values.items() if name in names}
        try:
            self.connection.execute(f"COPY ({text}) TO '{path}' (FORMAT parquet, COMPRESSION lz4)", given or None)
        except duckdb.Error:
            return None
        return f"SELECT * FROM read_parquet('{path}')"

    def close(self) -> None:
        """Let go of the file, and of what was kept aside."""
        self.connection.close()
        if self.spill is not None:
            self.spill.cleanup()


@dataclass(frozen=True, slots=True, repr=False)
class Episodes(Carded):
    """Episodes of care under coxa's names.

    plan        : the plan of the audit
    database    : what has the rows
    data_cut    : the day of the export, from which it follows what was due
    findings    : what was wrong in the data
    disposition : what was left out, and why
    sources     : the files, or the database, that they are from

    Examples
    --------
    >>> from coxa.study.audit.plan import AuditPlan
    >>> data, outcomes = {"file": "episodes.csv"}, {"pain": {"instrument": "nprs"}}
    >>> plan = AuditPlan.model_validate({"audit": "tiny", "title": "Tiny", "data": data, "outcomes": outcomes})
    >>> rows = {"clinic": ["A", "A"], "pain_intake": [7.0, 6.0], "pain_discharge": [3.0, None]}
    >>> days = {"intake_date": pd.to_datetime(["2025-01-07"] * 2), "discharge_date": pd.to_datetime(["2025-03-07"] * 2)}
    >>> episodes = episodes_of_frame(plan, pd.DataFrame(rows | days), data_cut=date(2025, 12, 31))
    >>> episodes.query("SELECT period, COUNT(*) AS n, SUM(CAST(done AS INTEGER)) AS done FROM episodes GROUP BY period")
        period  n  done
    0  2025 Q1  2   1.0
    """

    plan: AuditPlan
    database: Database
    data_cut: date
    findings: Findings = field(default_factory=Findings)
    disposition: Disposition = field(default_factory=Disposition)
    sources: tuple[SourceFile, ...] = ()

    def query(self, sql: str, **values: Any) -> pd.DataFrame:
        """Return the rows of a SELECT from `episodes`, whose columns are those of `column_types` and `episodes_sql`.

        Parameters
        ----------
        sql
            In words that DuckDB and PostgreSQL both know; parameters as `:name`.
        values
            Of the parameters.
        """
        rows = "SELECT * FROM source" if self.database.worked_out else episodes_sql(self.plan, "source")
        text = f"WITH episodes AS ({rows}) {sql}"
        return self.database.frame(text, {"data_cut": self.data_cut, **values})

    def card(self) -> Card:
        """Return what a terminal and a notebook show."""
        kept = self.disposition.counts["kept"].tolist()
        facts = {
            "Episodes": f"{int(kept[-1]):,}" if kept else "",
            "Sources": ", ".join(source.name for source in self.sources),
            "Data cut": self.data_cut.isoformat(),
            "Findings": findings_words(self.findings),
            "Left out": left_out_words(self.disposition),
        }
        title = f"Episodes of {self.plan.audit}: {self.plan.title}"
        return Card(title, {name: text for name, text in facts.items() if text})

    def require_clean(self) -> Episodes:
        """Return the episodes if their data have no errors.

        Raises
        ------
        DataError
            With every error; warnings and notes do not stop anything.
        """
        errors = self.findings.errors
        if errors:
            raise DataError(f"the data of {self.plan.audit} have {counted(len(errors), 'error')}", errors)
        return self

    def close(self) -> None:
        """End the connection to the file or server; nothing can be asked after it."""
        self.database.close()


@kinds(frame=FRAME)
def episodes_of_frame(plan: AuditPlan, frame: pd.DataFrame, *, data_cut: date | None = None) -> Episodes:
    """Return the episodes of a frame that has coxa's columns already, without any check.

    Parameters
    ----------
    plan
        The plan.
    frame
        One row per episode; columns that it lacks are empty, `eligible` and `asked` true. Not changed.
    data_cut
        The day of the export; that of the plan, or the latest date in the frame unless given.

    Examples
    --------
    >>> from coxa.study.audit.plan import AuditPlan
    >>> data, outcomes = {"file": "episodes.csv"}, {"pain": {"instrument": "nprs"}}
    >>> plan = AuditPlan.model_validate({"audit": "tiny", "title": "Tiny", "data": data, "outcomes": outcomes})
    >>> episodes = episodes_of_frame(plan, pd.DataFrame({"clinic": ["A", "B", "A"]}), data_cut=date(2025, 12, 31))
    >>> episodes.query("SELECT clinic, COUNT(*) AS n FROM episodes GROUP BY clinic ORDER BY clinic")
      clinic  n
    0      A  2
    1      B  1
    """
    connection = duckdb.connect()
    connection.register("given", frame)
    chosen = [_column(name, kind, name in frame) for name, kind in column_types(plan).items()]
    connection.execute(f"CREATE TABLE source AS SELECT {', '.join(chosen)} FROM given")
    connection.unregister("given")
    day = data_cut or plan.data_cut or _latest(connection)
    return Episodes(plan, Duck(connection), day)


DEFAULTS = {"eligible": "TRUE", "asked": "TRUE"}


def _column(name: str, kind: str, there: bool) -> str:
    if name == "source_row" and not there:
        return "CAST(ROW_NUMBER() OVER () AS DOUBLE PRECISION) AS source_row"
    value = f"CAST({quoted(name)} AS {SQL_TYPES[kind]})" if there else f"CAST(NULL AS {SQL_TYPES[kind]})"
    if name in DEFAULTS:
        value = f"COALESCE({value}, {DEFAULTS[name]})"
    return f"{value} AS {quoted(name)}"


def _latest(connection: duckdb.DuckDBPyConnection) -> date:
    ((found,),) = connection.execute("SELECT GREATEST(MAX(intake_date), MAX(discharge_date)) FROM source").fetchall()
    return found or date.today()
