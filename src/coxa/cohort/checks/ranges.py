"""Values outside a range, and whether a value there looks like a code for missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coxa.cohort.checks.checked import Draft
from coxa.cohort.measured import could_be, in_short
from coxa.cohort.row_findings import row_findings
from coxa.findings import Finding

MISSING_CODES = (9, 99, 999, 9999, 99999, 88, 888, 8888, 77, 777, 7777, -1, -9, -99, -999, -9999, -88, -888, -77, -777)
"""Numbers that people write for a missing value; suspected only where they are outside the range."""


@dataclass(frozen=True, slots=True)
class Span:
    """The range of what is measured.

    name   : field, outcome, item or measure, as `missing:` of a table names it
    shown  : how a message names it
    column : column of the table that has the values
    """

    name: str
    shown: str
    low: float
    high: float
    unit: str
    column: str = "value"

    @property
    def words(self) -> str:
        """The name as it is typed, or an item with its instrument."""
        name, _, item = self.shown.partition(" ")
        return f"item {item} of {name}" if item else f"`{name}`"


def out_of_range(draft: Draft, table: str, frame: pd.DataFrame, rows: pd.Index, span: Span) -> list[Finding]:
    """Return findings for values outside a range; a likely missing code is told apart by its remedy."""
    if rows.empty:
        return []
    values = frame.loc[rows, span.column]
    code = values.isin(MISSING_CODES)
    rule = f"{span.words} is not between {span.low:g} and {span.high:g}{with_unit(span.unit)}"
    if np.isinf(span.high):
        rule = f"{span.words} is below {span.low:g}{with_unit(span.unit)}"
    findings: list[Finding] = []
    for number in values[code].unique():
        findings += row_findings(
            frame,
            values.index[values == number],
            severity="error",
            table=table,
            field=span.shown,
            rule=f"{rule}, and {number:g} looks like a code for missing",
            remedy=_declare(draft, table, span.name, f"{number:g}"),
            value=frame[span.column],
            by_column=span.column == "value",
        )
    return findings + row_findings(
        frame,
        values.index[~code],
        severity="error",
        table=table,
        field=span.shown,
        rule=rule,
        remedy="Correct it at the source or under `corrections`. A range is never stretched to fit a value.",
        value=frame[span.column],
        by_column=span.column == "value",
    )


def _declare(draft: Draft, table: str, name: str, code: str) -> str:
    """Return how to declare a code: for the whole table, or for one column where others can have that value."""
    hits = could_be(draft.study, draft.contracts[table], draft.table(table), code)
    if not hits:
        return f"Write `missing: [{code}]` in `data: tables: {table}` if it means missing. If not, correct it."
    return (
        f"Write `missing: {{{name}: [{code}]}}` in `data: tables: {table}` if it means missing, not "
        f"`[{code}]` for the whole table, which could also be {in_short(hits)}. If not, correct it."
    )


def with_unit(unit: str | None) -> str:
    """Return the unit as it follows a number, or nothing."""
    return f" {unit}" if unit else ""
