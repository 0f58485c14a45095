"""Where every number of a document stands: in cells of tables, their headings and notes, in sentences, in figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from coxa.figures.figure import Figure
from coxa.report.document import Block, Card, Document, List, Paragraph, TableBlock
from coxa.tables.cells import BEHIND, WHOSE, Cell, Statistic
from coxa.tables.prose import Text, cells_of
from coxa.tables.table import Table


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a document with a number in it.

    name  : "T3.r4.c2" (table 3, row 4, column 2; headings are not counted), "T3.h2.n1" (the first number in the heading
            of column 2), "T3.s1.n1" (in the first heading above several columns), "T3.f1.n1" (in the first note),
            "answer.b2.n1" (in the second block of the section answer), "answer.b5.i2.n1" (in the second item or fact
            of its fifth block), "F3.r2" (drawn in figure 3: the second row of its data)
    table : id of the table or figure, or of the section where it is a sentence
    """

    name: str
    table: str
    row_group: str
    row_label: str
    column_label: str
    cell: Cell


def places(document: Document) -> Iterator[Place]:
    """Yield every place of a document in reading order, at its length."""
    numbers = document.numbers()
    for section in document.walk_shown():
        for index, block in enumerate(section.blocks, start=1):
            if isinstance(block, TableBlock):
                yield from _in_table(block.table, numbers[block.table.id])
            else:
                for name, text in _sentences(block, f"{section.id}.b{index}"):
                    yield from _in_text(text, name, section.id, row_label=str(text))


def drawn_places(document: Document) -> Iterator[Place]:
    """Yield a place for each row of the data of each figure, but for figures of single participants.

    A number that has no term of its own has the figure and its place on the axes for one.
    """
    numbers = document.numbers()
    for figure in document.figures():
        if not figure.of_people:
            yield from _in_figure(figure, numbers[figure.id])


def _in_figure(figure: Figure, number: int) -> Iterator[Place]:
    aside = {*WHOSE, *BEHIND, *figure.along}
    drawn = [str(name) for name in figure.data.select_dtypes("number") if name not in aside]
    said = [str(name) for name in figure.data if name in figure.along or name not in {*aside, *drawn}]
    for index, row in enumerate(figure.data.astype(object).to_dict("records"), start=1):
        told = ", ".join(f"{name} {_short(row[name])}" for name in said if pd.notna(row[name]) and row[name] != "")
        whose = {name: str(row[name]) for name in WHOSE if name in row}
        whose["term"] = whose.get("term") or ": ".join(filter(None, (figure.id, told)))
        known = (name for name in drawn if pd.notna(row[name]))
        cell = Cell("", tuple(Statistic(name, float(row[name]), **whose) for name in known))
        yield Place(f"F{number}.r{index}", figure.id, "", told, "", cell)


def _short(value: object) -> str:
    """Return a place on an axis without what the last bits of a number add to it."""
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def _sentences(block: Block, name: str) -> Iterator[tuple[str, Text]]:
    match block:
        case Paragraph(text):
            yield name, text
        case List(items):
            yield from ((f"{name}.i{index}", item) for index, item in enumerate(items, start=1))
        case Card(facts=facts):
            yield from ((f"{name}.i{index}", fact) for index, (_, fact) in enumerate(facts, start=1))


def _in_table(table: Table, number: int) -> Iterator[Place]:
    for index, (heading, _) in enumerate(table.spanners(), start=1):
        yield from _in_text(heading, f"T{number}.s{index}", table.id, column_label=str(heading))
    for index, column in enumerate(table.columns, start=1):
        yield from _in_text(column.label, f"T{number}.h{index}", table.id, column_label=str(column.label))
    at = 0
    for group in table.groups:
        for row in group.rows:
            at += 1
            for index, (column, cell) in enumerate(zip(table.columns, row.cells, strict=True), start=1):
                label = f"{column.spanner}: {column.label}" if column.spanner else str(column.label)
                yield Place(f"T{number}.r{at}.c{index}", table.id, group.label, row.label, label, cell)
    for index, note in enumerate(table.footnotes, start=1):
        yield from _in_text(note.text, f"T{number}.f{index}", table.id, row_label=str(note.text))


def _in_text(text: Text, name: str, table: str, row_label: str = "", column_label: str = "") -> Iterator[Place]:
    for index, cell in enumerate(cells_of(text), start=1):
        yield Place(f"{name}.n{index}", table, "", row_label, column_label, cell)
