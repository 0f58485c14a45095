"""Where the boxes of a flow diagram stand: a column for each arm, a row for each step, nothing over anything else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from coxa.figures.text_size import text_width, wrapped
from coxa.report.topics.participants.flow.record import ALL, Box, Flow, Stage
from coxa.report.topics.participants.flow.table import STAGES, stage_label
from coxa.report.topics.participants.flow.words import Said, box_words

COLUMNS = {1: 430.0, 2: 330.0, 3: 240.0, 4: 190.0, 5: 154.0, 6: 134.0}
"""Width of a column by the number of arms, in pixels; more than six arms have columns of six."""
WIDER = (1.0, 1.1, 1.2, 1.3, 1.4, 1.5)
"""How much wider columns may be made."""
PAGE = (482.0, 620.0)
"""Width and height that a figure has at most on a page, in points."""
SIZES = {1: 13.0, 2: 13.0, 3: 13.0}
SMALL = 12.0
"""Size of the type by the number of arms, and that of four and more."""
GAP = 15.0
"""Between columns."""
BAND, BAND_GAP = 24.0, 12.0
"""Width of the bands with the names of the stages, and what is right of them."""
PADDING, INDENT, RAIL = 9.0, 10.0, 22.0
"""In a box; of a reason; how far a box beside the others stands in from its column."""
LEADING = 1.32
ARROW, STUB = 30.0, 12.0
"""Height left for an arrow, and above a box that is beside others."""
EDGE = 2.0


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text: its baseline from the upper left corner of the box."""

    text: str
    x: float
    y: float
    bold: bool
    quiet: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """A box in its place."""

    box: Box
    x: float
    y: float
    width: float
    height: float
    lines: tuple[Line, ...]

    @property
    def middle(self) -> float:
        """The x of its middle."""
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        """The y of its lower edge."""
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything in its place, in pixels.

    bands : stage -> its label, upper and lower edge
    rail  : how far from the left edge of a column its arrows go down; None for its middle
    """

    width: float
    height: float
    size: float
    boxes: tuple[Placed, ...]
    bands: tuple[tuple[str, float, float], ...]
    rail: float | None

    def of(self, name: str) -> Placed | None:
        """Return a placed box by its id, or None."""
        return next((placed for placed in self.boxes if placed.box.id == name), None)


def lay_out(flow: Flow) -> Layout:
    """Place the boxes of a flow, in columns of the width that makes its letters largest on a page.

    Wider columns have fewer lines, so that a flow which is higher than a page gets wider instead.
    """
    column = COLUMNS[min(max(len(flow.arms), 1), max(COLUMNS))]
    return max((_lay_out(flow, factor * column) for factor in WIDER), key=_scale)


def _scale(made: Layout) -> float:
    """Return how large a flow is on a page; differences of one percent do not count."""
    return round(min(PAGE[0] / made.width, PAGE[1] / made.height), 2)


def _lay_out(flow: Flow, column: float) -> Layout:
    """Place the boxes of a flow in columns of one width.

    Boxes of all arms stand above the columns (who leaves there, right of the way down) or, beside the others, below
    them; the boxes of an arm stand in its column. Boxes of one row are equally high.
    """
    n = max(len(flow.arms), 1)
    size = SIZES.get(n, SMALL)
    left = EDGE + BAND + BAND_GAP
    inner = n * column + (n - 1) * GAP
    beside = any(box.kind == "beside" and box.arm != ALL for box in flow.boxes)
    x_of = {arm: left + place * (column + GAP) for place, (arm, _) in enumerate(flow.arms)}
    placed: list[Placed] = []
    bands: list[tuple[str, float, float]] = []
    y = EDGE
    for stage in STAGES:
        top, rows = y, _rows(flow, stage)
        for index, row in enumerate(rows):
            y += _gap(row, first=not placed, new_stage=index == 0)
            top = y if index == 0 else top
            sized = [_sized(flow, box, *_span(box, x_of, left, column, inner, row), size) for box in row]
            height = max(one.height for one in sized)
            placed += [replace(one, y=y, height=height) for one in sized]
            y += height
        if rows:
            label = stage_label(flow, stage)
            y = max(y, top + text_width(label, size, bold=True) + 2 * PADDING)
            bands.append((label, top, y))
    return Layout(left + inner + EDGE, y + EDGE, size, tuple(placed), tuple(bands), RAIL / 2 if beside else None)


def _rows(flow: Flow, stage: Stage) -> list[list[Box]]:
    """Return the rows of a stage: a box of all arms stands alone, the boxes of arms and descriptions side by side."""
    rows: dict[str, list[Box]] = {}
    for box in flow.boxes:
        if box.stage == stage:
            alone = box.arm == ALL and box.kind != "beside"
            rows.setdefault(box.id if alone else box.id.partition(".")[0], []).append(box)
    return list(rows.values())


def _gap(row: Iterable[Box], *, first: bool, new_stage: bool) -> float:
    """Return the height above a row."""
    if first:
        return 0.0
    return ARROW if new_stage or any(box.kind != "beside" for box in row) else STUB


def _span(
    box: Box, x_of: dict[str, float], left: float, column: float, inner: float, row: list[Box]
) -> tuple[float, float]:
    """Return the left edge and the width of a box."""
    if box.arm != ALL:
        inset = RAIL if box.kind == "beside" else 0.0
        return x_of[box.arm] + inset, column - inset
    if box.kind == "beside":
        width = (inner - (len(row) - 1) * GAP) / len(row)
        return left + row.index(box) * (width + GAP), width
    if box.kind == "leaving":
        start = left + inner / 2 + RAIL
        return start, left + inner - start
    width = min(inner, max(COLUMNS[3], inner / 3))
    return left + (inner - width) / 2, width


def _sized(flow: Flow, box: Box, x: float, width: float, size: float) -> Placed:
    """Return a box at the top of the page with its lines, as high as they need."""
    lines: list[Line] = []
    y = PADDING - (LEADING - 1.0) * size / 2
    for said in box_words(flow, box):
        indent = PADDING + INDENT * said.level
        for index, part in enumerate(wrapped(said.text, width - indent - PADDING, _size(said, size), bold=said.bold)):
            y += LEADING * size
            hanging = 0.55 * size if said.level and index else 0.0
            lines.append(Line(part, indent + hanging, y - 0.3 * size, said.bold, said.quiet))
    return Placed(box, x, 0.0, width, y + PADDING - (LEADING - 1.0) * size / 2, tuple(lines))


def _size(said: Said, size: float) -> float:
    """Return the size with which a paragraph is measured: a reason hangs, and needs a little more room."""
    return size * (1.05 if said.level else 1.0)
