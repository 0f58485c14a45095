"""Tables that are tables: headings that repeat, cells that can be edited, notes below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from html import escape
from typing import TYPE_CHECKING

from coxa.report.output.columns import Layout
from coxa.report.output.panels import panels, stay_together
from coxa.report.output.word.captions import Place, add_caption
from coxa.report.output.word.pages import turn, turn_with_headings
from coxa.report.output.word.styles import CELL, INK, NOTE, SOFT, TABLE, add_paragraph
from coxa.tables.characters import printable, typeset
from coxa.tables.table import Row, Table

if TYPE_CHECKING:
    from docx.document import Document as Word

STYLE_ID = CELL.replace(" ", "")

SIZE = 8.5
"""Of the style of cells, in points."""

NOTE_SPACE = 50800
"""Between a table and its notes: four points, in the units of Word."""

TOGETHER = 4
"""Last rows that stay on one page with the notes."""

INDENT = 10.0
"""Points by which a row is indented for each level."""


def add_table(word: Word, table: Table, place: Place) -> None:
    """Add caption, table and notes; one that is too wide is in parts, or on a page on its side, with its headings."""
    from docx.oxml import parse_xml

    parts = panels(table, other_fonts=True)
    sideways = parts[0][1].sideways
    if sideways:
        turn_with_headings(word)
    add_caption(word, "Table", place, typeset(table.title), typeset(table.subtitle))
    together = stay_together(parts, table, other_fonts=True)
    for at, (part, placed) in enumerate(parts):
        if at:
            add_paragraph(word, "", NOTE).paragraph_format.keep_with_next = together
        followed = together if at + 1 < len(parts) else bool(table.footnotes)
        word.element.body.sectPr.addprevious(parse_xml(_table(part, placed, followed)))
    for index, note in enumerate(table.footnotes):
        said = add_paragraph(word, "", NOTE)
        said.paragraph_format.keep_with_next = index + 1 < len(table.footnotes)
        said.paragraph_format.space_before = None if index else NOTE_SPACE
        if note.mark:
            said.add_run(printable(note.mark)).font.superscript = True
            said.add_run(" ")
        said.add_run(typeset(str(note.text)))
    add_paragraph(word, "", NOTE)
    if sideways:
        turn(word)


def _table(table: Table, placed: Layout, followed: bool) -> str:
    """Return a table as WordprocessingML; by python-docx, cell for cell, it took ten times as long.

    One that is `followed` by another part of it is kept on its page.
    """
    from docx.oxml.ns import nsdecls

    width = [round(20 * points) for points in placed.widths]
    lines = [*_head(table, width, placed), *_body(table, width, placed, followed)]
    grid = "".join(f'<w:gridCol w:w="{one}"/>' for one in width)
    return (
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblStyle w:val="{TABLE.replace(" ", "")}"/><w:tblW w:type="auto" w:w="0"/>'
        '<w:tblLayout w:type="fixed"/><w:tblLook w:firstColumn="1" w:firstRow="1" w:lastColumn="0" w:lastRow="0" '
        f'w:noHBand="0" w:noVBand="1" w:val="04A0"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{"".join(lines)}</w:tbl>'
    )


def _head(table: Table, width: list[int], placed: Layout) -> Iterator[str]:
    """Yield the lines that are repeated on each page: headings above several columns, and those of the columns."""
    spanned = any(column.spanner for column in table.columns)
    stub = partial(_said, align="left", size=placed.size, bold=True, keep=placed.whole)
    named = stub(table.stub or "Row")
    ink, soft = _line_below(INK, 6), _line_below(SOFT, 4)
    if spanned:
        cells, start = [_cell(named, width[0], '<w:vMerge w:val="restart"/>')], 1
        for label, columns in table.spanners():
            wide = sum(width[start : start + columns])
            said = _said(str(label), "center", placed.size, bold=True)
            cells.append(_cell(said, wide, f'<w:gridSpan w:val="{columns}"/>{soft if label else ""}'))
            start += columns
        yield _line(cells, heading=True)
    first = _cell(stub(""), width[0], f"<w:vMerge/>{ink}") if spanned else _cell(named, width[0], ink)
    others = (
        _cell(_said(str(column.label), column.align, placed.size, bold=True), one, ink)
        for column, one in zip(table.columns, width[1:], strict=True)
    )
    yield _line([first, *others], heading=True)


def _body(table: Table, width: list[int], placed: Layout, followed: bool) -> Iterator[str]:
    """Yield the lines below the head: for each group its heading and its rows."""
    left = sum(len(group.rows) + bool(group.label) for group in table.groups)
    for group in table.groups:
        if group.label:
            left -= 1
            said = _said(group.label, "left", placed.size, bold=True, keep=True)
            yield _line([_cell(said, sum(width), f'<w:gridSpan w:val="{len(width)}"/>')])
        for row in group.rows:
            left -= 1
            keep = followed if not left else placed.whole or left < TOGETHER
            yield _row(table, row, width, placed.size, keep)


def _row(table: Table, row: Row, width: list[int], size: float, keep: bool) -> str:
    heading = _said(row.label, "left", size, bold=row.strong, keep=keep, indent=INDENT * row.level)
    cells = (
        _cell(_said(cell.text, column.align, size, bold=row.strong, mark=cell.mark), one)
        for cell, column, one in zip(row.cells, table.columns, width[1:], strict=True)
    )
    return _line([_cell(heading, width[0]), *cells])


def _line(cells: Iterable[str], heading: bool = False) -> str:
    repeated = "<w:tblHeader/>" if heading else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{repeated}</w:trPr>{''.join(cells)}</w:tr>"


def _cell(said: str, width: int, more: str = "") -> str:
    return f'<w:tc><w:tcPr><w:tcW w:type="dxa" w:w="{width}"/>{more}</w:tcPr>{said}</w:tc>'


def _said(
    text: str, align: str, size: float, *, bold: bool = False, keep: bool = False, indent: float = 0, mark: str = ""
) -> str:
    """Return the paragraph of a cell; `keep` keeps it on the page of the next one, `indent` is in points."""
    placed = "<w:keepNext/>" if keep else ""
    placed += f'<w:ind w:left="{round(20 * indent)}"/>' if indent else ""
    placed += f'<w:jc w:val="{align}"/>' if align != "left" else ""
    look = f'<w:sz w:val="{round(2 * size)}"/>' if size != SIZE else ""
    runs = _run(text, ("<w:b/>" if bold else "") + look)
    runs += _run(mark, f'{look}<w:vertAlign w:val="superscript"/>')
    return f'<w:p><w:pPr><w:pStyle w:val="{STYLE_ID}"/>{placed}</w:pPr>{runs}</w:p>'


def _run(text: str, look: str) -> str:
    lines = escape(typeset(text), quote=False).splitlines()
    said = "<w:br/>".join(f'<w:t xml:space="preserve">{line}</w:t>' for line in lines)
    return f"<w:r><w:rPr>{look}</w:rPr>{said}</w:r>" if said else ""


def _line_below(colour: str, width: int) -> str:
    return f'<w:tcBorders><w:bottom w:val="single" w:sz="{width}" w:space="0" w:color="{colour}"/></w:tcBorders>'
