"""The cascade from eligible to an outcome in time, as a figure of bars and as a table."""

from __future__ import annotations

import pandas as pd

from coxa.clinics.audit import STAGES
from coxa.clinics.page.seen import ALL, Seen, at, column, known, row
from coxa.figures.drawing import Drawing, rect, text
from coxa.figures.figure import Figure
from coxa.figures.theme import GRID, OKABE_ITO, TEXT_SIZE
from coxa.tables.cells import Cell
from coxa.tables.formats import NONE
from coxa.tables.prose import joined, prose
from coxa.tables.table import Footnote, RowGroup, Table

LABELS = {
    "eligible": "Eligible",
    "asked": "Asked to take part",
    "intake": "Intake questionnaire filled in",
    "due": "Discharge questionnaire due",
    "done": "Discharge questionnaire in time",
}
"""Stage -> how it is called."""

WIDTH, LEFT, RIGHT, STEP, BAR = 640.0, 220.0, 110.0, 34.0, 22.0


def cascade_table(page: Seen) -> Table:
    """Return the counts of the stages, each among those counted before."""
    counts = page.all_counts()
    rows = []
    for before, stage in zip((STAGES[0], *STAGES), STAGES, strict=False):
        n = counts[stage]
        cells = [page.number("count", {"n": n}, at("cascade", stage, ALL))]
        for of, name in ((STAGES[0], "of eligible"), (before, "of the stage before")):
            share = n / counts[of] if counts[of] > 0 else float("nan")
            cells.append(page.number("share", {"share": share}, at("cascade", f"{stage} {name}", ALL)))
        if stage == STAGES[0]:
            cells[1:] = [Cell(NONE), Cell(NONE)]
        rows.append(row(LABELS[stage], *cells))
    columns = (column("Episodes"), column("Of eligible"), column("Of the stage before"))
    note = (
        "Each stage counts episodes that reached all stages before it. A discharge questionnaire is due when the "
        "episode has ended and the window for answering is over. Where the data do not say who is eligible or who was "
        "asked, every episode counts as both."
    )
    title = "From eligible to an outcome in time"
    return page.noted(Table("cascade", title, "Stage", columns, (RowGroup("", tuple(rows)),), (Footnote(note),)))


def cascade_figure(page: Seen) -> Figure:
    """Draw a bar for each stage, with its count and its share of those eligible."""
    counts = page.all_counts()
    numbers = [float(counts[stage]) for stage in STAGES]
    shown = tuple(
        page.number("count", {"n": n}, at("cascade", stage, ALL)) for n, stage in zip(numbers, STAGES, strict=True)
    )
    said = joined("; ", (prose(f"{LABELS[stage]}: ", cell) for stage, cell in zip(STAGES, shown, strict=True)))
    data = pd.DataFrame({"stage": [LABELS[stage] for stage in STAGES], "n": pd.array(numbers, dtype="Int64")})
    words = prose("A bar for each stage. ", said, ".")
    return Figure(
        "cascade-figure",
        "From eligible to an outcome in time",
        lambda texts: _drawing(numbers, texts),
        words,
        data,
        shown,
    )


def _drawing(numbers: list[float], texts: object) -> Drawing:
    room, most = WIDTH - LEFT - RIGHT, max((n for n in numbers if known(n)), default=1.0) or 1.0
    marks: list[str] = []
    for place, (stage, n, said) in enumerate(zip(STAGES, numbers, list(texts), strict=True)):  # type: ignore[call-overload]
        y = place * STEP + 6
        share = n / numbers[0] if known(n) and numbers[0] > 0 else float("nan")
        marks.append(text(0, y + 16, LABELS[stage], TEXT_SIZE))
        marks.append(rect(LEFT, y, room, BAR, fill=GRID, stroke="none"))
        if known(n):
            marks.append(rect(LEFT, y, room * n / most, BAR, fill=OKABE_ITO[0], stroke="none"))
        label = f"{said} ({100 * share:.0f}%)" if known(share) and place else said
        marks.append(text(LEFT + room + 10, y + 16, label, TEXT_SIZE, bold=True))
    return Drawing(WIDTH, len(STAGES) * STEP + 4, tuple(marks))
