"""Every change of a plan since it was locked, as a table."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.study.changes import value_words
from coxa.study.deviations import Deviation, PlanStatus
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table

LONGEST = 240
"""Characters of a value that the table shows; run.json has all of them."""
PRIMARY = "*"


def deviations_table(status: PlanStatus) -> Table:
    """List the deviations: recorded ones by amendment, then those without record."""
    columns = (Column("From", "left"), Column("To", "left"), Column("When", "left"), Column("Why", "left"))
    notes = []
    if any(deviation.primary for deviation in status.deviations):
        notes.append(Footnote("Concerns a primary analysis, its estimand, or what these rest on.", PRIMARY))
    return Table(
        "deviations", "Changes since the plan was locked", "What", columns, tuple(_groups(status)), tuple(notes)
    )


def _groups(status: PlanStatus) -> Iterator[RowGroup]:
    recorded = tuple(_row(deviation) for deviation in status.deviations if deviation.recorded)
    unrecorded = tuple(_row(deviation) for deviation in status.unrecorded)
    if recorded:
        yield RowGroup("Recorded as amendments", recorded)
    if unrecorded:
        yield RowGroup("Not recorded", unrecorded)


def _row(deviation: Deviation) -> Row:
    change = deviation.change
    words = (
        _short(value_words(change.before)),
        _short(value_words(change.after)),
        deviation.date or "not recorded",
        deviation.reason or "not recorded",
    )
    what = change.what[:1].upper() + change.what[1:]
    return Row(f"{what} {PRIMARY}" if deviation.primary else what, tuple(Cell(text) for text in words))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
