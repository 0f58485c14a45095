"""The graph of hypotheses as a drawing: weights, transitions, and what was rejected."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from textwrap import wrap

import pandas as pd

from coxa.analyses.tested import Conclusions
from coxa.figures.drawing import Drawing, circle, group, line, text
from coxa.figures.figure import Figure
from coxa.figures.theme import FONT, INK, TEXT_SIZE
from coxa.hypotheses import Graph
from coxa.study.comparative import ComparativeStudy
from coxa.study.tested import hypothesis_label

RADIUS, APART, EDGE = 58.0, 210.0, 8.0
REJECTED, OPEN, STROKE = "#d6eaf5", "#ffffff", "#4a545e"
LETTERS, LINES, BEND, HEAD = 15, 2, 26.0, 8.0
Point = tuple[float, float]


def plot_graph(study: ComparativeStudy, graph: Graph, found: Conclusions) -> Figure:
    """Draw the graph of the hypotheses of a plan: filled where one is rejected.

    Parameters
    ----------
    study
        The plan, for labels.
    graph
        As planned.
    found
        What the hypotheses show.
    """
    labels = {name: hypothesis_label(study, name) for name in graph.names}
    rows = [
        (labels[one], "", graph.weights[place], found.of[one].rejected)
        for place, one in enumerate(graph.names)
    ] + [
        (labels[one], labels[other], graph.transitions[i][j], found.of[one].rejected)
        for i, one in enumerate(graph.names)
        for j, other in enumerate(graph.names)
        if graph.transitions[i][j] > 0
    ]  # fmt: skip
    data = pd.DataFrame(rows, columns=["hypothesis", "passes_to", "share", "rejected"])

    def draw(_: Sequence[str]) -> Drawing:
        return drawing(graph, labels, {name: one.rejected for name, one in found.of.items()})

    words = [
        f"{name}: weight {share:g}{', rejected' if rejected else ''}." for name, to, share, rejected in rows if not to
    ]
    words += [f"{name} passes {share:g} to {to}." for name, to, share, _ in rows if to]
    title = "Graph of the hypotheses: weights at the start, and where that of a rejected one goes (filled: rejected)"
    return Figure("hypotheses-diagram", title, draw, " ".join(words), data)


def drawing(graph: Graph, labels: dict[str, str], rejected: dict[str, bool]) -> Drawing:
    """Place the hypotheses on a circle, and draw nodes and arrows."""
    places = _places(len(graph.names))
    marks = [
        group(f"graph-{i}-{j}", "graph-arrow", list(_edge(places[i], places[j], share)))
        for i, row in enumerate(graph.transitions)
        for j, share in enumerate(row)
        if share > 0
    ]
    for place, name in zip(places, graph.names, strict=True):
        weight = graph.weights[graph.names.index(name)]
        node = list(_node(place, labels[name], weight, rejected[name]))
        marks.append(group(f"graph-{name}", "graph-node", node))
    width = max(x for x, _ in places) + RADIUS + EDGE
    height = max(y for _, y in places) + RADIUS + EDGE + (BEND if len(places) == 2 else 0)
    return Drawing(width, height, tuple(marks), "graph")


def _places(count: int) -> list[Point]:
    """Return the centres of the nodes: in a row of two, a square of four, else on a circle."""
    first = RADIUS + EDGE
    if count <= 2:
        return [(first + k * (APART + 60), first + BEND) for k in range(count)]
    if count == 4:
        return [(first + (k % 2) * (APART + 40), first + (k // 2) * APART) for k in range(4)]
    far = max(APART, APART * count / (2 * math.pi) * 1.1) * 0.75
    angles = [2 * math.pi * k / count - math.pi / 2 for k in range(count)]
    points = [(far * math.cos(a) * 1.3, far * math.sin(a)) for a in angles]
    left, top = min(x for x, _ in points), min(y for _, y in points)
    return [(x - left + first, y - top + first) for x, y in points]


def _node(at: Point, label: str, weight: float, rejected: bool) -> Iterator[str]:
    """Yield a hypothesis: its circle, its label in at most two lines, its weight."""
    x, y = at
    yield circle(x, y, RADIUS, fill=REJECTED if rejected else OPEN, stroke=STROKE)
    lines = wrap(label, LETTERS, max_lines=LINES, placeholder=" ...")
    rows = [*((line, True) for line in lines), (f"weight {weight:.3g}", False)]
    rows += [("rejected", False)] if rejected else []
    top = y - (len(rows) - 1) * 8 + 4
    for place, (said, bold) in enumerate(rows):
        yield centred(x, top + 16 * place, said, bold)


def centred(x: float, y: float, said: str, bold: bool = False, size: float = TEXT_SIZE - 1) -> str:
    """Return a line of text with its middle at x."""
    written = text(x, y, said, size, bold=bold, colour=INK)
    return written.replace(f'font-family="{FONT}"', f'text-anchor="middle" font-family="{FONT}"', 1)


def _edge(start: Point, end: Point, share: float) -> Iterator[str]:
    """Yield the bent arrow from one node to another, with its share."""
    (x0, y0), (x1, y1) = start, end
    length = math.hypot(x1 - x0, y1 - y0)
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    turn = math.asin(min(BEND / RADIUS, 0.9)) * 0.8
    first = _rim(start, ux, uy, -turn)
    last = _rim(end, -ux, -uy, turn)
    middle = ((first[0] + last[0]) / 2 + uy * BEND * 0.6, (first[1] + last[1]) / 2 - ux * BEND * 0.6)
    curve = [_bezier(first, middle, last, k / 24) for k in range(25)]
    yield line(curve[:-1], colour=STROKE)
    yield _head(curve[-3], curve[-1])
    at = _bezier(first, middle, last, 0.38)
    yield centred(at[0] + uy * 12, at[1] - ux * 12 + 4, f"{share:.3g}")


def _rim(centre: Point, ux: float, uy: float, angle: float) -> Point:
    """Return the point of a node's rim in a direction that is turned by an angle."""
    c, s = math.cos(angle), math.sin(angle)
    return centre[0] + RADIUS * (ux * c - uy * s), centre[1] + RADIUS * (ux * s + uy * c)


def _bezier(first: Point, middle: Point, last: Point, t: float) -> Point:
    a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
    return a * first[0] + b * middle[0] + c * last[0], a * first[1] + b * middle[1] + c * last[1]


def _head(before: Point, tip: Point) -> str:
    """Return the head of an arrow that comes from a point."""
    length = math.hypot(tip[0] - before[0], tip[1] - before[1])
    ux, uy = (tip[0] - before[0]) / length, (tip[1] - before[1]) / length
    back = (tip[0] - HEAD * ux, tip[1] - HEAD * uy)
    corners = [
        tip,
        (back[0] - uy * HEAD / 2, back[1] + ux * HEAD / 2),
        (back[0] + uy * HEAD / 2, back[1] - ux * HEAD / 2),
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    return f'<polygon points="{path}" fill="{STROKE}"/>'
