"""The report as a Word file: real headings, tables, captions and fields, and the same bytes every time."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import Any

import docx
import pytest
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.oxml.ns import qn

from coxa.report.document import Document, Section, TableBlock
from coxa.report.output.word.render import render_word
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
    found = [(said.style.name, said.text) for said in word.paragraphs if said.style.name.startswith("Heading")]
    for number, section in enumerate(document.sections, start=1):
        assert ("Heading 1", f"{number} {section.title}") in found
        for place, inner in enumerate(section.sections, start=1):
            assert ("Heading 2", f"{number}.{place} {inner.title}") in found


def test_the_contents_lead_to_bookmarks(word: Any) -> None:
    body = word.element.body
    marks = {mark.get(qn("w:name")) for mark in body.iter(qn("w:bookmarkStart"))}
    links = [link.get(qn("w:anchor")) for link in body.iter(qn("w:hyperlink"))]
    assert len(links) > 15
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
        assert {f"{cell.text}{cell.mark}" for row in table.rows() for cell in row.cells} <= shown
        assert {group.label for group in table.groups if group.label} <= shown


def test_captions_are_numbered_by_fields(word: Any, document: Document) -> None:
    captions = [said.text for said in word.paragraphs if said.style.name == "Caption"]
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
    section = Section("only", "Only", (TableBlock(wide(6)),))
    made = docx.Document(io.BytesIO(render_word(Document("T", "", (), (section,)))))
    assert [page.page_width > page.page_height for page in made.sections] == [False, True, False]


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
