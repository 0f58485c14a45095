"""Walk the tree and write it down with python-docx."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coxa.report.document import Card, Document, FigureBlock, List, Paragraph, Section, TableBlock
from coxa.report.output.word.captions import add_contents, add_heading, bookmark_names
from coxa.report.output.word.figures import add_figure
from coxa.report.output.word.package import EPOCH, same_every_time
from coxa.report.output.word.styles import FACT, LEAD, WARNING, add_paragraph, prepare, running_title
from coxa.report.output.word.tables import add_table
from coxa.tables.characters import printable
from coxa.tables.prose import Text

if TYPE_CHECKING:
    from docx.document import Document as Word

PARAGRAPHS = {"text": "Body Text", "lead": LEAD, "warning": WARNING}


@dataclass(frozen=True, slots=True)
class Places:
    """Bookmark and number of each section, number of each table and figure, by their ids."""

    marks: dict[str, str]
    numbers: dict[str, int]
    sections: dict[str, str]


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
    title = printable(document.title) or "Report"
    _properties(word, document, title)
    running_title(word, title, printable(dict(document.facts).get("Study", "")))
    word.add_paragraph(printable(document.subtitle), style="Subtitle")
    word.add_paragraph(title, style="Title")
    _facts(word, document.facts)
    places = Places(bookmark_names(document), document.numbers(), document.section_numbers())
    add_contents(word, document, places.marks)
    word.add_page_break()
    for section in document.shown:
        _section(word, section, 1, places)
    held = io.BytesIO()
    word.save(held)
    return same_every_time(held.getvalue())


def _properties(word: Word, document: Document, title: str) -> None:
    about = word.core_properties
    about.title, about.subject, about.language = title[:255], printable(document.subtitle)[:255], "en-GB"
    about.author, about.comments, about.keywords = "", "", printable(dict(document.facts).get("Study", ""))[:255]
    about.created = about.modified = EPOCH
    about.last_modified_by = ""


def _section(word: Word, section: Section, level: int, places: Places) -> None:
    title = f"{places.sections[section.id]} {printable(section.title)}"
    add_heading(word, title, level, places.marks[section.id])
    for index, block in enumerate(section.blocks):
        match block:
            case Paragraph(text, kind):
                said = add_paragraph(word, printable(str(text)), PARAGRAPHS[kind])
                said.paragraph_format.keep_with_next = section.introduces(index)
            case List(items):
                for item in items:
                    add_paragraph(word, printable(str(item)), "List Bullet")
            case Card(title, facts):
                if title:
                    add_heading(word, printable(title), level + 1)
                _facts(word, facts)
            case TableBlock(table):
                add_table(word, table, places.numbers[table.id])
            case FigureBlock(figure):
                add_figure(word, figure, places.numbers[figure.id])
    for inner in section.sections:
        _section(word, inner, level + 1, places)


def _facts(word: Word, facts: tuple[tuple[str, Text], ...]) -> None:
    """Write names beside texts, with a tab between them."""
    for name, text in facts:
        said = add_paragraph(word, "", FACT)
        said.add_run(printable(name)).bold = True
        said.add_run("\t")
        said.add_run(printable(str(text)))
