"""What a printed report begins with: its kind, its title, its facts in one line, and whether contents follow."""

from __future__ import annotations

from dataclasses import dataclass

from coxa.report.document import Document, Length, Section
from coxa.tables.characters import printable, typeset
from coxa.tables.formats import NO_BREAK

WITH_CONTENTS: frozenset[Length] = frozenset({"supplement", "full"})
"""Lengths that are long enough for a list of their sections."""

UNTITLED = "Report"


@dataclass(frozen=True, slots=True)
class Opening:
    """The first lines of a report on paper.

    kind     : of the report; of a supplement, also that it is one
    title    : of the study; of a supplement, what it supplements
    facts    : in one line
    contents : whether a list of the sections follows
    numbered : whether sections, tables and figures show their numbers; a leaflet has none
    """

    kind: str
    title: str
    facts: str
    contents: bool
    numbered: bool


def opening(document: Document) -> Opening:
    """Return how a document begins on paper, by its length.

    Examples
    --------
    >>> facts = (("Study", "a-1"), ("Data cut", "2026-01-31"))
    >>> opening(Document("A trial", "Randomised trial", facts, ())).facts.replace(NO_BREAK, " ")
    'a-1 · Data cut 2026-01-31'
    >>> opening(Document("A trial", "Randomised trial", (), (), length="supplement")).title
    'Supplement to “A trial”'
    """
    title = printable(document.title).strip() or UNTITLED
    supplement = document.length == "supplement"
    name, *others = document.facts or (("", ""),)
    facts = (name[1], *(f"{what}{NO_BREAK}{text}" for what, text in others))
    return Opening(
        printable(document.subtitle),
        f"Supplement to \N{LEFT DOUBLE QUOTATION MARK}{title}\N{RIGHT DOUBLE QUOTATION MARK}" if supplement else title,
        " \N{MIDDLE DOT} ".join(typeset(fact) for fact in facts if fact),
        document.length in WITH_CONTENTS,
        document.length != "brief",
    )


def heading(section: Section, number: str, numbered: bool) -> str:
    """Return the title of a section with its number, where it shows it."""
    title = typeset(section.title)
    return f"{number} {title}" if numbered else title
