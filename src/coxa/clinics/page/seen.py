"""What the page is made from: an audit as it is published, and how a number of it becomes a cell."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

import pandas as pd

from coxa.clinics.audit import Audit, CaseMix, Dimensions, Series
from coxa.clinics.measures.few_points import with_enough_points
from coxa.disclosure.protect import Certificate
from coxa.tables.cells import Cell, Statistic
from coxa.tables.formats import cell
from coxa.tables.hidden import HIDDEN, RULE, hide
from coxa.tables.prose import Text, prose
from coxa.tables.records import Record, records
from coxa.tables.table import Align, Column, Footnote, Row, Table

T = TypeVar("T")

ALL = "all"
"""The unit of all clinics together."""

NOT_SHOWN = f"Not shown ({HIDDEN}): a number that is small, or would give a small number away."


COUNTED = re.compile(r"\d (of \d+ )?(episode|patient|therapist|questionnaire)", re.IGNORECASE)
"""A count of people in a reason."""

NO_DATA = "There are not enough data for this part."
TOO_FEW = "There are too few episodes with an outcome for a case-mix model."
NO_WEIGHTS = "Patients with an outcome cannot be weighted for those without one."
WITHOUT = {
    "discharge_date": "Many episodes that began long ago have no day of discharge and count as not due, so that "
    "completeness may look better than it is.",
}
"""Part -> what is published in place of a reason that has counts."""

SEVERAL = 3
"""Rows of a table from which on a column that is hidden as a whole is left out."""


class Published(Protocol):
    """An audit of which hidden numbers are NaN and hidden words empty, with the proof of what is hidden."""

    @property
    def audit(self) -> Audit:
        """The numbers that are shown."""

    @property
    def certificate(self) -> Certificate:
        """What was attacked, and what the attack found."""

    @property
    def found(self) -> Mapping[str, int]:
        """Severity -> number of findings in the data."""

    def note(self) -> str:
        """Say why a number is not shown."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An audit as a reader sees it.

    audit       : the numbers; NaN where they are hidden, or where there are none
    certificate : the proof of what is hidden; None where nothing is
    note        : why a number is not shown; empty where nothing is hidden
    findings    : severity -> number of findings in the data

    Examples
    --------
    >>> from datetime import date
    >>> from coxa.tables.cells import Statistic
    >>> hiding = Seen(audit=None, certificate=None, note="Counts below 5 are not shown.")
    >>> hiding.number("count", {"n": float("nan")}, Statistic("n")).text
    '*'
    """

    audit: Audit
    certificate: Certificate | None = None
    note: str = ""
    findings: Mapping[str, int] = field(default_factory=dict)

    @property
    def clinics(self) -> tuple[str, ...]:
        """Clinics with an episode, in their order."""
        frame = self.counts("clinic")
        return tuple(frame["clinic"].astype(str)) if len(frame) else ()

    @property
    def main(self) -> CaseMix | None:
        """The adjusted change of the main outcome, where it is there."""
        return self.audit.case_mix.get(self.audit.plan.main)

    def counts(self, *dimensions: str) -> pd.DataFrame:
        """Return the counts of groups; empty where they were not counted."""
        return self.audit.completeness.counts.get(dimensions, pd.DataFrame(columns=[*dimensions, "eligible"]))

    def all_counts(self) -> Record:
        """Return the counts of all episodes together."""
        dimensions: Dimensions = ()
        return records(self.audit.completeness.counts[dimensions])[0]

    def series(self, measure: str, clinic: str = ALL) -> Series | None:
        """Return a measure over time, of all clinics or of one; None where it is not there."""
        found = (one for one in self.audit.series if (one.measure, one.clinic) == (measure, clinic))
        return next(found, None)

    def decimals(self, outcome: str) -> int:
        """Return the decimals of means of an outcome."""
        return self.audit.plan.scale(outcome).decimals

    def number(self, rule: str, values: Mapping[str, Any], at: Statistic, decimals: int = 1) -> Cell:
        """Return a number as a cell; the sign of a hidden one where anything of it is hidden, a dash of none."""
        numbers = {name: math.nan if value is None else float(value) for name, value in values.items()}
        made = cell(rule, numbers, at, decimals)
        if not any(map(math.isnan, numbers.values())):
            return made
        return hide(made) if self.note else cell(rule, dict.fromkeys(numbers, math.nan), at, decimals)

    def word(self, text: str) -> Cell:
        """Return a word that depends on the data; the sign of a hidden one where it is hidden."""
        return Cell(text) if text else Cell(HIDDEN if self.note else "\N{EN DASH}", rule=RULE if self.note else "")

    def reason(self, text: str | None, instead: str) -> str:
        """Return why something is not there; where it is published, without the counts that such a reason has.

        A reason that counts people is replaced by `instead`, which does not. Empty where there is no reason.
        """
        return instead if self.note and COUNTED.search(text or "") else text or ""

    def why(self, part: str) -> str:
        """Return why a part of the audit is not there; empty where it is."""
        return self.reason(self.audit.without.get(part), WITHOUT.get(part, NO_DATA))

    def noted(self, table: Table) -> Table:
        """Return a table with a note on its hidden numbers, and without columns that are hidden as a whole."""
        hidden = [
            all(cells) for cells in zip(*([one.rule == RULE for one in row.cells] for row in table.rows()), strict=True)
        ]
        notes = list(table.footnotes)
        if any(hidden) and not all(hidden) and sum(1 for _ in table.rows()) >= SEVERAL:
            gone = [str(one.label) for one, all_of_it in zip(table.columns, hidden, strict=True) if all_of_it]
            table = _without_columns(table, hidden)
            notes.append(Footnote(f"Left out, as no number of it can be shown: {', '.join(gone)}."))
        if any(one.rule == RULE for row in table.rows() for one in row.cells):
            notes.append(Footnote(NOT_SHOWN))
        return replace(table, footnotes=tuple(notes))


def _without_columns(table: Table, gone: Sequence[bool]) -> Table:
    """Return a table without some of its columns."""

    def kept(cells: Sequence[T]) -> tuple[T, ...]:
        return tuple(one for one, left_out in zip(cells, gone, strict=True) if not left_out)

    groups = (
        replace(group, rows=tuple(replace(row, cells=kept(row.cells)) for row in group.rows)) for group in table.groups
    )
    return replace(table, columns=kept(table.columns), groups=tuple(groups))


def mostly_hidden(table: Table) -> bool:
    """Say whether more than half of the cells of a table are hidden."""
    cells = [one.rule == RULE for row in table.rows() for one in row.cells]
    return sum(cells) > len(cells) / 2


def seen(given: Published | Audit) -> Seen:
    """Return an audit as a reader of it sees it: what is published, or for their own eyes every number."""
    if not isinstance(given, Audit):
        return Seen(_with_limits(given.audit), given.certificate, given.note() or NOT_SHOWN, given.found)
    found: dict[str, int] = {}
    for finding in given.findings:
        found[finding.severity] = found.get(finding.severity, 0) + finding.n_rows
    return Seen(_with_limits(given), findings=found)


def _with_limits(audit: Audit) -> Audit:
    """Return an audit whose charts have limits only where they have points enough."""
    return replace(audit, series=tuple(map(with_enough_points, audit.series)))


def at(analysis: str, term: str = "", unit: str = "", period: str = "") -> Statistic:
    """Return where a number of an audit belongs: what is counted, of which clinic or therapist, and when."""
    return Statistic("", math.nan, "", analysis, term, period, unit)


def column(label: Text, align: Align = "right") -> Column:
    """Return a column of a table."""
    return Column(label, align)


def row(label: Any, *cells: Cell, strong: bool = False) -> Row:
    """Return a row of a table; its heading is found in the data."""
    return Row(str(label), cells, strong=strong, found=True)


def known(value: Any) -> bool:
    """Say whether a number is there and shown."""
    return value is not None and not pd.isna(value)


def sentence(*pieces: str | Cell | Any) -> Text:
    """Return a sentence of texts and cells."""
    return prose(*pieces)
