"""A document as a tagged PDF on A4, set by typst; nothing but what comes with coxa and typst is needed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from coxa.errors import CoxaError
from coxa.figures.figure import Figure
from coxa.report.document import Block, Card, Document, FigureBlock, List, Paragraph, Section, TableBlock
from coxa.report.output.columns import UPRIGHT, Layout, figure_width, half
from coxa.report.output.opening import heading, opening
from coxa.report.output.panels import panels, stay_together
from coxa.tables.characters import breakable, printable, typeset
from coxa.tables.formats import NONE
from coxa.tables.prose import Text
from coxa.tables.table import Table

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""The date of every PDF, so that the same document gives the same bytes."""

LONGEST_WORD = 64
LONGEST_WORD_IN_TITLE = 30
LONGEST_WORD_IN_TABLE = 22
RUNNING_TITLE = 70
REPEATED_HEADINGS = 600
"""Characters of headings up to which they are repeated on the next page; longer ones would fill it."""
CARD_OF_ONE_PAGE = 2500
"""Characters of a card that is not broken over two pages."""
VIEW = re.compile(r'viewBox="[^"]*?\s([\d.]+)\s+([\d.]+)"')
ATTEMPTS: tuple[dict[str, Any], ...] = (
    {"pdf_standards": ["ua-1"], "ignore_system_fonts": True},
    {"pdf_standards": ["ua-1"], "ignore_system_fonts": False},
    {"pdf_standards": [], "ignore_system_fonts": False},
)
"""Fonts of the machine are asked only for characters that the fonts of typst do not have; where nobody has them, the
PDF is tagged but not PDF/UA, which does not allow that."""


def render_pdf(document: Document) -> bytes:
    """Render a document as PDF.

    Parameters
    ----------
    document
        From `coxa.report.build.build_document`.

    Returns
    -------
    bytes
        PDF/UA-1 (tagged, with title, language, bookmarks and alternative texts), figures as vectors with their
        texts as text, fonts embedded. The same document gives the same bytes.

    Raises
    ------
    CoxaError
        If typst cannot set the document.

    Examples
    --------
    >>> Path("report.pdf").write_bytes(render_pdf(document))  # doctest: +SKIP
    """
    return compiled(_template(), json.dumps(page_data(document), ensure_ascii=False))


def compiled(template: bytes, data: str) -> bytes:
    """Return what typst sets from a template and its data (`sys.inputs.document`); the same bytes every time.

    Raises
    ------
    CoxaError
        If typst cannot set it.
    """
    import typst

    missing: Exception | None = None
    for attempt in ATTEMPTS:
        try:
            made = typst.compile(template, format="pdf", sys_inputs={"document": data}, timestamp=EPOCH, **attempt)
            return bytes(made)
        except typst.TypstError as error:
            if "could not be displayed" not in str(error):
                raise CoxaError(f"The page cannot be set by typst: {error}. Report this as a fault of coxa.") from error
            missing = error
    raise CoxaError(f"The page cannot be set by typst: {missing}. Report this as a fault of coxa.")


def page_data(document: Document) -> dict[str, Any]:
    """Return a document as plain data for the template: nothing but texts, numbers and lists."""
    first = opening(document)
    places = _Places(document.section_numbers(), document.numbers(), first.numbered)
    return {
        "title": _title(first.title),
        "running": _shortened(_text(first.title)),
        "subtitle": _text(first.kind),
        "kind": _shortened(_text(first.kind)),
        "study": _shortened(_text(dict(document.facts).get("Study", ""))),
        "facts": _text(first.facts),
        "contents": first.contents,
        "numbered": first.numbered,
        "sections": [_section(section, places) for section in document.shown],
    }


@dataclass(frozen=True, slots=True)
class _Places:
    """The number of each section, and of each table and figure, by their ids; and whether they are shown."""

    sections: Mapping[str, str]
    numbers: Mapping[str, int]
    shown: bool


@cache
def _template() -> bytes:
    return files("coxa.report.output").joinpath("templates/report.typ").read_bytes()


def _section(section: Section, places: _Places) -> dict[str, Any]:
    return {
        "title": _title(heading(section, places.sections[section.id], places.shown)),
        "part": section.part,
        "references": section.id == "references",
        "blocks": [
            {"type": type(block).__name__, "introduces": section.introduces(index), **_block(block, places)}
            for index, block in enumerate(section.blocks)
        ],
        "sections": [_section(inner, places) for inner in section.sections],
    }


def _block(block: Block, places: _Places) -> dict[str, Any]:
    match block:
        case Paragraph(text, kind):
            return {"text": _text(text), "kind": kind}
        case List(items):
            return {"items": [_text(item) for item in items]}
        case Card(title, facts):
            lengths = [len(str(text)) for _, text in facts]
            return {
                "title": _title(title) if title else "",
                "facts": _pairs(facts),
                "whole": sum(lengths) <= CARD_OF_ONE_PAGE,
                "half": half(lengths),
            }
        case TableBlock(table):
            return {"number": places.numbers[table.id], "numbered": places.shown, **_table(table)}
        case FigureBlock(figure):
            return {"number": places.numbers[figure.id], "numbered": places.shown, **_figure(figure)}


def _table(table: Table) -> dict[str, Any]:
    parts = panels(table)
    return {
        "title": _text(table.title),
        "subtitle": _text(table.subtitle),
        "size": parts[0][1].size,
        "sideways": parts[0][1].sideways,
        "together": stay_together(parts, table),
        "parts": [_part(part, placed) for part, placed in parts],
        "footnotes": [{"text": _text(note.text), "mark": _text(note.mark)} for note in table.footnotes],
    }


def _part(table: Table, placed: Layout) -> dict[str, Any]:
    """Return a table, or some of its columns, without caption and notes."""
    return {
        "stub": _cell(table.stub or "Row"),
        "repeat": len(table.stub) + sum(len(str(c.label)) + len(str(c.spanner)) for c in table.columns)
        <= REPEATED_HEADINGS,
        "widths": [round(width, 2) for width in placed.widths],
        "spanned": any(column.spanner for column in table.columns),
        "spanners": [[_cell(label), width] for label, width in table.spanners()],
        "columns": [{"label": _cell(column.label), "align": column.align} for column in table.columns],
        "groups": [
            {
                "label": _text(group.label),
                "repeat": len(group.label) <= REPEATED_HEADINGS,
                "rows": [
                    {
                        "label": _cell(row.label),
                        "level": row.level,
                        "strong": row.strong,
                        "cells": [{"text": _cell(cell.text), "mark": _text(cell.mark)} for cell in row.cells],
                    }
                    for row in group.rows
                ],
            }
            for group in table.groups
        ],
    }


def _figure(figure: Figure) -> dict[str, Any]:
    svg = figure.svg()
    view = VIEW.search(svg)
    width = 100.0 if view is None else 100 * figure_width(*map(float, view.groups())) / UPRIGHT
    return {"title": _text(figure.title), "alt": printable(figure.alt) or NONE, "svg": svg, "width": round(width, 2)}


def _pairs(facts: tuple[tuple[str, Text], ...]) -> list[list[str]]:
    return [[_cell(name), _text(text)] for name, text in facts]


def _text(text: Text) -> str:
    return breakable(typeset(str(text)), LONGEST_WORD)


def _title(text: str) -> str:
    """Return what PDF/UA does not want empty: a heading, the title, an alternative text."""
    said = breakable(typeset(text), LONGEST_WORD_IN_TITLE)
    return said if said.strip() else NONE


def _cell(text: Text) -> str:
    return breakable(typeset(str(text)), LONGEST_WORD_IN_TABLE)


def _shortened(text: str) -> str:
    return text if len(text) <= RUNNING_TITLE else f"{text[: RUNNING_TITLE - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"
