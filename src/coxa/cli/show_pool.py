"""How a meta-analysis looks in a terminal: the answer, and a forest plot in characters."""

from __future__ import annotations

import typer
from rich.table import Table
from rich.text import Text

from coxa.cli.show import console
from coxa.meta.review.run import Review
from coxa.meta.shown.axis import Axis, axis, plain_number
from coxa.meta.shown.forest import ForestRow, forest_rows
from coxa.meta.shown.written import Written
from coxa.report.document import Paragraph
from coxa.reviews.page.answer import answer_section

CHARACTERS = 41
"""Of the plot; one of them is a step of the axis."""


def show_review(review: Review, quiet: bool) -> None:
    """Print the sentences of page one, and the forest plot."""
    if not quiet:
        for block in answer_section(review).blocks:
            if isinstance(block, Paragraph):
                typer.echo(str(block.text))
    rows, written = forest_rows(review), Written(review.plan)
    scale = axis([(row.low, row.high) for row in rows], written.null, 0, CHARACTERS - 1, ratio=written.is_ratio)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("trial", overflow="fold")
    table.add_column("weight", justify="right")
    table.add_column(_ends(scale), no_wrap=True)
    table.add_column(f"{written.short} ({written.level} CI)", no_wrap=True)
    for row in rows:
        weight = f"{100 * row.weight:.1f}%" if row.kind in ("study", "own") else ""
        style = "bold" if row.kind in ("pooled", "own") else ""
        table.add_row(
            *(Text(text, style=style) for text in (row.label, weight, drawn(row, scale, written.null), row.shown.text))
        )
    console().print(table)


def drawn(row: ForestRow, scale: Axis, null: float) -> str:
    """Return an interval in characters, with the line of no effect.

    Examples
    --------
    >>> from coxa.tables.cells import Cell
    >>> drawn(ForestRow("study", "A", ("", ""), 0.5, -2.0, -4.0, 0.0, Cell("")), Axis(-5, 5, 0, 10), 0.0)
    ' ╶─■─╴     '
    """
    marks = [" "] * (round(scale.width) + 1)
    marks[round(scale.place(null))] = "│"
    low, at, high = (round(scale.place(value)) for value in (row.low, row.estimate, row.high))
    line = "━" if row.kind == "prediction" else "─"
    for place in range(low, high + 1):
        marks[place] = line
    if row.kind != "prediction":
        marks[low] = "◁" if scale.outside(row.low) else "╶"
        marks[high] = "▷" if scale.outside(row.high) else "╴"
        marks[at] = {"pooled": "◆", "earlier": "◇"}.get(row.kind, "■")
    return "".join(marks)


def _ends(scale: Axis) -> str:
    low, high = (plain_number(float(f"{value:.2g}")) for value in (scale.low, scale.high))
    return f"{low}{' ' * max(1, CHARACTERS - len(low) - len(high))}{high}"
