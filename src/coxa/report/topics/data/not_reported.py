"""Tables that the plan names, that were read and checked, and that no section of the report shows."""

from __future__ import annotations

from coxa.cohort.cohort import Cohort
from coxa.cohort.dictionary import load_table
from coxa.tables.cells import Statistic
from coxa.tables.formats import cell
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table

SHOWN = frozenset(
    {
        "participants",
        "screening",
        "assessments",
        "item_responses",
        "intercurrent_events",
        "treatment_sessions",
        "session_totals",
        "daily_diary",
        "sport_training",
        "co_interventions",
        "adverse_events",
    }
)
"""Tables of the dictionary that the report shows as a whole."""

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
        if name in SHOWN or frame.empty:
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
