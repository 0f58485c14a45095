"""The report as PDF: tagged, with bookmarks, its text as text, and the same every time."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from coxa.report.document import Document
from coxa.report.output.columns import SIDEWAYS, UPRIGHT, ems, layout
from coxa.report.output.pdf import page_data, render_pdf
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
    assert headings <= set(titles(pages.outline))


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


def test_the_page_is_data_and_nothing_else(document: Document) -> None:
    def leaves(node: object) -> set[type]:
        if isinstance(node, dict):
            return set().union(*map(leaves, node.values())) if node else set()
        if isinstance(node, list):
            return set().union(*map(leaves, node)) if node else set()
        return {type(node)}

    assert leaves(page_data(document)) <= {str, int, float, bool}
