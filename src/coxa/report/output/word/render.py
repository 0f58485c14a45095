"""Walk the tree and write it down with python-docx."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coxa.report.document import Card, Document, FigureBlock, List, Paragraph, Section, TableBlock
from coxa.report.output.opening import Opening, heading, opening
from coxa.report.output.word.captions import Place, add_contents, add_heading, bookmark_names, places
from coxa.report.output.word.figures import add_figure
from coxa.report.output.word.package import EPOCH, same_every_time
from coxa.report.output.word.styles import (
    ANSWER_FACT,
    FACT,
    FACTS,
    LEAD,
    WARNING,
    add_paragraph,
    prepare,
    running_title,
)
from coxa.report.output.word.tables import add_table
from coxa.tables.characters import printable, typeset
from coxa.tables.prose import Text

if TYPE_CHECKING:
    from docx.document import Document as Word

ON_PAGE_ONE, LEAFLET = 0.8, 2.0
"""Width of figures on page one and on a page for patients, against what is usual."""
LEAFLET_SIZE = 12
"""Points of the type of a page for patients."""
PARAGRAPHS = {"text": "Body Text", "lead": LEAD, "warning": WARNING}


@dataclass(frozen=True, slots=True)
class Places:
    """Bookmark and number of each section, number of each table and figure, by their ids; and whether they show."""

    marks: dict[str, str]
    numbers: dict[str, Place]
    sections: dict[str, str]
    numbered: bool


def render_word(document: Document) -> bytes:
    """Render a document as a Word file (.docx).

    Parameters
    ----------
    document
        From `coxa.report.build.build_document`.

    Returns
    -------
    bytes
        Headings, captions, lists and notes are styles; tables are tables with headings that repeat; captions are
        numbered by fields; pictures carry their alternative text. The same document gives the same bytes.

    Examples
    --------
    >>> Path("report.docx").write_bytes(render_word(document))  # doctest: +SKIP
    """
    import docx

    word = docx.Document()
    prepare(word)
    first = opening(document)
    _properties(word, document, first)
    running_title(word, first.title, printable(dict(document.facts).get("Study", "")))
    word.add_paragraph(first.kind, style="Subtitle")
    word.add_paragraph(typeset(first.title), style="Title")
    add_paragraph(word, first.facts, FACTS)
    where = Places(bookmark_names(document), places(document), document.section_numbers(), first.numbered)
    answer = [section for section in document.shown if section.part == "answer"]
    for section in answer:
        _section(word, section, 1, where)
    if first.contents:
        add_contents(word, document, where.marks)
    others = [section for section in document.shown if section.part != "answer"]
    for place, section in enumerate(others):
        _section(word, section, 1, where, new_page=bool(answer) and place == 0 and not first.contents)
    _without_last_space(word)
    held = io.BytesIO()
    word.save(held)
    return same_every_time(held.getvalue())


def _without_last_space(word: Word) -> None:
    """Remove the empty paragraph after the notes of a table at the end, which can be alone on a page."""
    last = word.element.body[-2]  # the properties of the last section come after it
    before = last.getprevious()
    if before is not None and before.tag == last.tag and not len(last.xpath(".//w:r | .//w:sectPr")):
        word.element.body.remove(last)


def _properties(word: Word, document: Document, first: Opening) -> None:
    about = word.core_properties
    about.title, about.subject, about.language = first.title[:255], first.kind[:255], "en-GB"
    about.author, about.comments, about.keywords = "", "", printable(dict(document.facts).get("Study", ""))[:255]
    about.created = about.modified = EPOCH
    about.last_modified_by = ""


def _section(word: Word, section: Section, level: int, places: Places, new_page: bool = False) -> None:
    from docx.shared import Pt

    title = heading(section, places.sections[section.id], places.numbered)
    add_heading(word, title, level, places.marks[section.id], new_page)
    scale = ON_PAGE_ONE if section.part == "answer" else LEAFLET if not places.numbered else 1
    for index, block in enumerate(section.blocks):
        match block:
            case Paragraph(text, kind):
                said = add_paragraph(word, _text(text), PARAGRAPHS[kind])
                said.paragraph_format.keep_with_next = section.introduces(index)
                if scale == LEAFLET:
                    said.runs[0].font.size = Pt(LEAFLET_SIZE)
            case List(items):
                for item in items:
                    add_paragraph(word, _text(item), "List Bullet")
            case Card(title, facts):
                if title:
                    add_heading(word, typeset(title), level + 1)
                _facts(word, facts, compact=section.part == "answer")
            case TableBlock(table):
                add_table(word, table, places.numbers[table.id])
            case FigureBlock(figure):
                add_figure(word, figure, places.numbers[figure.id], scale)
    for inner in section.sections:
        _section(word, inner, level + 1, places)


def _facts(word: Word, facts: tuple[tuple[str, Text], ...], compact: bool) -> None:
    """Write names before texts: on page one in one line, elsewhere with a tab between them."""
    for name, text in facts:
        said = add_paragraph(word, "", ANSWER_FACT if compact else FACT)
        said.add_run(typeset(name)).bold = True
        said.add_run(" " if compact else "\t")
        said.add_run(_text(text))


def _text(text: Text) -> str:
    return typeset(str(text))
