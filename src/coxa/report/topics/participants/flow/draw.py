"""The participant flow diagram as a figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from coxa.cohort.cohort import Cohort
from coxa.derive.dataset import AnalysisDataset
from coxa.figures.drawing import Drawing, arrow, group, line, rect, text
from coxa.figures.figure import Figure
from coxa.figures.theme import INK
from coxa.report.topics.participants.flow.build import participant_flow
from coxa.report.topics.participants.flow.layout import ARROW, BAND, EDGE, Layout, Placed, lay_out
from coxa.report.topics.participants.flow.record import ALL, Flow
from coxa.report.topics.participants.flow.table import flow_table, without
from coxa.report.topics.participants.flow.words import flow_text
from coxa.tables.hidden import Protected
from coxa.tables.table import identifier

PAPER, STROKE, SOFT, TINT = "#ffffff", "#4a545e", "#56606b", "#e8eef4"
DASH = "4 3"
TITLE = "Flow of participants"


def plot_flow(flow: Flow, *, figure_id: str = "participant-flow", title: str = TITLE) -> Figure:
    """Draw a flow: a box for each step, one column per arm.

    Parameters
    ----------
    flow
        Counts that add up, from `participant_flow`.
    figure_id, title
        Identifier and caption.

    Returns
    -------
    Figure
        Boxes are rectangles and words are text, in groups named after the boxes, so that an editor of drawings can
        change them. Boxes that describe people who go on have a dashed edge and no arrow.

    Examples
    --------
    >>> import coxa
    >>> trial = coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1)
    >>> cohort = coxa.read_cohort(trial.study, trial.tables)
    >>> plot_flow(coxa.report.participant_flow(cohort, coxa.derive_dataset(cohort, "primary"))).title
    'Flow of participants'
    """

    def hiding(protected: Protected) -> Figure:
        return plot_flow(without(flow, protected), figure_id=figure_id, title=title)

    def draw(_: Sequence[str]) -> Drawing:
        return _drawing(flow, figure_id)

    words, data, counts = flow_text(flow), flow.to_frame(), flow_table(flow)
    return Figure(figure_id, title, draw, words, data, along=("level",), counts=counts, hiding=hiding, by_address=True)


def _drawing(flow: Flow, figure_id: str) -> Drawing:
    """Place the boxes of a flow, and draw them with bands and arrows."""
    placed = lay_out(flow)
    marks = [
        *(_band(figure_id, placed, *band) for band in placed.bands),
        group(f"{figure_id}-arrows", "flow-arrows", list(_arrows(placed))),
        *(_box(figure_id, placed.size, one) for one in placed.boxes),
    ]
    return Drawing(placed.width, placed.height, tuple(marks), "flow")


def flow_figure(cohort: Cohort, dataset: AnalysisDataset) -> Figure:
    """Count and draw the flow of the participants of a study; see `participant_flow` and `plot_flow`."""
    return plot_flow(participant_flow(cohort, dataset))


def _box(figure_id: str, size: float, placed: Placed) -> str:
    """Return a box and its lines."""
    beside = placed.box.kind == "beside"
    ground = rect(placed.x, placed.y, placed.width, placed.height, fill="none" if beside else PAPER,
                  stroke=SOFT if beside else STROKE, dash=DASH if beside else "", radius=2)  # fmt: skip
    lines = [
        text(placed.x + one.x, placed.y + one.y, one.text, size, bold=one.bold, colour=SOFT if one.quiet else INK)
        for one in placed.lines
    ]
    return group(identifier(figure_id, placed.box.id), f"flow-box flow-{placed.box.kind}", [ground, *lines])


def _band(figure_id: str, placed: Layout, label: str, top: float, bottom: float) -> str:
    """Return the band at the left with the name of a stage."""
    ground = rect(EDGE, top, BAND, bottom - top, fill=TINT, stroke="none", radius=3)
    size = placed.size
    name = text(EDGE + BAND / 2 + 0.35 * size, (top + bottom) / 2, label, size, bold=True, turned=True)
    return group(identifier(figure_id, "stage", label), "flow-stage", [ground, name])


def _arrows(placed: Layout) -> Iterator[str]:
    """Yield the arrows of people who go on or leave, and the dashed lines to boxes that describe them."""
    for one in placed.boxes:
        box = one.box
        into = [other for name in box.into if (other := placed.of(name))]
        leaving = [other for other in into if other.box.kind == "leaving"]
        on = [other for other in into if other.box.kind != "leaving"]
        for other in leaving:
            y = other.y + other.height / 2
            yield arrow([(one.middle, y), (other.x, y)], colour=STROKE)
        if box.arm == ALL and len(on) > 1:
            yield from _fork(one, on)
        for other in on if len(on) == 1 else []:
            x = one.middle if box.arm == ALL or placed.rail is None else one.x + placed.rail
            yield arrow([(x, one.bottom), (x, other.y)], colour=STROKE)
        if box.kind == "beside" and box.arm != ALL and placed.rail is not None:
            yield from _stub(placed, one)


def _fork(one: Placed, others: list[Placed]) -> Iterator[str]:
    """Yield the arrows from one box to several side by side."""
    y = one.bottom + ARROW / 2
    yield line([(one.middle, one.bottom), (one.middle, y)], colour=STROKE)
    for other in others:
        yield arrow([(one.middle, y), (other.middle, y), (other.middle, other.y)], colour=STROKE)


def _stub(placed: Layout, one: Placed) -> Iterator[str]:
    """Yield the dashed line from the box that is described, or from the arrow that leaves it."""
    described = placed.of(one.box.about[0][0])
    if described is not None and placed.rail is not None:
        x, y = described.x + placed.rail, one.y + one.height / 2
        down = () if described.box.into else ((x, described.bottom),)
        yield line([*down, (x, y), (one.x, y)], colour=SOFT, dash=DASH)
