"""The report as a Word file: real headings, tables, captions and fields, and the same bytes every time."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import datetime
from typing import Any

import docx
import pytest
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.oxml.ns import qn

from coxa.report.document import Document, Length, Paragraph, Section, TableBlock
from coxa.report.output.columns import ems, layout
from coxa.report.output.word.render import render_word
from coxa.tables.characters import JOINER, plain, typeset
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table
from tests.spec.small_trial import built
from tests.spec.test_report_pdf import wide


@pytest.fixture(scope="module")
def document() -> Document:
    return built()


@pytest.fixture(scope="module")
def file(document: Document) -> bytes:
    return render_word(document)


@pytest.fixture(scope="module")
def word(file: bytes) -> Any:
    return docx.Document(io.BytesIO(file))


def test_nothing_in_the_file_says_when_it_was_made(file: bytes, word: Any) -> None:
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        assert {part.date_time for part in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert word.core_properties.created == word.core_properties.modified
    assert word.core_properties.created.replace(tzinfo=None) == datetime(2000, 1, 1)


def test_the_file_has_a_title_and_a_language(word: Any) -> None:
    assert word.core_properties.title == "Exercise and manual therapy for hip pain"
    assert word.core_properties.author == ""
    assert {lang.get(qn("w:val")) for lang in word.styles.element.iter(qn("w:lang"))} == {"en-GB"}


def test_headings_are_styles_by_level(word: Any, document: Document) -> None:
    found = [(said.style.name, plain(said.text)) for said in word.paragraphs if said.style.name.startswith("Heading")]
    for number, section in enumerate(document.sections, start=1):
        assert ("Heading 1", f"{number} {section.title}") in found
        for place, inner in enumerate(section.sections, start=1):
            assert ("Heading 2", f"{number}.{place} {inner.title}") in found


def test_the_contents_lead_to_bookmarks(word: Any) -> None:
    body = word.element.body
    marks = {mark.get(qn("w:name")) for mark in body.iter(qn("w:bookmarkStart"))}
    links = [link.get(qn("w:anchor")) for link in body.iter(qn("w:hyperlink"))]
    assert len(links) == len(built().sections)
    assert set(links) <= marks
    begun = [kind.get(qn("w:fldCharType")) for kind in body.iter(qn("w:fldChar"))]
    assert begun.count("begin") == begun.count("separate") == begun.count("end")


def test_tables_are_tables_with_headings_that_repeat(word: Any, document: Document) -> None:
    tables = list(document.tables())
    assert len(word.tables) == len(tables)
    for drawn, table in zip(word.tables, tables, strict=True):
        assert drawn.style.name == "Report Table"
        n_head = 2 if any(column.spanner for column in table.columns) else 1
        heads = [row._tr.trPr.find(qn("w:tblHeader")) is not None for row in drawn.rows]
        assert heads == [True] * n_head + [False] * (len(heads) - n_head)
        shown = {cell.text for row in drawn.rows for cell in row.cells}
        assert {f"{typeset(cell.text)}{cell.mark}" for row in table.rows() for cell in row.cells} <= shown
        assert {typeset(group.label) for group in table.groups if group.label} <= shown


def test_captions_are_numbered_by_fields(word: Any, document: Document) -> None:
    captions = [plain(said.text) for said in word.paragraphs if said.style.name == "Caption"]
    wanted = [f"Table {k}. {table.title}" for k, table in enumerate(document.tables(), 1)]
    wanted += [f"Figure {k}. {figure.title}" for k, figure in enumerate(document.figures(), 1)]
    assert {text.split("\n")[0] for text in captions} == set(wanted)
    fields = [code.text.strip() for code in word.element.body.iter(qn("w:instrText"))]
    assert fields.count("SEQ Table \\* ARABIC") == len(list(document.tables()))


def test_pictures_have_alternative_text_and_at_least_200_dots_per_inch(word: Any, document: Document) -> None:
    figures = list(document.figures())
    assert [shape._inline.docPr.get("descr") for shape in word.inline_shapes] == [figure.alt for figure in figures]
    for shape in word.inline_shapes:
        picture = word.part.related_parts[shape._inline.graphic.graphicData.pic.blipFill.blip.embed].image
        assert picture.px_width / shape.width.inches > 200


def test_the_foot_has_fields_for_the_page_and_the_head_the_title(word: Any) -> None:
    page = word.sections[0]
    assert page.header.paragraphs[0].text == "Exercise and manual therapy for hip pain"
    codes = [code.text.strip() for code in page.footer._element.iter(qn("w:instrText"))]
    assert codes == ["PAGE", "NUMPAGES"]


def test_a_wide_table_stands_on_a_page_on_its_side() -> None:
    section = Section("only", "Only", (TableBlock(wide(20)),))
    made = docx.Document(io.BytesIO(render_word(Document("T", "", (), (section,)))))
    assert [page.page_width > page.page_height for page in made.sections] == [False, True, False]


def pages_of(*blocks: TableBlock | Paragraph) -> list[tuple[bool, list[str]]]:
    """Return whether each page-setting is on its side, and the text of its headings."""
    document = Document("T", "", (), (Section("s", "Above", (), (Section("i", "Wide", blocks),)),))
    made = docx.Document(io.BytesIO(render_word(document)))
    pages, headings = [], []
    for one in made.element.body:
        if one.tag == qn("w:p") and one.xpath("./w:pPr/w:pStyle[starts-with(@w:val, 'Heading')]"):
            headings.append("".join(text.text for text in one.iter(qn("w:t"))))
        if one.tag == qn("w:sectPr") or one.xpath("./w:pPr/w:sectPr"):
            pages.append((made.sections[len(pages)].page_width > made.sections[len(pages)].page_height, headings))
            headings = []
    return pages


def test_headings_are_on_the_page_of_the_wide_table_below_them() -> None:
    assert pages_of(TableBlock(wide(20))) == [(False, []), (True, ["1 Above", "1.1 Wide"]), (False, [])]


def test_two_wide_tables_that_follow_each_other_share_pages() -> None:
    second = TableBlock(replace(wide(20), id="second"))
    turned = [side for side, _ in pages_of(TableBlock(wide(20)), second)]
    assert turned == [False, True, False]


def test_the_number_of_a_page_stands_at_its_margin_whichever_way_it_is_turned() -> None:
    word = docx.Document(io.BytesIO(render_word(Document("T", "S", (), (Section("s", "S", (TableBlock(wide(20)),)),)))))
    at_style = [stop.position for stop in word.styles["Footer"].paragraph_format.tab_stops]
    for page in word.sections:
        (foot,) = page.footer.paragraphs
        own = [stop.position for stop in foot.paragraph_format.tab_stops if stop.alignment == WD_TAB_ALIGNMENT.RIGHT]
        text = page.page_width - page.left_margin - page.right_margin
        assert (own or at_style)[-1] == pytest.approx(text, abs=1000)
        assert [code.text.strip() for code in foot._p.iter(qn("w:instrText"))] == ["PAGE", "NUMPAGES"]


def test_the_parts_of_a_style_are_in_the_order_that_word_wants(word: Any) -> None:
    order = ["keepNext", "keepLines", "pageBreakBefore", "numPr", "pBdr", "tabs", "spacing", "ind", "jc", "outlineLvl"]
    for style in word.styles.element.iter(qn("w:pPr")):
        parts = [part.tag.rpartition("}")[2] for part in style]
        places = [order.index(part) for part in parts if part in order]
        assert places == sorted(places), parts


def opened(length: Length) -> Any:
    """Return the report as a Word document of a length."""
    return docx.Document(io.BytesIO(render_word(replace(built(), length=length))))


@pytest.mark.parametrize("length", ["brief", "journal", "full"])
def test_the_answer_comes_before_the_first_new_page(length: Length) -> None:
    word, document = opened(length), built()
    broken = [place for place, said in enumerate(word.paragraphs) if said.paragraph_format.page_break_before]
    assert len(broken) == 1
    before = [said.text for said in word.paragraphs[: broken[0]]]
    assert before[:2] == [document.subtitle, document.title]
    answer = document.sections[0]
    assert answer.part == "answer"
    texts = [typeset(str(block.text)) for block in answer.blocks if isinstance(block, Paragraph)]
    assert set(texts) <= set(before)
    assert any(said.style.name == "Figure" for said in word.paragraphs[: broken[0]])
    assert [said.style.name for said in word.paragraphs[: broken[0]]].count("Answer Fact") >= 5


def test_only_long_forms_have_contents() -> None:
    listed = {
        length: any(said.text == "Contents" for said in opened(length).paragraphs)
        for length in ("brief", "journal", "supplement", "full")
    }
    assert listed == {"brief": False, "journal": False, "supplement": True, "full": True}


def test_a_leaflet_has_no_numbers_of_sections_tables_and_figures() -> None:
    word = opened("brief")
    headings = [said.text for said in word.paragraphs if said.style.name.startswith("Heading")]
    assert {"The answer", "In people"} <= set(headings)
    assert not [said.text for said in word.paragraphs if said.text.startswith(("Table ", "Figure "))]


def test_a_supplement_goes_on_with_the_numbers_also_where_fields_are_computed_anew() -> None:
    word, document = opened("supplement"), replace(built(), length="supplement")
    assert f"Supplement to \N{LEFT DOUBLE QUOTATION MARK}{document.title}" in word.paragraphs[1].text
    numbers = document.numbers()
    first = next(b.table for s in document.walk_shown() for b in s.blocks if isinstance(b, TableBlock))
    fields = [code.text.strip() for code in word.element.body.iter(qn("w:instrText"))]
    of_tables = [code for code in fields if code.startswith("SEQ Table")]
    assert numbers[first.id] > 1
    assert of_tables[0] == f"SEQ Table \\* ARABIC \\r {numbers[first.id]}"
    assert set(of_tables[1:]) == {"SEQ Table \\* ARABIC"}


def test_a_line_does_not_end_inside_a_number() -> None:
    said = "5.7 (1.6 to 9.9; p = 0.014), 30.0 [18.0, 46.0], 32 of 60"
    table = Table("t", "T", "", (Column("c"),), (RowGroup("", (Row("r", (Cell("1\N{EN DASH}2"),)),)),))
    section = Section("s", "S", (Paragraph(said), TableBlock(table)))
    word = docx.Document(io.BytesIO(render_word(Document("T", "", (), (section,)))))
    whole = "5.7 (1.6_to_9.9; p_=_0.014), 30.0 [18.0,_46.0], 32_of_60".replace("_", "\N{NO-BREAK SPACE}")
    assert whole in [paragraph.text for paragraph in word.paragraphs]
    assert word.tables[0].cell(1, 1).text == f"1{JOINER}\N{EN DASH}{JOINER}2"


def test_columns_of_numbers_have_room_for_a_font_that_is_a_quarter_wider() -> None:
    for n in range(1, 6):
        placed = layout(wide(n), other_fonts=True)
        assert all(width >= 1.25 * ems("-12.3 (-15.6 to -9.1)") * placed.size for width in placed.widths[1:])


def test_the_notes_of_a_table_at_the_end_have_no_empty_line_after_them_that_makes_a_page() -> None:
    table = Table("t", "T", "", (Column("c"),), (RowGroup("", (Row("r", (Cell("1"),)),)),))
    noted = replace(table, footnotes=(Footnote("All of them."),))
    ends = []
    for last in (noted, table):
        section = Section("s", "S", (TableBlock(last),))
        word = docx.Document(io.BytesIO(render_word(Document("T", "", (), (section,)))))
        ends.append([each.tag.rpartition("}")[2] for each in word.element.body][-3:])
    assert ends == [["tbl", "p", "sectPr"], ["tbl", "p", "sectPr"]]  # Word asks for a paragraph after a table
