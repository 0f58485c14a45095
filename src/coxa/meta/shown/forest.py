"""Forest plot as the field draws it: numbers of the arms, weights, squares, a diamond and the prediction interval."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

import pandas as pd

from coxa.figures.drawing import Drawing, group, line, polygon, rect, text
from coxa.figures.figure import Figure
from coxa.figures.text_size import text_width
from coxa.figures.theme import GREY, OKABE_ITO, RULE
from coxa.meta.review.answer import Answer, limits_of
from coxa.meta.review.effect import StudyEffect
from coxa.meta.review.run import Review
from coxa.meta.shown.axis import Axis, axis, plain_number, tick_words
from coxa.meta.shown.written import Written
from coxa.study.pool.studies import ArmData
from coxa.tables.cells import Cell, Statistic
from coxa.tables.formats import cell
from coxa.tables.prose import Prose, joined, prose

SIZE, ROW, LINE = 13.0, 26.0, 16.0
GAP, EDGE = 18.0, 6.0
PLOT = 250.0
LABEL_LETTERS = 30
LARGEST, SMALLEST = 15.0, 4.0
"""Sides of the squares of a trial with half of the weight or more, and of one with hardly any."""
BLUE, ORANGE = OKABE_ITO[0], OKABE_ITO[1]
KINDS = ("study", "own", "pooled", "prediction", "earlier")


@dataclass(frozen=True, slots=True)
class ForestRow:
    """A row: its name, numbers of the arms, weight, effect with limits (as shown), and how it is drawn.

    kind : of `KINDS`; "own" is the reader's own trial, "earlier" a published pooled estimate
    """

    kind: str
    label: str
    arms: tuple[str, str]
    weight: float
    estimate: float
    low: float
    high: float
    shown: Cell


def plot_forest_of_trials(review: Review, *, figure_id: str = "forest", title: str = "Forest plot") -> Figure:
    """Draw the trials of a review, their pooled effect, and where that of a next trial lies.

    Parameters
    ----------
    review
        From `coxa.meta.pool_studies`.
    figure_id, title
        Identifier and caption.

    Returns
    -------
    Figure
        A row for each comparison; the area of a square is its weight; the diamond is as wide as the confidence
        interval; the line below it is the prediction interval; hollow diamonds are earlier reviews.

    Examples
    --------
    >>> from coxa.meta import pool_studies
    >>> from coxa.study import PoolPlan
    >>> study = {"source": "paper", "estimate": -7.4, "interval": [-11.8, -3.0]}
    >>> review = pool_studies(PoolPlan.model_validate({
    ...     "pool": "tiny", "title": "Tiny", "outcome": {"label": "Pain", "measure": "md", "higher_is_better": False},
    ...     "studies": {"krauss_2014": study},
    ... }))
    >>> plot_forest_of_trials(review).title
    'Forest plot'
    """
    written = Written(review.plan)
    rows = forest_rows(review)
    shown = tuple(row.shown for row in rows)

    def draw(texts: Sequence[str]) -> Drawing:
        return _Forest(written, rows, list(texts), review.main).drawing()

    frame = pd.DataFrame([
        {"kind": row.kind, "label": row.label, "weight": row.weight, "estimate": row.estimate, "conf_low": row.low,
         "conf_high": row.high} for row in rows
    ])  # fmt: skip
    return Figure(figure_id, title, draw, _words(written, rows), frame, shown)


def forest_rows(review: Review) -> tuple[ForestRow, ...]:
    """Return the rows of a forest plot, in their order."""
    written, main = Written(review.plan), review.main
    rows = [_study_row(written, one, weight) for one, weight in zip(review.effects, main.weights, strict=True)]
    rows += [_pooled_row(written, main), *_prediction_row(written, main)]
    for place, one in enumerate(review.plan.published):
        numbers = {"estimate": one.estimate, "conf_low": one.interval[0], "conf_high": one.interval[1]}
        shown = cell(
            "estimate_interval", numbers, Statistic("", math.nan, "", "published", str(place)), written.decimals
        )
        rows.append(ForestRow("earlier", one.label, ("", ""), math.nan, one.estimate, *one.interval, shown))
    return tuple(rows)


def _study_row(written: Written, one: StudyEffect, weight: float) -> ForestRow:
    limits = limits_of(one, written.plan.model.level)
    estimate, low, high = map(written.show, (one.estimate, *limits))
    arms = (_arm_words(one.compared), _arm_words(one.reference))
    shown = written.interval(one.estimate, limits, one.name, "study")
    return ForestRow("own" if one.own else "study", one.label, arms, float(weight), estimate, low, high, shown)


def _pooled_row(written: Written, main: Answer) -> ForestRow:
    estimate, low, high = map(written.show, (main.estimate, *main.limits))
    sizes = [sum(one.n or 0 for one in arms) for arms in _unique_arms(main.effects)]
    known = all(one.compared.n and one.reference.n for one in main.effects)
    arms = (str(sizes[0]), str(sizes[1])) if known and written.plan.outcome.measure != "mean" else ("", "")
    shown = written.interval(main.estimate, main.limits, "effect")
    return ForestRow("pooled", "Pooled effect", arms, 1.0, estimate, low, high, shown)


def _unique_arms(effects: Sequence[StudyEffect]) -> tuple[list[ArmData], list[ArmData]]:
    """Return the arms of all trials; a reference that comparisons of a trial share is counted once."""
    references: dict[str, ArmData] = {}
    for one in effects:
        references.setdefault(one.trial, one.reference)
    return [one.compared for one in effects], list(references.values())


def _prediction_row(written: Written, main: Answer) -> Iterator[ForestRow]:
    low, high = main.prediction
    if not math.isnan(low):
        shown = written.limits(main.prediction, "prediction")
        estimate = written.show(main.estimate)
        yield ForestRow("prediction", "Prediction interval", ("", ""), math.nan, estimate, written.show(low),
                        written.show(high), shown)  # fmt: skip


def _arm_words(arm: ArmData) -> str:
    """Return what is known of an arm: mean (SD), n; events/n; or n."""
    size = "" if arm.n is None else str(arm.n)
    if arm.events is not None:
        return f"{arm.events}/{size}"
    if arm.mean is None:
        return size
    mean = plain_number(arm.mean)
    return f"{mean} ({arm.sd:g}), {size}" if arm.sd is not None else f"{mean}, {size}"


class _Forest:
    """Where everything of a forest plot is."""

    def __init__(self, written: Written, rows: Sequence[ForestRow], texts: list[str], main: Answer) -> None:
        self.written, self.rows, self.texts, self.main = written, rows, texts, main
        self.labels = [wrap(row.label, LABEL_LETTERS) or [""] for row in rows]
        self.headings = self._headings()
        self.columns = self._columns()
        self.top = EDGE + 2 * LINE + 8
        self.tops = self._tops()
        self.bottom = self.tops[-1] + self._height(len(rows) - 1)

    def drawing(self) -> Drawing:
        """Return the plot."""
        left, width = self.columns["plot"]
        spans = [(row.low, row.high) for row in self.rows]
        scale = axis(spans, self.written.null, left, width, ratio=self.written.is_ratio)
        marks = [group("headings", "forest-headings", list(self._heading_marks()))]
        marks.append(group("lines", "forest-lines", list(self._line_marks(scale))))
        for place, row in enumerate(self.rows):
            marks.append(group(f"row-{place + 1}", f"forest-{row.kind}", list(self._row_marks(place, row, scale))))
        marks.append(group("axis", "forest-axis", list(self._axis_marks(scale))))
        total = self.columns["effect"]
        return Drawing(total[0] + total[1] + EDGE, self.bottom + 50, tuple(marks), "forest")

    def _headings(self) -> dict[str, tuple[str, ...]]:
        outcome, arms = self.written.plan.outcome, self.written.plan.arms
        of_arm = "events/n" if outcome.measure in ("rr", "or", "rd") else (
            "mean (SD), n" if any(", " in arm for row in self.rows for arm in row.arms) else "n"
        )  # fmt: skip
        level = self.written.level
        return {
            "label": ("Trial",),
            "compared": (arms[0], of_arm),
            "reference": (arms[1], of_arm),
            "weight": ("Weight",),
            "plot": (),
            "effect": (self.written.short, f"({level} CI)"),
        }

    def _columns(self) -> dict[str, tuple[float, float]]:
        """Return the left edge and the width of each column that has something in it."""
        cells = {
            "label": [line for lines in self.labels for line in lines],
            "compared": [row.arms[0] for row in self.rows],
            "reference": [row.arms[1] for row in self.rows],
            "weight": [_weight(row) for row in self.rows],
            "effect": self.texts,
        }
        placed: dict[str, tuple[float, float]] = {}
        x = EDGE
        for name, heads in self.headings.items():
            if name == "plot":
                placed[name], x = (x, PLOT), x + PLOT + GAP
                continue
            texts = [text for text in cells[name] if text]
            if not texts:
                continue
            bold = max(text_width(each, SIZE, bold=True) for each in (*texts, *heads))
            placed[name], x = (x, bold), x + bold + GAP
        return placed

    def _tops(self) -> list[float]:
        tops, y = [], self.top
        for place, row in enumerate(self.rows):
            before = self.rows[place - 1].kind if place else row.kind
            if row.kind != before and {row.kind, before} - {"study", "own"} and row.kind != "prediction":
                y += 10
            tops.append(y)
            y += self._height(place)
        return tops

    def _height(self, place: int) -> float:
        return ROW + LINE * (len(self.labels[place]) - 1)

    def _middle(self, place: int) -> float:
        return self.tops[place] + self._height(place) / 2

    def _heading_marks(self) -> Iterator[str]:
        for name, lines in self.headings.items():
            if name not in self.columns:
                continue
            x, anchor = self._anchor(name)
            for place, said in enumerate(lines):
                y = EDGE + LINE * (place + 1 + (2 - len(lines)))
                yield text(x, y, said, SIZE, bold=True, anchor=anchor)
        if "plot" in self.columns:
            left, width = self.columns["plot"]
            yield text(
                left + width / 2, EDGE + 2 * LINE, self.written.plan.outcome.label, SIZE, bold=True, anchor="middle"
            )

    def _anchor(self, name: str) -> tuple[float, str]:
        left, width = self.columns[name]
        return (left, "start") if name in ("label", "effect") else (left + width, "end")

    def _line_marks(self, scale: Axis) -> Iterator[str]:
        right = sum(self.columns["effect"])
        y = self.top - 4
        yield line([(EDGE, y), (right, y)], colour=RULE)
        yield line([(scale.place(self.written.null), y), (scale.place(self.written.null), self.bottom)], colour=RULE)
        pooled = next(place for place, row in enumerate(self.rows) if row.kind == "pooled")
        at = scale.place(self.rows[pooled].estimate)
        yield line([(at, y), (at, self._middle(pooled))], colour=GREY, dash="3 3")

    def _row_marks(self, place: int, row: ForestRow, scale: Axis) -> Iterator[str]:
        strong, y = row.kind == "pooled", self._middle(place)
        first = y + SIZE * 0.35 - LINE * (len(self.labels[place]) - 1) / 2
        for index, said in enumerate(self.labels[place]):
            yield text(self.columns["label"][0], first + index * LINE, said, SIZE, bold=strong or row.kind == "own")
        texts = {"compared": row.arms[0], "reference": row.arms[1], "weight": _weight(row), "effect": self.texts[place]}
        for name, said in texts.items():
            if said and name in self.columns:
                x, anchor = self._anchor(name)
                yield text(x, y + SIZE * 0.35, said, SIZE, bold=strong, anchor=anchor)
        yield from _drawn(row, y, scale)

    def _axis_marks(self, scale: Axis) -> Iterator[str]:
        y = self.bottom + 4
        yield line([(scale.left, y), (scale.left + scale.width, y)], colour=RULE)
        for tick, said in zip(scale.ticks, tick_words(scale.ticks, ratio=scale.ratio), strict=True):
            x = scale.place(tick)
            yield line([(x, y), (x, y + 5)], colour=RULE)
            yield text(x, y + 18, said, SIZE - 1, anchor="middle")
        below, above = self.written.favours()
        null = scale.place(self.written.null)
        yield from self._side(f"\N{LEFTWARDS ARROW} {below}", null - 8, "end", y + 36)
        yield from self._side(f"{above} \N{RIGHTWARDS ARROW}", null + 8, "start", y + 36)

    def _side(self, said: str, x: float, anchor: str, y: float) -> Iterator[str]:
        """Write what one side means; moved inwards where it would leave the drawing."""
        width, right = text_width(said, SIZE - 1), sum(self.columns["effect"])
        x = max(x, EDGE + width) if anchor == "end" else min(x, right - width)
        yield text(x, y, said, SIZE - 1, anchor=anchor)


def _drawn(row: ForestRow, y: float, scale: Axis) -> Iterator[str]:
    """Draw the interval of a row: a square, a diamond, or a line."""
    left, at, right = map(scale.place, (row.low, row.estimate, row.high))
    if row.kind in ("pooled", "earlier"):
        corners = [(left, y), (at, y - 7), (right, y), (at, y + 7)]
        yield polygon(
            corners, fill=BLUE if row.kind == "pooled" else "none", stroke=BLUE if row.kind == "pooled" else GREY
        )
        return
    colour = {"study": BLUE, "own": ORANGE, "prediction": GREY}[row.kind]
    thick = 3.0 if row.kind == "prediction" else 1.5
    yield line([(left, y), (right, y)], colour=colour, width=thick)
    for value, x, way in ((row.low, left, 1), (row.high, right, -1)):
        if scale.outside(value):
            yield polygon([(x, y), (x + way * 7, y - 4), (x + way * 7, y + 4)], fill=colour, stroke=colour)
    if row.kind != "prediction":
        side = max(SMALLEST, LARGEST * math.sqrt(min(row.weight, 0.5) / 0.5))
        yield rect(at - side / 2, y - side / 2, side, side, fill=colour, stroke=colour)


def _weight(row: ForestRow) -> str:
    return "" if math.isnan(row.weight) or row.kind == "pooled" else f"{100 * row.weight:.1f}%"


def _words(written: Written, rows: Sequence[ForestRow]) -> Prose:
    """Say each row with its interval and weight."""
    said = f"{written.measure.capitalize()} of each comparison with its {written.level} confidence interval."
    parts = [prose(f"{row.label}, ", row.shown, f", weight {_weight(row)}" if _weight(row) else "") for row in rows]
    return prose(said, " ", joined("; ", parts), ".")
