"""A finished document in another style: the same numbers, each written again from the statistics behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from coxa.errors import check_option
from coxa.figures.figure import Figure
from coxa.report.document import Block, Document, FigureBlock, TableBlock, with_blocks, with_texts
from coxa.study.words import StyleName
from coxa.tables.formats import restyled
from coxa.tables.prose import Prose, Text, with_cells
from coxa.tables.styles import STYLES, Style
from coxa.tables.table import Column, Row, RowGroup, Table

PERCENT = "%)"
"""How a heading ends that says what the percentages below it are."""


def in_style(document: Document, style: StyleName) -> Document:
    """Return a document with its numbers written in a style.

    Parameters
    ----------
    document
        In the plain style, as the sections make it.
    style
        A name of `coxa.tables.styles.STYLES`.

    Returns
    -------
    Document
        Every cell keeps its statistics, and has the rule by which it is written now.

    Raises
    ------
    OptionError
        There is no such style.
    """
    check_style(style)
    if style == document.style:
        return document
    rules = STYLES[style]
    return replace(with_blocks(document, lambda block: _block(block, rules)), style=style)


def check_style(style: str) -> StyleName:
    """Return the name of a style; refuse one that there is not."""
    return check_option("style", style, tuple(STYLES))


def _block(block: Block, style: Style) -> Block:
    match block:
        case TableBlock(table):
            return replace(block, table=_table(table, style))
        case FigureBlock(figure):
            return FigureBlock(_figure(figure, style))
    return with_texts(block, lambda text: _text(text, style))


def _table(table: Table, style: Style) -> Table:
    written = table.with_texts(lambda text: _text(text, style))
    return replace(written, groups=tuple(_group(group, table, style) for group in table.groups))


def _group(group: RowGroup, table: Table, style: Style) -> RowGroup:
    """Write the rows of a group; a row that is indented stands under the heading of the last that is not."""
    rows, above = [], ""
    for row in group.rows:
        above = above if row.level else row.label
        said = any(PERCENT in heading for heading in (table.stub, group.label, above, row.label))
        rows.append(_row(row, table.columns, said, style))
    return replace(group, rows=tuple(rows))


def _row(row: Row, columns: tuple[Column, ...], said: bool, style: Style) -> Row:
    cells = tuple(
        restyled(cell, style, said or PERCENT in str(column.label) or PERCENT in str(column.spanner))
        for cell, column in zip(row.cells, columns, strict=True)
    )
    return replace(row, label=_words(row.label, style.words), cells=cells)


def _figure(figure: Figure, style: Style) -> Figure:
    """Write the numbers that stand in a figure and in its words."""
    shown = tuple(restyled(cell, style) for cell in figure.shown)
    words = with_cells(figure.words, lambda cell: restyled(cell, style))
    return replace(figure, shown=shown, words=words, decimal_mark=style.decimal_mark)


def _text(text: Text, style: Style) -> Text:
    """Return a text in the words of a style, with its numbers written anew."""
    if isinstance(text, str):
        return _words(text, style.words)
    pieces = (_words(one, style.words) if isinstance(one, str) else restyled(one, style) for one in text.pieces)
    return Prose(tuple(pieces))


def _words(text: str, words: Mapping[str, str]) -> str:
    """Return a heading or note in the words of a style; a word of one letter is replaced where it is the whole."""
    if text in words:
        return words[text]
    for before, after in words.items():
        if len(before) > 1:
            text = text.replace(before, after)
    return text
