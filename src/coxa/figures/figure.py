"""A figure as data: the chart, the numbers in it, and a text that says the same."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import pandas as pd

from coxa.figures.drawing import Drawing
from coxa.figures.plain_rows import unchecked, with_plain_rows
from coxa.figures.renderer import drawn
from coxa.tables.characters import printable
from coxa.tables.hidden import Protected
from coxa.tables.prose import Text
from coxa.tables.table import Cell, Table

INNER = re.compile(r"\b(clip|gradient_)(\d+)\b")
"""Ids that the renderer numbers by what it drew before in the same process."""

ROOT = re.compile(r"<svg\b[^>]*?viewBox=\"([^\"]*)\"[^>]*>")
BACKDROP = re.compile(r"^<rect\b[^>]*fill=\"(?:white|transparent)\"[^>]*/>")

LINES = re.compile(r"[\t\r\n\u2028\u2029]+")


Draw = Callable[[Sequence[str]], Any]
"""From the texts of the cells that stand in a chart to the chart, or a `Drawing`."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure to be rendered, drawn when it is asked for: no chart is made of a figure that is not shown.

    id    : lower-case letters, digits and dashes; unique in a document
    title : caption
    draw  : returns the chart, of Altair or `coxa.figures.composed`, or a `Drawing` where no grammar of charts has it,
            from the texts of `shown`; a chart that is there already is taken as it is
    words : what the figure shows, with the numbers, for those who do not see it; `alt` is their text
    data  : the numbers in it, unrounded
    shown : cells whose text stands in the chart
    decimal_mark : of the numbers that the chart writes itself
    of_people : whether it shows single participants, and so is not for everybody
    hiding : returns the figure without counts that are not shown; None where it would not be the same figure
    by_address : whether `hiding` knows which count each is, as a table does, and not the number alone
    counts : the counts in it as rows that add up, where no table of the document has them; sharing hides them by it
    along : columns of `data` that say where on an axis a row stands, and are no results
    digits : significant digits of columns of the chart's data, where it is not to have them all

    Examples
    --------
    >>> import altair as alt
    >>> data = pd.DataFrame({"day": [0, 42], "pain": [6.1, 4.2]})
    >>> chart = alt.Chart(data).mark_line().encode(x="day:Q", y="pain:Q")
    >>> figure = Figure("pain", "Pain over time", chart, "Pain fell from 6.1 to 4.2.", data)
    >>> figure.svg().startswith("<svg")
    True
    """

    id: str
    title: str
    draw: Draw | Any
    words: Text
    data: pd.DataFrame
    shown: tuple[Cell, ...] = ()
    decimal_mark: str = "."
    of_people: bool = False
    along: tuple[str, ...] = ()
    digits: Mapping[str, int] = field(default_factory=dict)
    counts: Table | None = field(default=None, repr=False)
    hiding: Callable[[Protected], Figure] | None = field(default=None, repr=False, compare=False)
    by_address: bool = False
    _kept: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """The chart and its description, as making them takes longer than drawing them."""

    @property
    def alt(self) -> str:
        """What the figure shows, as text."""
        return str(self.words)

    @property
    def chart(self) -> Any:
        """The chart, of Altair or composed of several, or the `Drawing`; made once."""
        if "chart" not in self._kept:
            texts = [cell.text for cell in self.shown]
            with unchecked():
                self._kept["chart"] = self.draw(texts) if callable(self.draw) else self.draw
        return self._kept["chart"]

    def svg(self) -> str:
        """Return the figure as SVG, text as text, the same bytes for the same figure.

        The drawing carries its title and description, scales to the width it is given, and its inner ids start
        with the id of the figure, so that several can stand in one page.
        """
        if isinstance(self.chart, Drawing):
            return printable(drawn_svg(self.chart, self.id, self.title, self.alt))
        return printable(accessible_svg(drawn(self.spec()), self.id, self.title, self.alt))

    def spec(self) -> str:
        """Return the chart as Vega-Lite, in JSON: what is drawn, and what a page needs to make it interactive.

        Empty where the figure is a drawing.
        """
        if "spec" not in self._kept:
            self._kept["spec"] = "" if isinstance(self.chart, Drawing) else self._described()
        return str(self._kept["spec"])

    def _described(self) -> str:
        with with_plain_rows():
            chart = self.chart.to_dict(validate=False)
        if self.digits:
            chart["datasets"] = {name: _shorter(rows, self.digits) for name, rows in chart["datasets"].items()}
        if self.decimal_mark != ".":
            numbers = {"decimal": self.decimal_mark, "thousands": ",", "grouping": [3], "currency": ["", ""]}
            chart["config"] = {**chart.get("config", {}), "locale": {"number": numbers}}
        return json.dumps(_printable(chart), ensure_ascii=False, allow_nan=False)

    def png(self, ppi: float = 160) -> bytes:
        """Return the figure as PNG on white, `ppi` pixels for 72 of the drawing; the same bytes for the same figure."""
        import vl_convert

        return bytes(vl_convert.svg_to_png(on_white(self.svg()), ppi=ppi))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        """Show the drawing in a notebook, without a network."""
        return {"image/svg+xml": self.svg(), "text/plain": self.alt}


def literal(value: Any) -> str:
    """Return a text, or a record of texts, as a literal of the expression language, in which it can do nothing."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def _shorter(rows: list[dict[str, Any]], digits: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the rows of a chart's data with fewer digits in some columns."""
    return [
        {name: float(f"{value:.{digits[name]}g}") if name in digits and isinstance(value, float) else value
         for name, value in row.items()}
        for row in rows
    ]  # fmt: skip


def _printable(node: Any) -> Any:
    """Return a chart's description that the renderer takes: its texts without control characters, in one line each.

    Some of these characters end the renderer's process, others the strings of its expressions. Several lines are a
    list of texts. A number that is missing or not finite is null, as JSON has none.
    """
    if isinstance(node, dict):
        return {_printable(key): _printable(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_printable(item) for item in node]
    if isinstance(node, float) and not math.isfinite(node):
        return None
    return LINES.sub(" ", printable(node)) if isinstance(node, str) and not node.isprintable() else node


def on_white(svg: str) -> str:
    """Return an SVG with a white ground behind it."""
    return svg.replace("<g ", '<rect width="100%" height="100%" fill="white"/><g ', 1)


def accessible_svg(svg: str, figure_id: str, title: str, alt: str) -> str:
    """Return an SVG with a role, a title and a description, without fixed size, and with ids of its own.

    Numbers of inner ids depend on what was drawn before in the same process; they are given out anew.
    """
    match = ROOT.search(svg)
    assert match is not None, "the renderer returned no <svg> with a viewBox"
    view = match.group(1)
    width = view.split()[2]
    body = BACKDROP.sub("", svg[match.end() :], count=1)
    body = body.replace(' role="graphics-object"', "").replace(' role="graphics-symbol"', "")
    body = re.sub(r' aria-(?:roledescription|label|hidden)="[^"]*"', "", body)
    order: dict[str, int] = {}
    body = INNER.sub(lambda found: f"{figure_id}-{order.setdefault(found.group(), len(order) + 1)}", body)
    return framed_svg(body.removesuffix("</svg>"), view, width, figure_id, title, alt)


def drawn_svg(drawing: Drawing, figure_id: str, title: str, alt: str) -> str:
    """Return a drawing as SVG; its texts and names were escaped when it was drawn."""
    view = f"0 0 {drawing.width:g} {drawing.height:g}"
    return framed_svg("".join(drawing.marks), view, f"{drawing.width:g}", figure_id, title, alt, drawing.look)


def framed_svg(body: str, view: str, width: str, figure_id: str, title: str, alt: str, look: str = "") -> str:
    """Return the marks of a figure as SVG with a role, a title and a description, without fixed size."""
    names = f"{figure_id}-title {figure_id}-desc"
    styled = f' class="{look}"' if look else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{names}"{styled} '
        f'viewBox="{view}" style="--figure-width: {width}px">'
        f'<title id="{figure_id}-title">{escape(title)}</title>'
        f'<desc id="{figure_id}-desc">{escape(alt)}</desc>'
        f'<g aria-hidden="true">{body}</g></svg>'
    )
