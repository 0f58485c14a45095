"""Headings with bookmarks, the contents that lead to them, and numbered captions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coxa.report.document import Document, FigureBlock, TableBlock
from coxa.report.output.opening import heading
from coxa.report.output.word.styles import add_paragraph
from coxa.report.output.word.xml import close_field, element, field, open_field

if TYPE_CHECKING:
    from docx.document import Document as Word

DEEPEST = 9
"""Word has nine levels of headings."""


def bookmark_names(document: Document) -> dict[str, str]:
    """Return the name of each section's bookmark; Word allows forty characters, none of them a dash."""
    return {section.id: f"_Toc{index:06d}" for index, section in enumerate(document.walk(), start=1)}


def add_heading(word: Word, text: str, level: int, mark: str = "", new_page: bool = False) -> None:
    """Add a heading, with a bookmark if it has a name."""
    said = add_paragraph(word, "", f"Heading {min(level, DEEPEST)}")
    if new_page:
        said.paragraph_format.page_break_before = True
    if not mark:
        said.add_run(text)
        return
    number = mark.removeprefix("_Toc").lstrip("0")
    said._p.append(element("w:bookmarkStart", id=number, name=mark))
    said.add_run(text)
    said._p.append(element("w:bookmarkEnd", id=number))


def add_contents(word: Word, document: Document, marks: dict[str, str]) -> None:
    """Add the sections that are shown as a field of one level; its links work before it is computed anew."""
    title = word.add_paragraph("Contents", style="TOC Heading")
    title.paragraph_format.page_break_before = any(section.part == "answer" for section in document.shown)
    numbers = document.section_numbers()
    said = None
    for index, section in enumerate(document.shown):
        said = word.add_paragraph(style="toc 1")
        if index == 0:
            open_field(said, 'TOC \\o "1-1" \\h \\z \\n')
        _link(said, heading(section, numbers[section.id], numbered=True), marks[section.id])
    if said is not None:
        close_field(said)


def _link(paragraph: Any, text: str, mark: str) -> None:
    run = paragraph.add_run(text)
    paragraph._p.append(element("w:hyperlink", run._r, anchor=mark, history="1"))


@dataclass(frozen=True, slots=True)
class Place:
    """The number of a table or figure.

    number  : in the whole report
    follows : whether the one before it in the file has the number before it
    shown   : whether the caption has it
    """

    number: int
    follows: bool
    shown: bool


def places(document: Document) -> dict[str, Place]:
    """Return the place of each table and figure that is shown, by its id."""
    numbers, shown = document.numbers(), document.length != "brief"
    found: dict[str, Place] = {}
    for kind in (TableBlock, FigureBlock):
        before = 0
        for section in document.walk_shown():
            for block in section.blocks:
                if isinstance(block, kind):
                    name = block.table.id if isinstance(block, TableBlock) else block.figure.id
                    found[name] = Place(numbers[name], numbers[name] == before + 1, shown)
                    before = numbers[name]
    return found


def add_caption(word: Word, kind: str, place: Place, text: str, below: str = "") -> None:
    """Add "Table 3. What it shows" in the style of captions, and a second line; the number is a field."""
    said = add_paragraph(word, "", "Caption")
    if place.shown:
        said.add_run(f"{kind} ").bold = True
        restart = "" if place.follows else f" \\r {place.number}"
        field(said, f"SEQ {kind} \\* ARABIC{restart}", str(place.number))
        said.add_run(". ").bold = True
    said.add_run(text)
    if below:
        said.add_run().add_break()
        said.add_run(below)
