"""Rows as they were read, before any check: a relation under coxa's names, and the account of how it came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from coxa.cohort.cohort import SourceFile
from coxa.cohort.disposition import Disposition
from coxa.episodes.columns import SQL_TYPES, quoted
from coxa.episodes.dialects import Dialect
from coxa.episodes.episodes import Database
from coxa.episodes.relation import Bound
from coxa.findings import Finding

READING = "reading"
"""The stage of an account."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Rows under coxa's names.

    database    : what is asked
    relation    : SELECT of the rows that are used, with every column of its table; parameters are in `bound`
    columns     : coxa's column -> column of the source, for those that it has
    place       : what the source is called in findings
    numbered    : whether `source_row` numbers the rows, so that findings can name them
    in_memory   : whether the rows are in a table of DuckDB's memory, and not where they came from
    """

    database: Database
    dialect: Dialect
    relation: str
    columns: Mapping[str, str]
    place: str
    source: SourceFile
    bound: Bound = field(default_factory=Bound)
    findings: tuple[Finding, ...] = ()
    disposition: Disposition = field(default_factory=Disposition)
    numbered: bool = True
    in_memory: bool = False

    def frame(self, sql: str, values: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Return the rows of a SELECT in which `{rows}` is the relation."""
        text = sql.replace("{rows}", f"({self.relation}) AS r")
        return self.database.frame(text, {**self.bound.values, **(values or {})})


def keep_rows(connection: duckdb.DuckDBPyConnection, table: str, kinds: Mapping[str, str], frame: pd.DataFrame) -> None:
    """Make a table of DuckDB that has these columns; those that the frame lacks are empty.

    Parameters
    ----------
    kinds
        Column -> text, date, number or flag.
    """
    there = [name for name in kinds if name in frame]
    numbered = frame[there].assign(coxa_nth=range(len(frame)))
    connection.register("given", pa.Table.from_pandas(numbered, preserve_index=False))
    chosen = [f"CAST({quoted(name) if name in there else 'NULL'} AS {SQL_TYPES[kind]}) AS {quoted(name)}"
              for name, kind in kinds.items()]  # fmt: skip
    connection.execute(f"CREATE TABLE memory.main.{quoted(table)} AS SELECT {', '.join(chosen)} FROM given")
    connection.unregister("given")
