"""A document as one HTML file that asks the network for nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import count, groupby, islice
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from coxa.errors import OptionError
from coxa.figures.figure import Figure
from coxa.report.document import Document, Part, Section, TableBlock
from coxa.report.output.columns import fits_phone, layout
from coxa.report.output.csv_files import csv_text
from coxa.report.output.interaction import engine, page_script, policy, static
from coxa.report.output.slide import size_class
from coxa.tables.cells import Cell
from coxa.tables.characters import BREAK, breakable, joined_dashes, kept_whole, printable, typeset
from coxa.tables.prose import Text
from coxa.tables.table import Table

XMLNS = ' xmlns="http://www.w3.org/2000/svg"'
"""A file of its own needs the name of its language; inside a page it says nothing."""

TRACED = Markup('<span data-cell="{}" data-trace="{}"{}>{}</span>')
"""A number in a text."""

FOLDED: Mapping[Part, str] = {"supplement": "Supplement", "annex": "Records"}
"""Parts of a full page whose sections are closed until a reader opens them, and the heading above them."""

OF_WHAT = (
    "This is the supplement to the report of the study (report.html), which gives the answer and the main results. "
    "Sections, tables and figures are numbered as in the full report."
)


@dataclass(frozen=True, slots=True)
class ShownPart:
    """Sections that follow each other in one part; with a title where they are folded."""

    id: str
    title: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Numbering:
    """The numbers of sections, tables and figures, and whether captions show them."""

    headings: Mapping[str, str]
    numbers: Mapping[str, int]
    captions: bool


def render_html(document: Document) -> str:
    """Render a document as one self-contained HTML file.

    Parameters
    ----------
    document
        From `coxa.report.build.build_document`.

    Returns
    -------
    str
        Style, figures and what makes them interactive are inside; without scripts, and on paper, figures are
        drawings. Text is escaped wherever it comes from; tables carry in `data-trace` the address and unrounded value
        of every number; the same document gives the same bytes.
    """
    if document.length == "slide":
        return _slide(document)
    scripts = [page_script(any(block.choices for block in _tables(document)))]
    if any(_spec(figure) for figure in document.figures()):
        scripts.append(engine())
    numbered = document.length != "brief"
    page = Numbering(document.section_numbers() if numbered else {}, document.numbers(), numbered)
    text = _environment().get_template("report.html.j2").render(
        document=document,
        parts=shown_parts(document),
        page=page,
        headings=page.headings,
        supplement=OF_WHAT if document.length == "supplement" else "",
        style=Markup(static("report.css")),
        policy=policy(*scripts),
        behind=_json(document.behind) if document.behind else "",
        page_script=Markup(scripts[0]),
        engine=Markup("".join(scripts[1:])),
    )  # fmt: skip
    return printable(text)


def _slide(document: Document) -> str:
    """Return one page in the ratio 16:9 that fits any screen: question and answer, one figure, for whom and how sure.

    Numbers have the places that they have in the report. A slide has no scripts.
    """
    if not document.shown:
        raise OptionError("A slide has the answer of a study that compares groups. Choose another `--length`.")
    template = _environment().get_template("slide.html.j2")
    style = Markup(static("slide.css"))
    answer = document.shown[0]
    size = size_class(document, answer.blocks)
    return printable(template.render(document=document, section=answer, size=size, style=style, policy=policy()))


def _tables(document: Document) -> list[TableBlock]:
    return [block for section in document.walk_shown() for block in section.blocks if isinstance(block, TableBlock)]


def shown_parts(document: Document) -> list[ShownPart]:
    """Return the sections of a page by part; in a full one those of `FOLDED` have a title."""
    titles = FOLDED if document.length == "full" else {}
    return [
        ShownPart(f"part-{part}", titles.get(part, ""), tuple(sections))
        for part, sections in groupby(document.shown, key=lambda section: section.part)
    ]


LONG_WORD = 18
"""Letters of a word that the narrowest column of row headings has room for."""


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("coxa.report.output"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_shown,
    )
    environment.filters["svg"] = _svg
    environment.filters["spec"] = _spec
    environment.filters["data"] = _data
    environment.filters["trace"] = lambda cell: escape(trace(cell))
    environment.filters["against"] = _against
    environment.filters["said"] = said
    environment.filters["printed"] = printed_class
    environment.filters["joints"] = joints
    environment.filters["fits_phone"] = fits_phone
    environment.tests["of_kind"] = lambda block, kind: type(block).__name__ == kind
    return environment


def joints(label: str) -> Markup:
    """Return a row heading in which a word too long for a phone may be broken, at its joints where it has some.

    Examples
    --------
    >>> joints("arm[manual_therapy]:visit"), joints("Köln")
    (Markup('arm[manual_<wbr>therapy]:<wbr>visit'), Markup('Köln'))
    """
    return Markup(str(escape(breakable(typeset(label), LONG_WORD))).replace(BREAK, "<wbr>"))


def printed_class(table: Table) -> str:
    """Return the class of a table on paper: the size at which no number of it is broken; empty where it is too wide."""
    placed = layout(table)
    return "" if placed.sideways else f"whole size{10 * placed.size:.0f}"


def _svg(figure: Figure) -> Markup:
    """Return a figure's drawing; its texts were escaped when it was drawn. Where there is a chart it can make way."""
    return Markup(figure.svg().replace(XMLNS, ' class="still"' if figure.spec() else "", 1))


def _spec(figure: Figure) -> Markup:
    """Return a figure's chart for the page's engine, in which nothing can end its element; empty without a chart."""
    return _in_script(figure.spec())


def _data(figure: Figure) -> Markup:
    """Return the numbers of a figure as CSV, in JSON; empty for a figure of single participants, or without any."""
    return Markup("") if figure.of_people or figure.data.empty else _json(csv_text(figure.data))


def _json(value: Any) -> Markup:
    return _in_script(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _in_script(text: str) -> Markup:
    return Markup(text.replace("<", "\\u003c"))


def said(text: Text, name: str) -> Markup:
    """Return a text whose numbers say where they are and what is behind them, as cells of tables do."""
    if isinstance(text, str):
        return escape(typeset(text))
    numbers, whole = count(1), iter(kept_whole(str(text)))
    said = []
    for piece in text.pieces:
        letters = len(piece.text if isinstance(piece, Cell) else piece)
        shown = joined_dashes("".join(islice(whole, letters)))
        said.append(_piece(piece, shown, f"{name}.n{next(numbers)}") if isinstance(piece, Cell) else escape(shown))
    return Markup("").join(said)


def _piece(cell: Cell, text: str, name: str) -> Markup:
    return TRACED.format(name, trace(cell), _against(cell), text) if cell.statistics else escape(text)


def _shown(value: Any) -> Any:
    """Return what is written of a value in the page: a text as `typeset` sets it; what is markup already as it is."""
    if isinstance(value, Markup):
        return value
    return typeset(str(value)) if isinstance(value, Text) else value


def _against(cell: Cell) -> Markup:
    """Return what a cell is compared with, as an attribute; empty where it is with nothing."""
    reference = cell.statistics[0].reference
    return Markup(' data-against="{}"').format(reference) if reference else Markup("")


def trace(cell: Cell) -> str:
    """Return addresses and unrounded values of a cell's statistics as JSON."""
    numbers = {item.key: item.value if math.isfinite(item.value) else None for item in cell.statistics}
    return json.dumps(numbers, ensure_ascii=False)
