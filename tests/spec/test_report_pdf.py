"""The report as PDF: tagged, with bookmarks, its text as text, and the same every time."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from functools import cache

import pytest
from pypdf import PdfReader

from coxa.report.document import Card, Document, FigureBlock, Length, Paragraph, Section, TableBlock
from coxa.report.output.columns import SIDEWAYS, UPRIGHT, ems, layout
from coxa.report.output.pdf import page_data, render_pdf
from coxa.tables.characters import plain, typeset
from coxa.tables.table import Cell, Column, Row, RowGroup, Table
from tests.spec.small_trial import built


@pytest.fixture(scope="module")
def document() -> Document:
    return built()


@pytest.fixture(scope="module")
def pdf(document: Document) -> bytes:
    return render_pdf(document)


@pytest.fixture(scope="module")
def pages(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


@pytest.fixture(scope="module")
def text(pages: PdfReader) -> str:
    return " ".join("\n".join(page.extract_text() for page in pages.pages).split())


def test_it_is_tagged_has_a_title_a_language_and_says_that_it_is_pdf_ua(pages: PdfReader, pdf: bytes) -> None:
    root = pages.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pages.metadata is not None
    assert pages.metadata.title == "Exercise and manual therapy for hip pain"
    assert "/CreationDate" not in pages.metadata
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf


def test_every_section_is_a_bookmark(pages: PdfReader, document: Document) -> None:
    def titles(items: list) -> list[str]:  # type: ignore[type-arg]
        return [t for item in items for t in (titles(item) if isinstance(item, list) else [item.title])]

    numbers = document.section_numbers()
    headings = {f"{numbers[section.id]} {section.title}" for section in document.walk()}
    assert {typeset(heading) for heading in headings} <= set(titles(pages.outline))


def test_pages_are_a4_numbered_and_carry_the_title(pages: PdfReader) -> None:
    for number, page in enumerate(pages.pages, start=1):
        assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
        said = page.extract_text()
        assert f"Page {number} of {len(pages.pages)}" in said
        assert "Exercise and manual therapy for hip pain" in said


def test_tables_and_figures_are_numbered_and_their_numbers_are_text(text: str, document: Document) -> None:
    for index, table in enumerate(document.tables(), start=1):
        assert f"Table {index}. {table.title}" in text
        assert all(str(note.text).split(".")[0] in text for note in table.footnotes)
    for index, _ in enumerate(document.figures(), start=1):
        assert f"Figure {index}. " in text
    cells = [cell.text for table in document.tables() for row in table.rows() for cell in row.cells if cell.statistics]
    assert all(cell in text for cell in cells)


def test_figures_are_vectors_with_their_words_as_text(pages: PdfReader, text: str) -> None:
    assert not any(len(page.images) for page in pages.pages)
    assert "favours Usual care" in text
    tags = structure(pages)
    assert tags.count("/Figure") >= len(list(built().figures()))
    assert {"/Table", "/THead", "/TH", "/TD", "/H1", "/H2", "/Caption", "/TOC"} <= set(tags)


@cache
def read(length: Length) -> tuple[str, ...]:
    """Return the text of each page of the report at a length, every space a plain one."""
    pages = PdfReader(io.BytesIO(render_pdf(replace(built(), length=length)))).pages
    return tuple(" ".join(page.extract_text().split()) for page in pages)


def words(text: object) -> str:
    """Return a text as it is read from a page, without the spaces and breaks that setting it may add."""
    return "".join(str(text).split())


@pytest.mark.parametrize("length", ["brief", "journal", "full"])
def test_page_one_has_the_whole_answer(length: Length) -> None:
    document = built()
    answer = next(section for section in document.sections if section.part == "answer")
    page = words(read(length)[0]).replace("-", "")
    for block in answer.blocks:
        match block:
            case Paragraph(text):
                said = [text]
            case Card(facts=facts):
                said = [text for pair in facts for text in pair]
            case TableBlock(table):
                said = [table.title, *(cell.text for row in table.rows() for cell in row.cells)]
            case FigureBlock(figure):
                said = [figure.title]
        for text in said:
            assert words(text).replace("-", "") in page, text
    assert [kind in {type(block) for block in answer.blocks} for kind in (Card, TableBlock, FigureBlock)] == [True] * 3


def test_page_one_begins_with_kind_title_and_facts_in_one_line() -> None:
    document = built()
    facts = dict(document.facts)
    line = f"{facts['Study']} \N{MIDDLE DOT} Registration {facts['Registration']}"
    assert read("journal")[0].startswith(f"{document.subtitle} {document.title} {line}")


def test_a_leaflet_has_two_pages_and_no_numbers_of_sections_tables_and_figures() -> None:
    first, second = read("brief")
    assert "In people" in second
    for page in (first, second):
        assert not any(word in page for word in ("Contents", "Table 1", "Figure 1", "1 The answer"))


def test_only_long_forms_have_contents_and_they_take_part_of_a_page() -> None:
    listed = {length: [place for place, page in enumerate(read(length)) if "Contents" in page]
              for length in ("brief", "journal", "supplement", "full")}  # fmt: skip
    assert listed == {"brief": [], "journal": [], "supplement": [0], "full": [1]}
    document = built()
    for length in ("supplement", "full"):
        (place,) = listed[length]
        following = document.sections[1] if length == "full" else replace(document, length="supplement").shown[0]
        number = document.section_numbers()[following.id]
        assert read(length)[place].count(f"{number} {following.title}") == 2


def test_a_supplement_says_what_it_supplements_and_goes_on_with_the_numbers() -> None:
    document = replace(built(), length="supplement")
    assert f"Supplement to \N{LEFT DOUBLE QUOTATION MARK}{document.title}" in read("supplement")[0]
    text = " ".join(read("supplement"))
    numbers = document.numbers()
    tables = [b.table for section in document.walk_shown() for b in section.blocks if isinstance(b, TableBlock)]
    figures = [b.figure for section in document.walk_shown() for b in section.blocks if isinstance(b, FigureBlock)]
    assert min(numbers[table.id] for table in tables) > 1
    assert all(f"Table {numbers[table.id]}. {table.title}" in text for table in tables)
    assert all(f"Figure {numbers[figure.id]}. " in text for figure in figures)


def test_references_are_the_last_section_of_a_paper() -> None:
    assert replace(built(), length="journal").shown[-1].id == "references"


def structure(pages: PdfReader) -> list[str]:
    """Return the tags of the document in their order."""
    found: list[str] = []

    def walk(node: object) -> None:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for inner in node:
                walk(inner)
        elif isinstance(node, dict):
            if "/S" in node:
                found.append(str(node["/S"]))
            walk(node.get("/K"))

    walk(pages.trailer["/Root"]["/StructTreeRoot"]["/K"])
    return found


def wide(n: int) -> Table:
    columns = tuple(Column(f"Group {index}, mean (95% CI)") for index in range(n))
    row = Row("Exercise therapy minus usual care", tuple(Cell("-12.3 (-15.6 to -9.1)") for _ in columns))
    return Table("wide", "Wide", "Comparison", columns, (RowGroup("", (row,)),))


@pytest.mark.parametrize(("n", "sideways"), [(2, False), (4, False), (6, True), (20, True)])
def test_a_wide_table_gets_smaller_type_then_a_page_on_its_side(n: int, sideways: bool) -> None:
    placed = layout(wide(n))
    assert placed.sideways == sideways
    assert sum(placed.widths) <= (SIDEWAYS if sideways else UPRIGHT) + 1e-6
    assert len(placed.widths) == n + 1


def test_numbers_of_a_wide_table_are_not_broken_before_the_page_is_turned() -> None:
    for n in range(1, 7):
        placed = layout(wide(n))
        assert all(width >= ems("-12.3 (-15.6 to -9.1)") * placed.size for width in placed.widths[1:])


@pytest.mark.parametrize(("n", "apart"), [(2, False), (6, False), (6, True)])
def test_headings_are_on_the_page_of_the_table_below_them(n: int, apart: bool) -> None:
    table = wide(n)
    if apart:  # columns that are not alike are not parted
        table = replace(table, columns=(replace(table.columns[0], align="left"), *table.columns[1:]))
    inner = Section("inner", "The inner one", (TableBlock(table), Paragraph("Then this.")))
    parts = (Section("before", "Before", (Paragraph("Some text."),)), Section("outer", "The outer one", (), (inner,)))
    pages = PdfReader(io.BytesIO(render_pdf(Document("T", "", (), parts)))).pages
    texts = [page.extract_text() for page in pages]
    titles = ("The outer one", "The inner one", "Exercise therapy minus")
    places = {max(i for i, text in enumerate(texts) if title in text) for title in titles}  # after the contents
    assert places == {1 if apart else 0}


def test_the_page_is_data_and_nothing_else(document: Document) -> None:
    def leaves(node: object) -> set[type]:
        if isinstance(node, dict):
            return set().union(*map(leaves, node.values())) if node else set()
        if isinstance(node, list):
            return set().union(*map(leaves, node)) if node else set()
        return {type(node)}

    assert leaves(page_data(document)) <= {str, int, float, bool}


def rows_by_page(n: int) -> list[int]:
    """Return how many of the rows of a table of n rows are on each page that has any of them."""
    rows = tuple(Row(f"Line {index}", (Cell("1"),)) for index in range(n))
    table = Table("long", "A long table", "Line", (Column("Number"),), (RowGroup("All", rows),))
    made = Document("T", "", (), (Section("one", "One", (TableBlock(table),)),))
    texts = [page.extract_text() for page in PdfReader(io.BytesIO(render_pdf(made))).pages]
    counts = [len(set(re.findall(r"Line\s\d+", text))) for text in texts]
    return [count for count in counts if count]


def test_no_row_of_a_table_is_alone_on_a_page() -> None:
    fits = next(n for n in range(40, 80) if len(rows_by_page(n)) > 1) - 1
    assert rows_by_page(fits) == [fits]
    assert rows_by_page(fits + 1) == [fits - 1, 2]
    assert rows_by_page(fits + 2) == [fits, 2]


def test_a_paragraph_that_leads_to_a_section_stays_with_it() -> None:
    inner = Section("inner", "Inner", (Paragraph("Within."),))
    assert Section("outer", "Outer", (Paragraph("One."), Paragraph("Two.")), (inner,)).introduces(0)
    assert not Section("outer", "Outer", (Paragraph("One."),)).introduces(0)


def with_figure(lines: int) -> list[str]:
    """Return the texts of the pages of paragraphs, the profile of the small trial, and paragraphs after it."""
    figure = next(one for one in built().figures() if one.id == "profile-primary")
    before = tuple(Paragraph(f"Before {index}.") for index in range(lines))
    after = tuple(Paragraph(f"After {index}.") for index in range(20))
    made = Document("T", "", (), (Section("one", "One", (*before, FigureBlock(figure), *after)),))
    return [plain(page.extract_text()) for page in PdfReader(io.BytesIO(render_pdf(made))).pages]


def test_what_follows_a_figure_that_does_not_fit_fills_the_page_before_it() -> None:
    first, second = with_figure(25)
    assert "Figure" not in first
    assert "After 0." in first
    assert "Figure 1" in second
    assert "After 19." in second


def test_a_figure_that_fits_is_on_its_page_and_never_before_the_text_that_leads_to_it() -> None:
    first = with_figure(8)[0]
    assert first.index("Before 7.") < first.index("Figure 1")
