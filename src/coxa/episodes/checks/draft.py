"""What a check sees, and what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from coxa.episodes.columns import quoted
from coxa.episodes.faults import LISTED, several
from coxa.episodes.fields import EPISODES
from coxa.episodes.reading import Reading
from coxa.findings import Finding, Severity
from coxa.study.audit.plan import AuditPlan


@dataclass(frozen=True, slots=True)
class Draft:
    """Episodes before they are checked.

    reading  : the rows as read
    relation : SELECT of the rows that a check looks at; values are in `reading.bound`
    last_day : no date may be later
    """

    plan: AuditPlan
    reading: Reading
    relation: str
    last_day: date

    def frame(self, sql: str, values: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Return the rows of a SELECT in which `{rows}` is the relation."""
        text = sql.replace("{rows}", f"({self.relation}) AS r")
        return self.reading.database.frame(text, {**self.reading.bound.values, **(values or {})})

    def has(self, name: str) -> bool:
        """Say whether the source has a column."""
        return name in self.reading.columns

    def field(self, name: str) -> str:
        """Return how a column is called in findings: coxa's name, and the source's where it is another."""
        column = self.reading.columns.get(name, name)
        return name if column == name else f"{name} ({column})"

    def finding(
        self, severity: Severity, rule: str, remedy: str, name: str | None = None, value: object = None, n: int = 1
    ) -> Finding:
        """Return a finding about the episodes as a whole."""
        text = None if value is None else str(value)
        field = None if name is None else self.field(name)
        return Finding(severity, EPISODES, rule, remedy, field=field, value=text, n_rows=n)

    def rows(self, condition: str, n: int, fault: RowFault) -> list[Finding]:
        """Return the findings of the rows that meet a condition, of which there are `n`."""
        value = fault.value or "NULL"
        listed = self.frame(
            f"SELECT source_row, patient, {value} AS value FROM {{rows}} WHERE {condition} ORDER BY 1, 2, 3 "
            f"LIMIT {LISTED}"
        )
        field = None if fault.name is None else self.field(fault.name)
        severity = fault.severity or "note"
        return several(listed, n, severity=severity, table=EPISODES, rule=fault.rule, remedy=fault.remedy,
                       field=field)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RowFault:
    """What can be wrong with a row by itself, and what then becomes of it.

    condition : in SQL, true of the rows that have the fault
    severity  : None where nothing is to be found, as of rows that the plan leaves out
    name      : column that the finding names
    value     : what the finding shows, in SQL
    unused    : columns that are then empty
    reason    : why the row is then left out
    """

    condition: str
    severity: Severity | None
    rule: str
    remedy: str
    name: str | None = None
    value: str | None = None
    unused: tuple[str, ...] = ()
    reason: str | None = None


def day_text(name: str) -> str:
    """Return a day as a text, in SQL."""
    return f"CAST({quoted(name)} AS VARCHAR)"
