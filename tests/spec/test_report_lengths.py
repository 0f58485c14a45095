"""A report is as long as its reader needs: what each length shows, in each form, and where its numbers are."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from html import unescape
from pathlib import Path

import docx
import pytest
from markupsafe import escape
from pypdf import PdfReader
from typer.testing import CliRunner

import coxa
from coxa.cli.main import app
from coxa.errors import OptionError
from coxa.report.document import FORMATS, PARTS, Document, Format, Length, Paragraph
from coxa.report.lengths import LENGTHS, USUAL, files_of
from coxa.report.output.render import render_document
from coxa.report.report import Report
from coxa.report.trace.kept import read_kept
from coxa.report.trace.places import places
from coxa.tables.characters import plain
from tests.spec.drawn_trial import drawn_trial
from tests.spec.pages import without_scripts
from tests.spec.small_trial import built, report
from tests.spec.test_report_html import Page

runner = CliRunner()

WORDS: Mapping[Length, tuple[str, ...]] = {
    "brief": ("answer", "people"),
    "journal": ("answer", "methods", "participants-section", "results", "harms", "references"),
    "supplement": (
        *("people", "trial-design", "estimands", "analysed", "delivery", "observed-outcomes", "responders"),
        *("analyses", "diagnostics", "protocol", "data", "run-record", "checklists"),
    ),
}
"""What the small trial, which has no harms, shows at each length."""

SHOWN: tuple[Length, ...] = ("brief", "journal", "supplement", "full")
"""Lengths of the one document; what a monitoring committee sees is another one."""


def shown(length: Length) -> Document:
    return replace(built(), length=length)


@cache
def rendered(form: Format, length: Length) -> str | bytes:
    return render_document(shown(length), form)


def headings(form: Format, length: Length) -> list[str]:
    """Return the headings of the first level of a rendered report, as its reader sees them."""
    made = rendered(form, length)
    if isinstance(made, str):
        top = {section.id for section in built().sections}
        found = re.findall(r'<h[23] id="([^"]+)"[^>]*>(.*?)</h[23]>', without_scripts(made), re.DOTALL)
        return [" ".join(unescape(re.sub(r"<[^>]+>", "", text)).split()) for name, text in found if name in top]
    if form == "pdf":
        return [str(item.title) for item in PdfReader(io.BytesIO(made)).outline if not isinstance(item, list)]
    paragraphs = docx.Document(io.BytesIO(made)).paragraphs
    return [paragraph.text for paragraph in paragraphs if paragraph.style.name == "Heading 1"]


@pytest.mark.parametrize("length", ["brief", "journal", "supplement"])
def test_a_length_has_the_sections_of_its_parts_in_their_order(length: Length) -> None:
    assert tuple(section.id for section in shown(length).shown) == WORDS[length]
    assert {section.part for section in shown(length).shown} <= set(PARTS[length])


def test_the_parts_are_in_order_and_the_full_report_and_the_journal_with_its_supplement_have_all() -> None:
    document = built()
    order = list(PARTS["full"])
    parts = [order.index(section.part) for section in document.sections]
    assert parts == sorted(parts)
    assert shown("full").shown == document.sections
    assert {*WORDS["journal"], *WORDS["supplement"]} == {section.id for section in document.sections}


@pytest.mark.parametrize("length", SHOWN)
@pytest.mark.parametrize("form", FORMATS)
def test_each_form_of_a_length_has_the_headings_of_its_parts_and_no_other(form: Format, length: Length) -> None:
    numbers = built().section_numbers()
    wanted = [f"{numbers[section.id]} {section.title}" for section in shown(length).shown]
    if length == "brief":  # a leaflet has no numbers to refer to
        wanted = [section.title for section in shown(length).shown]
    titles = {section.title for section in built().sections}
    found = [title for title in headings(form, length) if title.lstrip("0123456789 ") in titles]
    assert found == wanted


@pytest.mark.parametrize("length", SHOWN)
def test_a_page_has_only_the_tables_and_figures_of_its_length_under_their_own_numbers(length: Length) -> None:
    numbers = built().numbers()
    part = Document("T", "S", (), shown(length).shown)
    page = plain(str(rendered("html", length)))
    captions = re.findall(r'<caption id="T(\d+)-caption"', page)
    assert [int(number) for number in captions] == [numbers[table.id] for table in part.tables()]
    drawn = re.findall(r'<figcaption id="([^"]+)-caption"', page)
    assert drawn == [figure.id for figure in part.figures()]
    said = [int(number) for number in re.findall(r"<figcaption[^>]*>(?:<[^>]+>)*Figure (\d+)\.", page)]
    assert said == ([] if length == "brief" else [numbers[name] for name in drawn])


def test_the_brief_is_two_pages() -> None:
    assert len(PdfReader(io.BytesIO(bytes(rendered("pdf", "brief")))).pages) == 2  # type: ignore[arg-type]


@pytest.mark.parametrize("length", SHOWN)
def test_a_number_has_the_same_place_at_every_length(length: Length) -> None:
    full = {place.name: place for place in places(built())}
    found = list(places(shown(length)))
    assert len(found) > 20
    assert [full[place.name] for place in found] == found
    traced = re.findall(r'data-cell="([^"]+)"', str(rendered("html", length)))
    with_numbers = {place.name for place in found if place.cell.statistics}
    assert set(traced) == with_numbers


def test_a_link_leads_to_something_on_the_page_at_every_length() -> None:
    for length in SHOWN:
        page = Page(without_scripts(str(rendered("html", length))))
        linked = {attrs["href"][1:] for attrs in page.all("a") if attrs.get("href", "").startswith("#")}
        assert linked <= set(page.ids())


# -- files -----------------------------------------------------------------------------------------------------------


def test_a_page_is_full_and_paper_is_for_a_journal_with_a_supplement() -> None:
    assert dict(USUAL) == {"html": "full", "pdf": "journal", "docx": "journal"}
    assert files_of("docx") == {"report.docx": "journal", "supplement.docx": "supplement"}
    assert files_of("pdf", "brief") == {"report.pdf": "brief"}
    assert files_of("html", "journal") == {"report.html": "journal", "supplement.html": "supplement"}


def test_an_unknown_length_is_refused_in_a_sentence_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(
        OptionError, match=r"`length` is \"short\"\. Choose one of slide, brief, journal, committee, full\."
    ):
        report().write(tmp_path / "out", length="short")  # type: ignore[arg-type]
    assert not list(tmp_path.rglob("*.*"))
    asked = runner.invoke(app, ["report", str(tmp_path / "study.yaml"), "--length", "breif"])
    assert asked.exit_code == 2
    assert (
        '`--length` is "breif". Choose one of slide, brief, journal, committee, full; did you mean brief?'
        in asked.output
    )


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lengths")
    drawn_trial(folder / "trial", 1, 60)
    return folder


@pytest.fixture(scope="module")
def analysed(drawn: Path) -> Report:
    return coxa.analyse(drawn / "trial" / "study.yaml")


@pytest.mark.some(2)
@pytest.mark.parametrize("length", LENGTHS)
def test_what_is_written_is_verified_at_every_length(drawn: Path, analysed: Report, length: Length) -> None:
    out = drawn / length
    written = analysed.write(out, length=length)
    assert {path.name: held.length for path, held in zip(written, read_kept(out).forms.values(), strict=True)} == (
        files_of("html", length)
    )
    checked = runner.invoke(app, ["verify", str(out / "report.html")])
    assert checked.exit_code == 0, checked.output
    assert "; 0 difference(s)" in checked.output


def test_a_changed_number_of_a_brief_page_and_of_a_supplement_is_found(
    drawn: Path, analysed: Report, tmp_path: Path
) -> None:
    shutil.copytree(drawn / "trial", tmp_path / "trial")
    for length, name in (("brief", "report.html"), ("journal", "supplement.html")):
        out = tmp_path / length
        analysed.write(out, length=length)
        page = out / name
        text = page.read_text(encoding="utf-8")
        changed = re.sub(r'(data-cell="T\d+\.r1\.c\d+"[^>]*>)[^<]+<', r"\g<1>987<", text, count=1)
        assert changed != text
        page.write_text(changed, encoding="utf-8")
        checked = runner.invoke(app, ["verify", str(out)])
        assert checked.exit_code == 1, checked.output
        assert "987" in checked.output
        assert name in checked.output


def test_the_results_are_the_same_whatever_the_length(analysed: Report, tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    analysed.write(first, length="brief")
    analysed.write(second, ("html", "docx"))
    assert (first / "results.csv").read_bytes() == (second / "results.csv").read_bytes()
    assert {path.name for path in second.glob("*.docx")} == {"report.docx", "supplement.docx"}
    assert not list(first.glob("supplement.*"))


# -- a slide ---------------------------------------------------------------------------------------------------------


def test_a_slide_has_question_answer_one_figure_and_what_a_reader_asks_next_and_asks_for_nothing() -> None:
    slide = str(rendered("html", "slide"))
    assert "<script" not in slide
    assert "<table" not in slide
    assert slide.count("<figure>") == slide.count("<svg") == 1
    assert re.findall("<dt>(.*?)</dt>", slide) == ["Does it matter?", "For whom?", "How sure?"]
    answer = built().sections[0]
    texts = [str(block.text) for block in answer.blocks if isinstance(block, Paragraph)]
    assert all(escape(plain(text)) in plain(re.sub("</?span.*?>", "", slide)) for text in texts)


def test_numbers_of_a_slide_have_the_places_that_they_have_in_the_report() -> None:
    named = {place.name: place.cell.text for place in places(shown("full"))}
    on_it = {place.name: place.cell.text for place in places(shown("slide")) if place.cell.statistics}
    assert on_it
    assert on_it.items() <= named.items()
    found = re.findall('data-cell="(.*?)"', str(rendered("html", "slide")))
    assert found == list(on_it)


def test_a_slide_is_a_page_and_of_a_study_with_an_answer() -> None:
    assert files_of("html", "slide") == {"report.html": "slide"}
    with pytest.raises(OptionError, match="A slide is a page"):
        files_of("pdf", "slide")
    with pytest.raises(OptionError, match="compares groups"):
        render_document(replace(built(), sections=(), length="slide"), "html")
