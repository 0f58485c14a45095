"""Tables that are tables: headings that repeat, cells that can be edited, notes below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coxa.report.columns import Layout, layout
from coxa.report.word.captions import add_caption
from coxa.report.word.styles import CELL, INK, NOTE, SOFT, TABLE, add_paragraph
from coxa.report.word.xml import element
from coxa.tables.characters import printable
from coxa.tables.table import Row, Table

if TYPE_CHECKING:
    from docx.document import Document as Word

STYLE_ID = CELL.replace(" ", "")
"""Set without looking it up among all styles, which takes most of the time of a large table."""

NOTE_SPACE = 50800
"""Between a table and its notes: four points, in the units of Word."""

INDENT = 10.0
"""Points by which a row is indented for each level."""


def add_table(word: Word, table: Table, number: int) -> None:
    """Add caption, table and notes; a table that is too wide stands on a page of its own, on its side."""
    placed = layout(table)
    if placed.sideways:
        _turn(word)
    add_caption(word, "Table", number, printable(table.title), printable(table.subtitle))
    _table(word, table, placed)
    for index, note in enumerate(table.footnotes):
        said = add_paragraph(word, "", NOTE)
        said.paragraph_format.keep_with_next = index + 1 < len(table.footnotes)
        said.paragraph_format.space_before = None if index else NOTE_SPACE
        if note.mark:
            said.add_run(printable(note.mark)).font.superscript = True
            said.add_run(" ")
        said.add_run(printable(str(note.text)))
    add_paragraph(word, "", NOTE)
    if placed.sideways:
        _turn(word)


def _turn(word: Word) -> None:
    """Begin a page that is turned against the one before; header and footer stay as they are."""
    from docx.enum.section import WD_ORIENT, WD_SECTION

    page = word.add_section(WD_SECTION.NEW_PAGE)
    page.page_width, page.page_height = page.page_height, page.page_width
    turned = (page.page_width or 0) > (page.page_height or 0)
    page.orientation = WD_ORIENT.LANDSCAPE if turned else WD_ORIENT.PORTRAIT


def _table(word: Word, table: Table, placed: Layout) -> None:
    from docx.shared import Pt

    spanned = any(column.spanner for column in table.columns)
    n_head = 2 if spanned else 1
    n_body = sum(len(group.rows) + bool(group.label) for group in table.groups)
    drawn = word.add_table(n_head + n_body, len(table.columns) + 1, style=TABLE)
    drawn.autofit = False
    for column, width in zip(drawn.columns, placed.widths, strict=True):
        column.width = Pt(width)
    lines = [list(row.cells) for row in drawn.rows]
    for cells in lines:
        for cell, width in zip(cells, placed.widths, strict=True):
            cell.width = Pt(width)
    for row in drawn.rows:
        row._tr.get_or_add_trPr().append(element("w:cantSplit"))
    _head(drawn, lines[:n_head], table, placed.size)
    body = iter(lines[n_head:])
    for group in table.groups:
        if group.label:
            cells = next(body)
            merged = cells[0].merge(cells[-1])
            _write(merged, group.label, "left", placed.size, bold=True).paragraph_format.keep_with_next = True
        for content in group.rows:
            _row(next(body), table, content, placed.size)
    kept = lines if placed.whole else lines[-1:]
    for cells in kept if table.footnotes else kept[:-1]:
        cells[0].paragraphs[0].paragraph_format.keep_with_next = True


def _head(drawn: Any, lines: list[list[Any]], table: Table, size: float) -> None:
    for row in list(drawn.rows)[: len(lines)]:
        row._tr.get_or_add_trPr().append(element("w:tblHeader"))
    for cell, column in zip(lines[-1][1:], table.columns, strict=True):
        _write(cell, str(column.label), column.align, size, bold=True)
    for cell in lines[-1]:
        _line_below(cell, INK, "6")
    if len(lines) == 1:
        _write(lines[0][0], table.stub or "Row", "left", size, bold=True)
        return
    start = 1
    for label, width in table.spanners():
        merged = lines[0][start].merge(lines[0][start + width - 1])
        _write(merged, str(label), "center", size, bold=True)
        if label:
            _line_below(merged, SOFT, "4")
        start += width
    merged = lines[0][0].merge(lines[1][0])
    _write(merged, table.stub or "Row", "left", size, bold=True)


def _row(cells: list[Any], table: Table, row: Row, size: float) -> None:
    from docx.shared import Pt

    heading = _write(cells[0], row.label, "left", size, bold=row.strong)
    heading.paragraph_format.left_indent = Pt(INDENT * row.level) if row.level else None
    for cell, content, column in zip(cells[1:], row.cells, table.columns, strict=True):
        said = _write(cell, content.text, column.align, size, bold=row.strong)
        if content.mark:
            said.add_run(printable(content.mark)).font.superscript = True


def _write(cell: Any, text: str, align: str, size: float, bold: bool = False) -> Any:
    """Write into a cell; return its paragraph."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    said = cell.paragraphs[0]
    for empty in cell.paragraphs[1:]:
        empty._p.getparent().remove(empty._p)
    said._p.style = STYLE_ID
    if align != "left":
        said.alignment = WD_ALIGN_PARAGRAPH.RIGHT if align == "right" else WD_ALIGN_PARAGRAPH.CENTER
    run = said.add_run(printable(text))
    run.bold = bold or None
    if size != 9:
        run.font.size = Pt(size)
    return said


def _line_below(cell: Any, colour: str, width: str) -> None:
    edge = element("w:bottom", val="single", sz=width, space="0", color=colour)
    cell._tc.get_or_add_tcPr().append(element("w:tcBorders", edge))
