"""A filled checklist as a table, and as plain rows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from coxa.report.topics.checklists.answer import Answer, Checklist
from coxa.tables.phrases import sentence_case
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table, identifier

if TYPE_CHECKING:
    import pandas as pd

PLAN_KEY = re.compile(r"plan: ([\w.]+)")
COLUMNS = ("guideline", "item", "topic", "status", "where", "missing", "keys")


def checklist_table(checklist: Checklist) -> Table:
    """Return item, topic, status, and where it is reported or what is missing."""
    answers = iter(checklist.answers)
    groups = tuple(
        RowGroup(section.title, tuple(_row(next(answers)) for _ in section.items))
        for section in checklist.guideline.sections
    )
    columns = (Column("Topic", "left"), Column("Status", "left"), Column("Where reported; what is missing", "left"))
    note = Footnote("Topics are paraphrased; the published checklist and its explanations are authoritative.")
    label = checklist.guideline.label
    title = f"{label} checklist: {counts_words(checklist)}"
    return Table(identifier("checklist", checklist.guideline.name), title, "Item", columns, groups, (note,))


def counts_words(checklist: Checklist) -> str:
    """Return "30 answered, 5 partly, 7 gaps"."""
    counts = checklist.counts()
    return f"{counts['answered']} answered, {counts['partly']} partly, {counts['gap']} {_gaps(counts['gap'])}"


def place_words(answer: Answer) -> str:
    """Return where an item is answered and what is missing, in one text; keys of the plan in backticks."""
    where = PLAN_KEY.sub(r"plan: `\1`", "; ".join(answer.where))
    said = [where, f"missing: {'; '.join(answer.missing)}" if answer.missing else ""]
    return ". ".join(sentence_case(part) for part in said if part)


def frame(checklists: Iterable[Checklist]) -> pd.DataFrame:
    """Return checklists as a table with the columns `COLUMNS`, one row per item."""
    import pandas as pd

    rows = [
        (
            checklist.guideline.name,
            answer.item.item,
            answer.item.topic,
            answer.status,
            "; ".join(answer.where),
            "; ".join(answer.missing),
            "; ".join(answer.keys),
        )
        for checklist in checklists
        for answer in checklist.answers
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype="string")


def _row(answer: Answer) -> Row:
    cells = (Cell(answer.item.topic), Cell(answer.status.capitalize()), Cell(place_words(answer)))
    return Row(answer.item.item, cells)


def _gaps(number: int) -> str:
    return "gap" if number == 1 else "gaps"
