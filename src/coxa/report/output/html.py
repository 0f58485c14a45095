"""A document as one HTML file that asks the network for nothing."""

from __future__ import annotations

import json
import math
from functools import cache
from itertools import count

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from coxa.figures.figure import Figure
from coxa.report.document import Document
from coxa.report.output.interaction import engine, page_script, policy, static
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
        Style, figures and what makes them interactive are inside; without scripts, and on paper, figures are
        drawings. Text is escaped wherever it comes from; tables carry in `data-trace` the address and unrounded value
        of every number; the same document gives the same bytes.
    """
    scripts = [page_script()]
    if any(_spec(figure) for figure in document.figures()):
        scripts.append(engine())
    page = _environment().get_template("report.html.j2")
    text = page.render(
        document=document,
        numbers={**document.section_numbers(), **document.numbers()},
        style=Markup(static("report.css")),
        policy=policy(*scripts),
        page_script=Markup(scripts[0]),
        engine=Markup("".join(scripts[1:])),
    )
    return printable(text)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("coxa.report.output"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["svg"] = _svg
    environment.filters["spec"] = _spec
    environment.filters["trace"] = trace
    environment.filters["said"] = said
    environment.tests["of_kind"] = lambda block, kind: type(block).__name__ == kind
    return environment


def _svg(figure: Figure) -> Markup:
    """Return a figure's drawing; its texts were escaped when it was drawn. Where there is a chart it can make way."""
    return Markup(figure.svg().replace(XMLNS, ' class="still"' if figure.spec() else "", 1))


def _spec(figure: Figure) -> Markup:
    """Return a figure's chart for the page's engine, in which nothing can end its element; empty without a chart."""
    return Markup(figure.spec().replace("<", "\\u003c"))


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
