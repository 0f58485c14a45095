"""Headings with bookmarks, the contents that lead to them, and numbered captions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coxa.report.document import Document
from coxa.report.output.word.styles import add_paragraph
from coxa.report.output.word.xml import close_field, element, field, open_field
from coxa.tables.characters import printable

if TYPE_CHECKING:
    from docx.document import Document as Word

DEEPEST = 9
"""Word has nine levels of headings."""


def bookmark_names(document: Document) -> dict[str, str]:
    """Return the name of each section's bookmark; Word allows forty characters, none of them a dash."""
    return {section.id: f"_Toc{index:06d}" for index, section in enumerate(document.walk(), start=1)}


def add_heading(word: Word, text: str, level: int, mark: str = "") -> None:
    """Add a heading, with a bookmark if it has a name."""
    heading = add_paragraph(word, "", f"Heading {min(level, DEEPEST)}")
    if not mark:
        heading.add_run(text)
        return
    number = mark.removeprefix("_Toc").lstrip("0")
    heading._p.append(element("w:bookmarkStart", id=number, name=mark))
    heading.add_run(text)
    heading._p.append(element("w:bookmarkEnd", id=number))


def add_contents(word: Word, document: Document, marks: dict[str, str]) -> None:
    """Add a table of contents of two levels as a field; its links work before it is computed anew."""
    word.add_paragraph("Contents", style="TOC Heading")
    lines = [
        (part, level) for outer in document.sections for part, level in ((outer, 1), *((s, 2) for s in outer.sections))
    ]
    numbers = document.section_numbers()
    said = None
    for index, (section, level) in enumerate(lines):
        said = word.add_paragraph(style=f"toc {level}")
        if index == 0:
            open_field(said, 'TOC \\o "1-2" \\h \\z \\n')
        _link(said, f"{numbers[section.id]} {printable(section.title)}", marks[section.id])
    if said is not None:
        close_field(said)


def _link(paragraph: Any, text: str, mark: str) -> None:
    run = paragraph.add_run(text)
    paragraph._p.append(element("w:hyperlink", run._r, anchor=mark, history="1"))


def add_caption(word: Word, kind: str, number: int, text: str, below: str = "") -> None:
    """Add "Table 3. What it shows" in the style of captions, and a second line; the number is a field."""
    said = add_paragraph(word, "", "Caption")
    said.add_run(f"{kind} ").bold = True
    field(said, f"SEQ {kind} \\* ARABIC", str(number))
    said.add_run(".").bold = True
    said.add_run(f" {text}")
    if below:
        said.add_run().add_break()
        said.add_run(below)
