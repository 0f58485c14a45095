"""Labels that nobody expects: no form of the report breaks, and none takes a text for markup."""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import sys
from functools import cache
from html import unescape

import altair as alt
import docx
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from coxa.figures.figure import Figure
from coxa.report.build import build_document
from coxa.report.document import Card, Document, FigureBlock, List, Paragraph, Section, TableBlock
from coxa.report.output.html import render_html
from coxa.report.output.pdf import render_pdf
from coxa.report.output.word.render import render_word
from coxa.tables.characters import FORBIDDEN, breakable, plain, printable
from coxa.tables.prose import prose
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table
from tests.sizes import few
from tests.spec.pages import without_scripts
from tests.spec.small_trial import report

LABELS = {
    "empty": "",
    "space": "   ",
    "long words": "exercise therapy and " * 150,
    "one long word": "hipabductorstrengthening" * 100,
    "right to left": "العلاج بالتمارين (قبل)",
    "hebrew": "טיפול בתרגול",
    "chinese": "运动疗法 対照群 운동",
    "emoji": "knee 🦵 👩🏽‍⚕️ 🏃‍♀️",
    "long with emoji": "hip abductors " * 3 + "🦵" * 60,
    "cut in an emoji": "0000000000000000000000000MW\u0380Ш\U00010000",
    "combining": "Ångström e\u0301 n\u0303 \u0334\u0335\u0336",
    "direction marks": "\u202eabc\u202c \u2066x\u2069 \ufeff\u200b",
    "html": "<script>alert('x')</script> & \"quoted\" <!-- <b> &amp; ]]>",
    "typst": '#panic("x") $ x $ *bold* _it_ `raw` = heading <label> @ref // \\ #let x = 1; [ ] { } ~ --- "',
    "word": "{ PAGE } <w:p/> \\* ARABIC \t tab \n line",
    "jinja": "{{ 7 * 7 }} {% for x in y %} {# comment #}",
    "formula": "=1+1",
    "quotes": "'\"`´‘’“”«»",
    "control": "a\x00b\x01c\x08\x0b\x1b[31md\x7f\x85e\ufffe\uffff",
    "half a character": "a\ud800b\udfffc",
    "lines": "one\r\ntwo\u2028three\u2029four",
}


def everywhere(label: str) -> Document:
    """Return a document that says the label wherever a text can stand."""
    table = Table(
        "t",
        label,
        label,
        (Column(label, spanner=label), Column(label, "left"), Column("")),
        (
            RowGroup(label, (Row(label, (Cell(label, mark=label), Cell(label), Cell("")), 1, True),)),
            RowGroup("", (Row("", (Cell(""), Cell(""), Cell(label))),)),
        ),
        (Footnote(label, label), Footnote(label)),
        label,
    )
    blocks = (
        Paragraph(label),
        Paragraph(label, "warning"),
        List((label, label)),
        Card(label, ((label, label), ("", ""), (label, prose(label, Cell(label))))),
        TableBlock(table),
        FigureBlock(drawn(label)),
    )
    inner = Section("inner", label, (Paragraph(label, "lead"),))
    return Document(label, label, (("Study", label), (label, "")), (Section("outer", label, blocks, (inner,)),))


def drawn(label: str) -> Figure:
    """Return a figure that says the label on its axis, in its points, in its caption and in its words."""
    data = pd.DataFrame({"x": [1.0, 2.0], "who": [printable(label), "b"]})
    chart = alt.Chart(data).mark_point().encode(x="x:Q", y=alt.Y("who:N", title=label))
    return Figure("f", label, chart, label, data)


@cache
def forms(name: str) -> tuple[str, bytes, bytes]:
    document = everywhere(LABELS[name])
    return render_html(document), render_pdf(document), render_word(document)


MOST = [
    "empty",
    "one long word",
    "emoji",
    "right to left",
    "hebrew",
    "html",
    "typst",
    "jinja",
    "formula",
    "quotes",
    "control",
]
"""Labels that another test reads as well, and one of each other kind."""
NAMES = [*MOST, *(pytest.param(name, marks=pytest.mark.slow) for name in LABELS if name not in MOST)]


@pytest.mark.some(4)
@pytest.mark.parametrize("name", NAMES)
def test_a_label_breaks_no_form(name: str) -> None:
    html, pdf, word = forms(name)
    html.encode("utf-8")
    assert "<script" not in without_scripts(html)
    assert len(PdfReader(io.BytesIO(pdf)).pages) >= 1
    assert len(docx.Document(io.BytesIO(word)).tables) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_label_is_read_as_it_is(name: str) -> None:
    html, _, word = forms(name)
    said = printable(LABELS[name])
    assert said in plain(unescape(html))
    paragraphs = [plain(paragraph.text) for paragraph in docx.Document(io.BytesIO(word)).paragraphs]
    assert paragraphs.count(said.replace("\r", "")) >= 3


@pytest.mark.parametrize("name", ["html", "typst", "jinja", "formula", "quotes"])
def test_markup_stands_in_the_pdf_as_text(name: str) -> None:
    pages = PdfReader(io.BytesIO(forms(name)[1])).pages
    text = "".join("".join(page.extract_text() for page in pages).split())
    assert text.count("".join(LABELS[name].split())) > 8


@pytest.mark.parametrize("name", ["right to left", "hebrew", "html", "control", "empty"])
def test_typst_has_the_letters_for_pdf_ua(name: str) -> None:
    assert b"<pdfuaid:part>1</pdfuaid:part>" in forms(name)[1]


def test_a_pdf_with_letters_that_nobody_has_is_still_tagged() -> None:
    assert PdfReader(io.BytesIO(render_pdf(everywhere("\U0001f9b5\U0010fffd")))).trailer["/Root"]["/MarkInfo"][
        "/Marked"
    ]


@settings(max_examples=few(3, 8), deadline=None)
@given(st.text(st.characters(codec=None), max_size=60))
def test_any_label_breaks_no_form(label: str) -> None:
    document = everywhere(label)
    render_html(document).encode("utf-8")
    assert render_pdf(document).startswith(b"%PDF")
    docx.Document(io.BytesIO(render_word(document)))


@given(st.text(st.characters(codec=None)), st.integers(5, 40))
def test_a_broken_word_is_the_same_word(text: str, longest: int) -> None:
    clean = printable(text).replace("\u200b", "")
    assert not FORBIDDEN.search(clean)
    pieces = breakable(clean, longest)
    assert pieces.replace("\u200b", "") == clean
    assert all(len(word) <= longest for words in pieces.split() for word in words.split("\u200b"))


def test_a_plan_with_such_a_label_gives_every_form() -> None:
    label = f"{LABELS['html']} {LABELS['typst']} {LABELS['right to left']}"
    document = build_document(report(label))
    assert "<script" not in without_scripts(render_html(document))
    assert render_pdf(document).startswith(b"%PDF")
    assert docx.Document(io.BytesIO(render_word(document))).tables


@pytest.mark.parametrize("before", range(4))
def test_a_long_label_of_letters_of_two_halves_is_drawn_with_them(before: int) -> None:
    figure = drawn("M" * before + "\U0001f9b5" * 60)
    assert "\U0001f9b5" * 5 in re.sub(r"<(title|desc)\b.*?</\1>", "", figure.svg())


@pytest.mark.slow
def test_another_process_gives_the_same_bytes() -> None:
    code = (
        "import hashlib\n"
        "from tests.spec.test_report_labels import forms\n"
        "print(*(hashlib.sha256(form).hexdigest() for form in forms('quotes')[1:]))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == [hashlib.sha256(form).hexdigest() for form in forms("quotes")[1:]]
