"""Episodes of care: one relation, with what was wrong in the data and what was left out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

import duckdb
import pandas as pd

from coxa.cohort.cohort import SourceFile
from coxa.cohort.disposition import Disposition
from coxa.episodes.columns import SQL_TYPES, column_types, episodes_sql, quoted
from coxa.findings import Findings
from coxa.study.audit.plan import AuditPlan

PARAMETER = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")
"""A named parameter, `:name`; `::` is a cast."""


class Database(Protocol):
    """What answers questions in SQL; `source` is its relation of episodes, with the columns of `column_types`."""

    def frame(self, sql: str, values: Mapping[str, Any]) -> pd.DataFrame:
        """Return the rows of a SELECT, whose parameters are written `:name`."""


@dataclass(frozen=True, slots=True)
class Duck:
    """Episodes in DuckDB: rows in memory, or a Parquet file that is never unpacked as a whole."""

    connection: duckdb.DuckDBPyConnection

    def frame(self, sql: str, values: Mapping[str, Any]) -> pd.DataFrame:
        """Return the rows of a SELECT."""
        names = set(PARAMETER.findall(sql))
        given = {name: value for name, value in values.items() if name in names}
        return self.connection.execute(PARAMETER.sub(r"$\1", sql), given or None).df()


@dataclass(frozen=True, slots=True, repr=False)
class Episodes:
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
        text = f"WITH episodes AS ({episodes_sql(self.plan, 'source')}) {sql}"
        return self.database.frame(text, {"data_cut": self.data_cut, **values})


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
    found = connection.execute("SELECT GREATEST(MAX(intake_date), MAX(discharge_date)) FROM source").fetchone()
    return found[0] if found and found[0] else date.today()
