"""Tables that are too wide for an upright page, in parts of their columns one below the other."""

from __future__ import annotations

import io
from itertools import chain

import docx
import pytest
from docx.enum.section import WD_ORIENT
from pypdf import PdfReader

from coxa.report.document import Document, Paragraph, Section, TableBlock
from coxa.report.output.columns import UPRIGHT, layout
from coxa.report.output.panels import SMALLEST, panels
from coxa.report.output.pdf import render_pdf
from coxa.report.output.word.render import render_word
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table


def by_arm(arms: int, rows: int = 8, spanned: bool = False, words: str = "12.3 (4.5)") -> Table:
    """Return a table with a column for each arm, or two under the name of each."""
    names = [f"Treatment of arm {k} (N = 60)" for k in range(arms)]
    columns = [Column(name) for name in names]
    if spanned:
        columns = [Column(label, spanner=name) for name in names for label in ("n", "Mean (SD), points")]
    body = tuple(Row(f"Characteristic {k}", tuple(Cell(words) for _ in columns)) for k in range(rows))
    notes = (Footnote("SD, standard deviation."),)
    return Table("by-arm", "By arm", "Characteristic", tuple(columns), (RowGroup("", body),), notes)


def test_a_table_that_fits_is_whole() -> None:
    assert panels(by_arm(3)) == ((by_arm(3), layout(by_arm(3))),)


@pytest.mark.parametrize("other_fonts", [False, True])
@pytest.mark.parametrize("arms", [8, 9, 12])
def test_a_short_wide_table_is_parted_and_no_column_is_lost(arms: int, other_fonts: bool) -> None:
    table = by_arm(arms, words="12.3 (4.5 to 20.1)")
    assert layout(table, other_fonts).sideways
    parts = panels(table, other_fonts)
    assert len(parts) > 1
    assert tuple(chain.from_iterable(part.columns for part, _ in parts)) == table.columns
    assert len({placed.size for _, placed in parts}) == 1
    for part, placed in parts:
        assert [row.label for row in part.rows()] == [row.label for row in table.rows()]
        assert (not placed.sideways, placed.size >= SMALLEST, sum(placed.widths) <= UPRIGHT + 1e-6) == (True,) * 3


def test_columns_under_one_heading_stay_together() -> None:
    table = by_arm(7, spanned=True)
    parts = panels(table, other_fonts=True)
    assert len(parts) > 1
    assert [len(part.columns) % 2 for part, _ in parts] == [0] * len(parts)


def test_a_long_table_and_columns_that_are_not_alike_are_turned() -> None:
    assert [placed.sideways for _, placed in panels(by_arm(12, rows=40))] == [True]
    table = by_arm(9, words="12.3 (4.5 to 20.1)")
    assert len(panels(table)) > 1
    mixed = tuple(Column(column.label, "left" if k == 3 else "right") for k, column in enumerate(table.columns))
    assert [p.sideways for _, p in panels(Table("t", "T", "S", mixed, table.groups))] == [True]


def test_rows_without_a_text_in_a_part_are_not_in_it_but_what_heads_others_is() -> None:
    """The second half of the columns has numbers only in the second row and in the one that is headed by the third."""
    half, none = tuple(Cell("12.3 (4.5 to 20.1)") for _ in range(4)), (Cell(""),) * 4
    rows = (
        Row("Counted", (*half, *none)),
        Row("Compared", (*half, *half)),
        Row("Sex", (*none, *none)),
        Row("Female", (*half, *half), level=1),
        Row("Of the first alone", (*half, *none), level=1),
        Row("Heads nothing", (*half, *none)),
        Row("Below it", (*half, *none), level=1),
    )
    spans = ["Shared by four columns"] * 4 + ["Shared by the other four"] * 4
    columns = tuple(Column(f"Treatment {k} (N = 60)", spanner=spans[k]) for k in range(8))
    (first, _), (second, _) = panels(Table("t", "T", "S", columns, (RowGroup("", rows),)))
    assert [row.label for row in second.rows()] == ["Compared", "Sex", "Female"]
    assert [row.label for row in first.rows()] == [row.label for row in rows]


def document() -> Document:
    blocks = (Paragraph("Before."), TableBlock(by_arm(8, words="12.3 (4.5 to 20.1)")), Paragraph("After."))
    return Document("T", "", (), (Section("one", "One", blocks),))


def test_text_flows_around_the_parts_in_word_and_pdf() -> None:
    word = docx.Document(io.BytesIO(render_word(document())))
    assert len(word.tables) > 1
    assert [page.orientation for page in word.sections] == [WD_ORIENT.PORTRAIT]
    assert sum(paragraph.style is not None and paragraph.style.name == "Caption" for paragraph in word.paragraphs) == 1
    (page,) = PdfReader(io.BytesIO(render_pdf(document()))).pages[-1:]
    text = page.extract_text()
    assert text.index("Before.") < text.index("Characteristic 0") < text.index("SD, standard") < text.index("After.")
    assert text.count("Characteristic 0") > 1
