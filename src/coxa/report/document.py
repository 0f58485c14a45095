"""A report as a tree of records, before it becomes HTML, PDF or Word.

Text is plain text everywhere: a renderer escapes it, and nothing in it is markup. Numbers in it can be cells, as in
tables, and are then traced like those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from coxa.figures.figure import Figure
from coxa.study.words import StyleName
from coxa.tables.prose import Text
from coxa.tables.table import Table

Format = Literal["html", "pdf", "docx"]
FORMATS: tuple[Format, ...] = get_args(Format)
Part = Literal["answer", "main", "people", "supplement", "annex"]
"""What a section is for: the answer on one page, what a paper has, a page for patients, all else, and the records."""

Length = Literal["slide", "brief", "journal", "supplement", "committee", "full"]

PARTS: Mapping[Length, tuple[Part, ...]] = {
    "slide": ("answer",),
    "brief": ("answer", "people"),
    "journal": ("answer", "main"),
    "supplement": ("people", "supplement", "annex"),
    "committee": get_args(Part),
    "full": get_args(Part),
}
"""Length -> the parts it shows, in their order."""

ON_SLIDE = ("Does it matter?", "For whom?", "How sure?")
"""What a reader asks after the answer, of which a slide has the answer too."""

INTRODUCTION = 400
"""Characters of a paragraph that can stay with what it introduces."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph: text, the `lead` that a reader in a hurry wants, or a `warning` that nobody should miss.

    answers : whether it can answer an item of a checklist; not where it introduces something, or says what is missing
    found : whether it is there because of what the data say, so that a plan does not tell it
    """

    text: Text
    kind: Literal["text", "lead", "warning"] = "text"
    answers: bool = True
    found: bool = False


@dataclass(frozen=True, slots=True)
class List:
    """A list of sentences or phrases."""

    items: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """Facts under a heading, name beside text; an empty heading is not shown."""

    title: str
    facts: tuple[tuple[str, Text], ...]


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A table in its place.

    choices : what its groups of rows and its rows are ("Clinic", "Year"), where a reader of the page can choose among
              them; on paper all are shown
    stacked : whether on a narrow screen each row is below the one before with its numbers under their names, so
              that no column is out of sight; tables of an answer, and those wider than the screen, always do
    """

    table: Table
    choices: tuple[str, str] | None = None
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class FigureBlock:
    """A figure in its place."""

    figure: Figure


Block = Paragraph | List | Card | TableBlock | FigureBlock


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what is below it; `id` is unique in the document, `part` counts on the first level."""

    id: str
    title: str
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()
    part: Part = "main"

    def introduces(self, index: int) -> bool:
        """Say whether a block is a paragraph that leads to a table, figure, card or section, and stays on its page."""
        here, *rest = self.blocks[index:]
        following = next((block for block in rest if not isinstance(block, Paragraph)), None)
        short = isinstance(here, Paragraph) and len(str(here.text)) <= INTRODUCTION
        leads = isinstance(following, Card | TableBlock | FigureBlock) or (following is None and bool(self.sections))
        return short and leads


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report.

    title    : of the study
    subtitle : what this is ("Report of a randomised trial")
    facts    : name and text of what stands below the title
    sections : in order
    style    : how its numbers are written, a name of `coxa.tables.styles`
    small_cells : counts from 1 to below this are hidden (`coxa.report.transform.sharing`); 0 where none are
    length   : how much of it is rendered; sections, tables and figures have the same numbers at every length
    behind   : what is behind its numbers (`coxa.report.trace.explained`); empty where it is shared
    """

    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    style: StyleName = "plain"
    small_cells: int = 0
    length: Length = "full"
    behind: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def shown(self) -> tuple[Section, ...]:
        """The sections that are rendered at the length of the document; of a slide, what of them is on it."""
        shown = tuple(section for section in self.sections if section.part in PARTS[self.length])
        return tuple(map(on_slide, shown)) if self.length == "slide" else shown

    def walk(self) -> Iterator[Section]:
        """Yield every section, depth first, in reading order."""
        yield from _walk(self.sections)

    def walk_shown(self) -> Iterator[Section]:
        """Yield every section that is rendered, depth first, in reading order."""
        yield from _walk(self.shown)

    def tables(self) -> Iterator[Table]:
        """Yield every table in reading order."""
        for section in self.walk():
            yield from (block.table for block in section.blocks if isinstance(block, TableBlock))

    def figures(self) -> Iterator[Figure]:
        """Yield every figure in reading order."""
        for section in self.walk():
            yield from (block.figure for block in section.blocks if isinstance(block, FigureBlock))

    def section_numbers(self) -> dict[str, str]:
        """Return the number of each section by its id: "3", and "3.1" for the first one in it."""
        return dict(_numbered(self.sections, ""))

    def numbers(self) -> dict[str, int]:
        """Return the number of each table and each figure in reading order, by its id."""
        return {
            **{table.id: index for index, table in enumerate(self.tables(), start=1)},
            **{figure.id: index for index, figure in enumerate(self.figures(), start=1)},
        }


def on_slide(section: Section) -> Section:
    """Return a section with its paragraphs, its figures, and the facts that a slide has; what is left out is empty.

    Blocks and facts keep their places, by which their numbers are named.
    """

    def kept(block: Block) -> Block:
        match block:
            case Card(title, facts):
                return Card(title, tuple((name, text if name in ON_SLIDE else "") for name, text in facts))
            case TableBlock() | List():
                return Paragraph("")
        return block

    return replace(section, blocks=tuple(map(kept, section.blocks)), sections=())


def silent(text: Text, kind: Literal["text", "lead", "warning"] = "text") -> Paragraph:
    """Return a paragraph that answers no item of a checklist."""
    return Paragraph(text, kind, answers=False)


def with_blocks(document: Document, change: Callable[[Block], Block | None]) -> Document:
    """Return a document with each of its blocks changed, or left out where the change gives nothing."""
    return replace(document, sections=tuple(_changed(section, change) for section in document.sections))


def with_texts(block: Block, change: Callable[[Text], Text]) -> Block:
    """Return a paragraph, list or card with its texts changed; any other block as it is."""
    match block:
        case Paragraph(text):
            return replace(block, text=change(text))
        case List(items):
            return List(tuple(map(change, items)))
        case Card(facts=facts):
            return replace(block, facts=tuple((name, change(text)) for name, text in facts))
    return block


def _changed(section: Section, change: Callable[[Block], Block | None]) -> Section:
    blocks = (change(block) for block in section.blocks)
    kept = tuple(block for block in blocks if block is not None)
    return replace(section, blocks=kept, sections=tuple(_changed(inner, change) for inner in section.sections))


def _walk(sections: tuple[Section, ...]) -> Iterator[Section]:
    for section in sections:
        yield section
        yield from _walk(section.sections)


def _numbered(sections: tuple[Section, ...], above: str) -> Iterator[tuple[str, str]]:
    for index, section in enumerate(sections, start=1):
        yield section.id, f"{above}{index}"
        yield from _numbered(section.sections, f"{above}{index}.")
