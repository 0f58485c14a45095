"""A table that the plan names, that was read and checked, and that no section of the report shows."""

from __future__ import annotations

from coxa.cohort.cohort import Cohort
from coxa.cohort.dictionary import load_table
from coxa.tables.cells import Statistic
from coxa.tables.formats import cell
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table

OF_EVENTS = "outcome_events"
"""The table that is reported through the events of a plan; every other table of the dictionary has a section."""

NOWHERE = "No"


def not_reported_table(cohort: Cohort) -> Table | None:
    """List the tables that were read and are not shown, or only in part; None where there is none.

    Returns
    -------
    Table
        One row for each table with its participants and rows, and what of it is reported.
    """
    rows = []
    for name, frame in cohort.tables.items():
        if name != OF_EVENTS or frame.empty or _asked(cohort):
            continue
        counts = {"participants": frame["participant_id"].nunique(), "rows": len(frame)}
        cells = (
            cell("count", {"n": n}, Statistic(analysis="not_reported", term=f"{name} {what}"))
            for what, n in counts.items()
        )
        rows.append(Row(load_table(name).label, (*cells, Cell(NOWHERE))))
    if not rows:
        return None
    return Table(
        "not-reported",
        "Data that were read and checked, and are not reported, or not as a whole",
        "Table",
        (Column("Participants"), Column("Rows"), Column("Reported", "left")),
        (RowGroup("", tuple(rows)),),
        (Footnote("`coxa.read_cohort` gives these tables, checked, for an analysis of your own."),),
    )


def _asked(cohort: Cohort) -> bool:
    """Return whether an event of the plan is taken from the table of events."""
    return any(event.source.table == OF_EVENTS for event in getattr(cohort.study, "events", {}).values())
