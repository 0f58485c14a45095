"""Numbers as precise as they are printed: more digits of a mean would tell of how many it is the mean."""

from __future__ import annotations

from dataclasses import replace

from coxa.figures.figure import Figure
from coxa.report.document import Block, Document, FigureBlock, TableBlock, with_blocks, with_texts
from coxa.tables.formats import rounded
from coxa.tables.prose import Text, with_cells
from coxa.tables.styles import STYLES
from coxa.tables.table import Table

DIGITS = 3
"""Significant digits of the numbers in figures that are shared."""


def as_printed(document: Document) -> Document:
    """Return a document whose cells keep no more of a number than they show, and its figures three digits."""
    style = STYLES[document.style]

    def text(one: Text) -> Text:
        return with_cells(one, lambda cell: rounded(cell, style))

    def table(one: Table) -> Table:
        groups = (
            replace(
                group,
                rows=tuple(replace(row, cells=tuple(rounded(cell, style) for cell in row.cells)) for row in group.rows),
            )
            for group in one.groups
        )
        return replace(one, groups=tuple(groups)).with_texts(text)

    def block(one: Block) -> Block:
        match one:
            case TableBlock(whole):
                return replace(one, table=table(whole))
            case FigureBlock(figure):
                return FigureBlock(_figure(figure))
        return with_texts(one, text)

    return with_blocks(document, block)


def _figure(figure: Figure) -> Figure:
    """Return a figure whose numbers, but for places on an axis, have few digits in the data and in the chart."""
    names = [str(name) for name in figure.data.select_dtypes("float") if name not in figure.along]
    if not names:
        return figure
    data = figure.data.assign(**{name: figure.data[name].map(_digits) for name in names})
    return replace(figure, data=data, digits=dict.fromkeys(names, DIGITS))


def _digits(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
