"""Numbers on one line: with their units and names, in a page, a PDF and a Word file, whatever the font."""

from __future__ import annotations

import io
import re
from typing import Any

import docx
import pytest
from pypdf import PdfReader

from coxa.report.document import Document, Paragraph, Section, TableBlock
from coxa.report.output.columns import fits_phone
from coxa.report.output.render import render_document
from coxa.tables.cells import Statistic
from coxa.tables.characters import JOINER, kept_whole, plain, typeset
from coxa.tables.formats import NO_BREAK, cell
from coxa.tables.prose import prose
from coxa.tables.table import Cell, Column, Row, RowGroup, Table

WHOLE = [
    "n = 385", "p < 0.001", "Week 12", "Month 12", "12 weeks", "5.7 points", "95% CI 1.6 to 9.9", "3 of 12",
    "[13.5, 46.5]", "80 %", "Table 3", "day 0", "I2 = 0", "10 kg",
]  # fmt: skip
APART = ["a of b", "as a whole", "in 3 visits and 4", "participants 12"]


@pytest.mark.parametrize("text", WHOLE)
def test_a_number_has_no_place_where_a_line_can_end(text: str) -> None:
    assert " " not in kept_whole(f"before {text}; after").removeprefix("before ").removesuffix(" after")


@pytest.mark.parametrize("text", APART)
def test_words_are_left_apart(text: str) -> None:
    assert kept_whole(text) == text


def test_a_text_has_as_many_characters_as_before_and_comes_back() -> None:
    text = "Of 189 participants at Week 12 (95% CI 1.6\N{EN DASH}9.9) 3 of 12"
    assert len(kept_whole(text)) == len(text)
    assert plain(typeset(text)) == text
    assert f"1.6{JOINER}\N{EN DASH}{JOINER}9.9" in typeset(text)


def small_document() -> Document:
    n = cell("count", {"n": 385}, Statistic("n", 385, "primary"))
    table = Table(
        "t",
        "At Month 12",
        "Arm",
        (Column("At Week 12", align="left"),),
        (RowGroup("", (Row("n = 4", (Cell("3 of 12"),)),)),),
    )
    said = Paragraph(prose("Analysed at Month 12 (n = ", n, "), 12 weeks after."))
    return Document(
        "A trial of 12 weeks", "Trial", (("Study", "a-1"),), (Section("one", "At Week 6", (said, TableBlock(table))),)
    )


def texts(form: str) -> str:
    made: Any = render_document(small_document(), form)  # type: ignore[arg-type]
    if form == "html":
        return re.sub(r"<style>.*?</style>|<script.*?</script>|<[^>]+>", "", made, flags=re.DOTALL)
    if form == "pdf":
        return " ".join("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages).split(" "))
    word = docx.Document(io.BytesIO(made))
    cells = [one.text for table in word.tables for row in table.rows for one in row.cells]
    return "\n".join([*(paragraph.text for paragraph in word.paragraphs), *cells])


@pytest.mark.parametrize("form", ["html", "pdf", "docx"])
def test_every_form_keeps_numbers_whole_in_titles_captions_headings_cells_and_across_the_pieces_of_a_sentence(
    form: str,
) -> None:
    shown = texts(form)
    for text in ("12 weeks", "Week 6", "Week 12", "Month 12", "n = 4", "3 of 12", "n = 385"):
        assert text.replace(" ", NO_BREAK) in shown
        assert text not in shown


def by_arm(n: int) -> Table:
    columns = tuple(Column(f"Arm {index} (N = 63)", spanner="Randomised") for index in range(n))
    row = Row("Age (years), mean (SD)", tuple(Cell("63.0 (7.0)") for _ in columns))
    return Table("by-arm", "Participants at baseline", "Characteristic", columns, (RowGroup("", (row,)),))


def test_a_table_that_is_wider_than_a_phone_has_a_block_for_each_row_there() -> None:
    assert fits_phone(by_arm(1))
    assert not fits_phone(by_arm(4))
    for n, stacked in ((1, False), (4, True)):
        page = str(render_document(Document("T", "", (), (Section("one", "One", (TableBlock(by_arm(n)),)),)), "html"))
        assert ('class="table stacked"' in page) == stacked
        assert plain(page).count('data-label="Randomised: Arm 3 (N = 63)"') == (1 if stacked else 0)


def test_columns_without_a_common_heading_have_no_empty_heading_above_them() -> None:
    columns = (Column("n"), Column("Arm A", spanner="Difference"), Column("Arm B", spanner="Difference"))
    table = Table("t", "T", "Row", columns, (RowGroup("", (Row("One", (Cell("1"), Cell("2"), Cell("3"))),)),))
    page = str(render_document(Document("T", "", (), (Section("one", "One", (TableBlock(table),)),)), "html"))
    assert re.search(r'<td colspan="1"></td>\s*<th scope="colgroup" colspan="2" class="spanner">Difference</th>', page)
    assert not re.search(r"<th[^>]*></th>", page)
