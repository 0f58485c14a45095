"""Every change of a plan since it was locked, as a table."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.study.locking.content import value_words
from coxa.study.locking.deviations import Deviation, PlanStatus
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table

LONGEST = 240
"""Characters of a value that the table shows; run.json has all of them."""
PRIMARY = "†"


def deviations_table(status: PlanStatus) -> Table:
    """List the deviations under their amendment, with its day and reason; then those without record."""
    columns = (Column("From", "left"), Column("To", "left"))
    notes = []
    if any(deviation.primary for deviation in status.deviations):
        notes.append(Footnote("Concerns a primary analysis, its estimand, or what these rest on.", PRIMARY))
    groups = tuple(_groups(status))
    return Table("deviations", "Changes since the plan was locked", "What", columns, groups, tuple(notes))


def _groups(status: PlanStatus) -> Iterator[RowGroup]:
    for number in range(1, len(status.lock.entries) if status.lock else 1):
        mine = [deviation for deviation in status.deviations if deviation.amendment == number]
        if mine:
            yield RowGroup(f"Amendment {number}, {mine[0].date}: {mine[0].reason}", tuple(map(_row, mine)))
    if status.unrecorded:
        yield RowGroup("Not recorded: no date and no reason", tuple(map(_row, status.unrecorded)))


def _row(deviation: Deviation) -> Row:
    change = deviation.change
    what = change.what[:1].upper() + change.what[1:]
    values = (Cell(_short(value_words(value))) for value in (change.before, change.after))
    return Row(f"{what}\N{NO-BREAK SPACE}{PRIMARY}" if deviation.primary else what, tuple(values))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
