"""A document as one HTML file that asks the network for nothing."""

from __future__ import annotations

import json
import math
from functools import cache
from importlib.resources import files
from itertools import count

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from coxa.figures.figure import Figure
from coxa.report.document import Document
from coxa.tables.cells import Cell
from coxa.tables.characters import printable
from coxa.tables.prose import Text

XMLNS = ' xmlns="http://www.w3.org/2000/svg"'
"""A file of its own needs the name of its language; inside a page it says nothing."""

TRACED = Markup('<span data-cell="{}" data-trace="{}">{}</span>')
"""A number in a text."""


def render_html(document: Document) -> str:
    """Render a document as one self-contained HTML file.

    Parameters
    ----------
    document
        From `coxa.report.build.build_document`.

    Returns
    -------
    str
        Style and figures are inside; text is escaped wherever it comes from; tables carry in `data-trace` the
        address and unrounded value of every number; the same document gives the same bytes.
    """
    template = _environment().get_template("report.html.j2")
    numbers = {**document.section_numbers(), **document.numbers()}
    return printable(template.render(document=document, numbers=numbers, style=Markup(_style())))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("coxa.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["svg"] = _svg
    environment.filters["trace"] = trace
    environment.filters["said"] = said
    environment.tests["of_kind"] = lambda block, kind: type(block).__name__ == kind
    return environment


def _style() -> str:
    return files("coxa.report").joinpath("static/report.css").read_text(encoding="utf-8")


def _svg(figure: Figure) -> Markup:
    """Return a figure's drawing; its texts were escaped when it was drawn."""
    return Markup(figure.svg().replace(XMLNS, "", 1))


def said(text: Text, name: str) -> Markup:
    """Return a text whose numbers say where they are and what is behind them, as cells of tables do."""
    if isinstance(text, str):
        return escape(text)
    numbers = count(1)
    return Markup("").join(
        _piece(piece, f"{name}.n{next(numbers)}") if isinstance(piece, Cell) else piece for piece in text.pieces
    )


def _piece(cell: Cell, name: str) -> Markup:
    return TRACED.format(name, trace(cell), cell.text) if cell.statistics else escape(cell.text)


def trace(cell: Cell) -> str:
    """Return addresses and unrounded values of a cell's statistics as JSON."""
    numbers = {item.key: item.value if math.isfinite(item.value) else None for item in cell.statistics}
    return json.dumps(numbers, ensure_ascii=False)
