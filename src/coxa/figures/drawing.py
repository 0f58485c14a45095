"""A drawing made by coxa itself: shapes and texts as SVG, for figures that are no chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from coxa.figures.theme import FONT, INK
from coxa.tables.characters import printable


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a `Figure` shows in place of a chart.

    width, height : in pixels
    marks         : shapes and texts as SVG, made with the functions of this module
    look          : class of the drawing, for the style of a page
    """

    width: float
    height: float
    marks: tuple[str, ...]
    look: str = ""


def group(name: str, look: str, marks: Sequence[str]) -> str:
    """Return marks as a group that an editor shows under its name."""
    return f'<g id="{escape(name)}" class="{escape(look)}">{"".join(marks)}</g>'


def rect(x: float, y: float, width: float, height: float, *, fill: str, stroke: str, dash: str = "", radius: float = 0,
         ) -> str:  # fmt: skip
    """Return a rectangle."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<rect x="{_number(x)}" y="{_number(y)}" width="{_number(width)}" height="{_number(height)}" '
        f'rx="{_number(radius)}" fill="{fill}" stroke="{stroke}"{dashed}/>'
    )


def circle(x: float, y: float, radius: float, *, fill: str, stroke: str) -> str:
    """Return a circle around a point."""
    at = f'cx="{_number(x)}" cy="{_number(y)}" r="{_number(radius)}"'
    return f'<circle {at} fill="{fill}" stroke="{stroke}"/>'


def text(x: float, y: float, said: str, size: float, *, bold: bool = False, colour: str = INK, turned: bool = False,
         anchor: str = "start") -> str:  # fmt: skip
    """Return one line of text, its baseline at y; a turned one reads upwards and has its middle at the point.

    `anchor` says which part of it is at x: "start", "middle" or "end".
    """
    weight = ' font-weight="bold"' if bold else ""
    at = f'x="{_number(x)}" y="{_number(y)}"'
    if anchor != "start":
        at += f' text-anchor="{anchor}"'
    if turned:
        at += f' text-anchor="middle" transform="rotate(-90 {_number(x)} {_number(y)})"'
    return (
        f'<text {at} font-family="{FONT}" font-size="{_number(size)}px"{weight} fill="{colour}">'
        f"{escape(printable(said))}</text>"
    )


def line(points: Sequence[tuple[float, float]], *, colour: str, dash: str = "", width: float = 1) -> str:
    """Return a line through points."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    thick = f' stroke-width="{_number(width)}"' if width != 1 else ""
    path = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}"{thick}{dashed}/>'


def polygon(points: Sequence[tuple[float, float]], *, fill: str, stroke: str) -> str:
    """Return a closed shape, such as a diamond."""
    path = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
    return f'<polygon points="{path}" fill="{fill}" stroke="{stroke}"/>'


def arrow(points: Sequence[tuple[float, float]], *, colour: str, head: float = 5.0) -> str:
    """Return a line through points with a head at its end; its last piece goes down or to the right."""
    (x0, _), (x, y) = points[-2:]
    down = x0 == x
    corners = [(x, y), (x - head / 1.4, y - head), (x + head / 1.4, y - head)] if down else [
        (x, y), (x - head, y - head / 1.4), (x - head, y + head / 1.4)]  # fmt: skip
    path = " ".join(f"{_number(a)},{_number(b)}" for a, b in corners)
    stop = (x, y - head) if down else (x - head, y)
    return line([*points[:-1], stop], colour=colour) + f'<polygon points="{path}" fill="{colour}"/>'


def _number(value: float) -> str:
    """Write a coordinate with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")
