"""What a check sees, and what it returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import pandas as pd

from coxa.cohort.contracts import Contract, contract
from coxa.cohort.form_rows import one_row_per_form
from coxa.cohort.mapping.mapped import empty_table
from coxa.findings import Finding
from coxa.study import Study
from coxa.study.words import TABLES


@dataclass(frozen=True)
class Draft:
    """The tables of a cohort before they are checked.

    tables   : table -> frame with a unique index; never changed
    assigned : table -> which rows have a visit that was found from the day
    dropped  : participants that reading left out, so that their rows elsewhere have a known reason
    last_day : no date may be later
    """

    study: Study
    tables: Mapping[str, pd.DataFrame]
    assigned: Mapping[str, pd.Series]
    dropped: frozenset[str]
    last_day: date

    def table(self, name: str) -> pd.DataFrame:
        """Return a table; one without rows and with every column where the study does not have it."""
        if name in self.tables:
            return self.tables[name]
        if name not in self._empty:
            self._empty[name] = empty_table(self.contracts[name])
        return self._empty[name]

    def with_rows(self, names: Iterable[str]) -> Iterator[tuple[str, pd.DataFrame]]:
        """Yield name and frame of each of some tables that has rows; in the others there is nothing to find."""
        for name in names:
            if name in self.tables and len(self.tables[name]):
                yield name, self.tables[name]

    def forms(self, names: Iterable[str]) -> Iterator[tuple[str, pd.DataFrame]]:
        """Yield name and frame of each of some tables that has rows, with one row for all answers of a form."""
        for name, frame in self.with_rows(names):
            if name not in self._forms:
                self._forms[name] = one_row_per_form(frame)
            yield name, self._forms[name]

    @cached_property
    def people(self) -> pd.DataFrame:
        """The first row of each participant, by participant."""
        return self.table("participants").drop_duplicates("participant_id").set_index("participant_id")

    @cached_property
    def _empty(self) -> dict[str, pd.DataFrame]:
        """Tables that the study does not have, each made when it is first asked for."""
        return {}

    @cached_property
    def _forms(self) -> dict[str, pd.DataFrame]:
        """Tables with one row for all answers of a form."""
        return {}

    @cached_property
    def contracts(self) -> dict[str, Contract]:
        """The contract of every table."""
        return {name: contract(self.study, name) for name in TABLES}


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """Rows of a table that cannot stay, and why."""

    table: str
    rows: pd.Index
    reason: str


@dataclass(frozen=True, slots=True)
class Blank:
    """Cells that are set missing because their value breaks a rule; the row stays."""

    table: str
    field: str
    rows: pd.Index


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of one check."""

    findings: tuple[Finding, ...] = ()
    left_out: tuple[LeaveOut, ...] = ()
    blanked: tuple[Blank, ...] = ()


def join_checked(parts: Iterable[Checked]) -> Checked:
    """Join the results of several checks in their order."""
    parts = list(parts)
    return Checked(
        tuple(item for part in parts for item in part.findings),
        tuple(item for part in parts for item in part.left_out),
        tuple(item for part in parts for item in part.blanked),
    )
