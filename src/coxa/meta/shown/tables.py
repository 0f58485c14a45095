"""The trials of a review as a table."""

from __future__ import annotations

from coxa.meta.review.answer import limits_of
from coxa.meta.review.run import Review
from coxa.meta.shown.written import Written, column, count
from coxa.tables.cells import Cell
from coxa.tables.formats import NONE
from coxa.tables.table import Footnote, Row, RowGroup, Table


def trials_table(review: Review) -> Table:
    """Return the trials of a review with their numbers, context and source; what was converted as notes."""
    written, plan = Written(review.plan), review.plan
    notes: dict[str, int] = {}
    rows = []
    for one in review.effects:
        marks = [str(notes.setdefault(note, len(notes) + 1)) for note in one.notes]
        effect = written.interval(one.estimate, limits_of(one, plan.model.level), one.name, "study")
        cells = (
            count(one.compared.n, "study", f"{one.name} compared"), count(one.reference.n, "study", f"{one.name} "
            "reference"),
            effect, Cell(one.context or NONE), Cell(one.source, mark=",".join(marks)),
        )  # fmt: skip
        rows.append(Row(one.label, cells))
    columns = (
        column(f"n, {plan.arms[0].lower()}"), column(f"n, {plan.arms[1].lower()}"),
        column(f"{written.short} ({written.level} CI)"), column("Context", "left"), column("Source", "left"),
    )  # fmt: skip
    foot = tuple(Footnote(note, str(place)) for note, place in notes.items())
    title = f"Trials: {written.measure} of {plan.outcome.label.lower()}"
    return Table("trials-table", title, "Trial", columns, (RowGroup("", tuple(rows)),), foot)
