"""A sensitivity tree as a figure: an estimand, its branches, what each assumes, and where the conclusion changes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coxa.analyses.imputed.tips import MOST_SETS, REACH_SD
from coxa.estimates.table import null_value
from coxa.figures.drawing import Drawing, circle, line, rect, text
from coxa.figures.figure import Figure
from coxa.figures.text_size import wrapped
from coxa.figures.theme import GREY, INK, OKABE_ITO, RULE
from coxa.impute.rates import MOST_FACTOR
from coxa.report.document import Block, FigureBlock, Paragraph
from coxa.report.topics.analyses.forest import favours
from coxa.report.topics.analyses.kinds.branches import OWN, Twig
from coxa.report.topics.analyses.written import written
from coxa.sentences import join_words
from coxa.study.comparative import PlannedAnalysis
from coxa.tables.formats import NONE
from coxa.tables.phrases import sentence_case
from coxa.tables.prose import Prose, joined, prose
from coxa.tables.records import Record
from coxa.tables.table import Cell, identifier

SIZE, SMALL = 12.0, 11.0
LINE = 15
ROOT = (4.0, 120.0)
"""Left edge and width of the box of the estimand."""
STEM, NODE, DEEPER = 136.0, 154.0, 20.0
"""Where the stem is, where the branches of the first level have their points, and how much further those behind."""
WORDS = 410.0
"""Right edge of what is said of a branch."""
AXIS = (424.0, 584.0)
NUMBERS = 598.0
WIDTH = 780.0
GAP, TOP = 12.0, 34.0
APART = 26.0
"""Least distance of two numbers of the axis."""
FARTHEST = math.log(1000.0)
"""Logarithm of the farthest ratio that is drawn."""
CLEAR, NOT_CLEAR = OKABE_ITO[0], OKABE_ITO[4]


def tree_blocks(planned: PlannedAnalysis, arm: str, found: Sequence[Twig]) -> list[Block]:
    """Return the tree of one comparison, whether its branches conclude alike, and what its marks are."""
    said = conclusion_words(planned, found)
    answer = [Paragraph(said, found=True)] if said else []
    return [FigureBlock(plot_tree(planned, arm, found)), *answer, Paragraph(key_words(planned, arm, found))]


def plot_tree(planned: PlannedAnalysis, arm: str, found: Sequence[Twig]) -> Figure:
    """Draw the branches of an analysis with imputed outcomes for one comparison.

    Parameters
    ----------
    planned
        The analysis, whose own assumption is the first branch.
    arm
        The compared arm.
    found
        Its branches, from `coxa.report.topics.analyses.kinds.branches.twigs`.
    """
    study = planned.study
    shown = tuple(_written(planned, twig.record) for twig in found)
    title = (
        f"{planned.outcome_label}: sensitivity tree, {study.label('arms', arm)} against "
        f"{study.label('arms', planned.against)}, {study.label('visits', str(planned.visits[-1]))}"
    )
    data = pd.DataFrame([_row(planned, arm, twig) for twig in found])
    return Figure(
        identifier("tree", planned.name, arm),
        title,
        lambda texts: _drawing(planned, found, texts),
        tree_words(planned, arm, found, shown),
        data,
        shown,
    )


def _written(planned: PlannedAnalysis, record: Record | None) -> Cell:
    if record is None:
        return Cell(NONE)
    shown = written(planned, "estimate_interval", record)
    named = record["branch"] or planned.name
    statistics = tuple(replace(one, term=f"{one.term}, branch {named}") for one in shown.statistics)
    return replace(shown, statistics=statistics)


def _row(planned: PlannedAnalysis, arm: str, twig: Twig) -> dict[str, object]:
    numbers = twig.record or dict.fromkeys(("estimate", "std_error", "conf_low", "conf_high", "p_value"), math.nan)
    return {
        "estimand": planned.estimand_name,
        "analysis": planned.name,
        "visit": str(planned.visits[-1]),
        "arm": arm,
        "reference": planned.against,
        "term": planned.effect.term,
        "branch": twig.name or planned.name,
        "label": twig.label,
        **{name: numbers[name] for name in ("estimate", "std_error", "conf_low", "conf_high", "p_value")},
        "tipping_point": twig.tip,
    }


def tree_words(planned: PlannedAnalysis, arm: str, found: Sequence[Twig], shown: Sequence[Cell]) -> Prose:
    """Return each branch with its assumption, estimate and tipping point, and which branches conclude otherwise."""
    of_counts = planned.kind == "count"
    what, by = ("events of the time not seen", "a factor") if of_counts else ("missing outcomes", "a delta")
    said: list[Prose | str] = [
        f"Each branch is another assumption about {what}, from the same imputation model; those further to the right "
        f"differ from the branch above by {by}."
    ]
    for twig, cell in zip(found, shown, strict=True):
        if twig.record is None:
            said.append(f"{twig.label}: not shown, {twig.without}.")
            continue
        said.append(prose(f"{twig.label} ({twig.assumes.rstrip('.')}): ", cell, f"{_tip(twig)}."))
    said.append(conclusion_words(planned, found))
    said.append(key_words(planned, arm, found))
    return joined(" ", [one if isinstance(one, Prose) else prose(one) for one in said])


def conclusion_words(planned: PlannedAnalysis, found: Sequence[Twig]) -> str:
    """Return whether all branches conclude alike, and which do not conclude as the analysis does."""
    own = next(twig for twig in found if twig.name == OWN)
    others = [twig for twig in found if twig.name != OWN and twig.clear is not None]
    if own.clear is None or not others:
        return ""
    side = "leaves out" if own.clear else "includes"
    apart = [twig.label for twig in others if twig.clear != own.clear or (own.clear and _sign(twig) != _sign(own))]
    first = f"The interval of {planned.label} {side} no difference"
    if not apart:
        return f"{first}, and so does that of every branch."
    return f"{first}; the conclusion is another one under {join_words(apart)} ({len(apart)} of {len(others)} branches)."


def _sign(twig: Twig) -> bool:
    record = twig.record
    assert record is not None
    return bool(record["estimate"] > null_value(record["term"]))


def _tip(twig: Twig) -> str:
    """Return at which amount the conclusion changes, after an estimate; empty where none is known."""
    return f"; the conclusion changes at {twig.tip_words}" if twig.tip_words else ""


MOVED = {
    "mean": "this amount is added to the imputed outcomes of {arm} alone",
    "binary": "this amount is added to the imputed scores of {arm} alone, before responders are counted",
    "ordered": "the variable behind the imputed levels of {arm} alone is moved by this much",
    "count": "the rates of {arm} alone are multiplied by this factor in the time that was not seen",
}
"""What is analysed -> what is done to imputed outcomes until the conclusion changes."""

REACH = {"mean": "within 40 standard errors", "count": f"between 1/{MOST_FACTOR:g} and {MOST_FACTOR:g} times the rate"}


def key_words(planned: PlannedAnalysis, arm: str, found: Sequence[Twig]) -> str:
    """Return what colours and amounts of a tree are."""
    said = "Orange: the interval includes no difference."
    looked_for = planned.kind != "binary" or planned.response == "responder"
    if not looked_for or all(twig.record is None for twig in found):
        return said
    moved = MOVED[planned.kind].format(arm=planned.study.label("arms", arm))
    reach = REACH.get(planned.kind, f"within {REACH_SD:g} standard deviations of the outcome")
    own = "a factor" if planned.kind == "count" else "a delta"
    said += (
        f" The conclusion changes where {moved}; a branch without an amount changes at none {reach}, or has {own} of "
        "its own."
    )
    if planned.of_means:
        return f"{said} Estimates are those of missing outcomes at their expectation."
    return f"{said} Amounts are found on the first {MOST_SETS} data sets of a branch."


def _drawing(planned: PlannedAnalysis, found: Sequence[Twig], texts: Sequence[str]) -> Drawing:
    """Draw the box of the estimand, the branches, and their intervals beside them."""
    blocks = [_lines(twig) for twig in found]
    heights = [max(LINE * (1 + len(lines)), 2.0 * LINE + 4) + GAP for lines in blocks]
    tops = TOP + np.concatenate([[0.0], np.cumsum(heights)])
    middle = [float(top) + LINE * 0.7 for top in tops[:-1]]
    bottom = float(tops[-1])
    axis = _axis_of(planned, found)
    last = max(y for twig, y in zip(found, middle, strict=True) if twig.parent is None)
    marks = [*_axis(planned, found, axis, bottom), *_root(planned, middle[0])]
    marks.append(line([(STEM, middle[0]), (STEM, last)], colour=GREY))
    stems = {
        twig.name: (NODE if twig.parent is None else NODE + DEEPER, y) for twig, y in zip(found, middle, strict=True)
    }
    for twig, lines, y, said in zip(found, blocks, middle, texts, strict=True):
        x = stems[twig.name][0]
        if twig.parent is None:
            marks.append(line([(STEM, y), (x, y)], colour=GREY))
        else:
            above = stems[twig.parent]
            marks.append(line([(above[0], above[1] + 5), (above[0], y), (x, y)], colour=GREY))
        colour = CLEAR if twig.clear else NOT_CLEAR if twig.clear is False else RULE
        marks.append(circle(x, y, 5, fill=colour, stroke=INK))
        marks.append(text(x + 12, y + 4, twig.label, SIZE, bold=True))
        marks += [text(x + 12, y + 4 + LINE * (k + 1), one, SMALL) for k, one in enumerate(lines)]
        marks += _interval(twig, y, said, axis)
    return Drawing(WIDTH, bottom + 38, tuple(marks), "sensitivity-tree")


def _lines(twig: Twig) -> tuple[str, ...]:
    x = NODE + 12 + (DEEPER if twig.parent is not None else 0.0)
    said = twig.assumes if twig.record is not None else f"Not shown: {twig.without}."
    return wrapped(said, WORDS - x, SMALL)


def _root(planned: PlannedAnalysis, at: float) -> list[str]:
    """Draw the estimand, at the height of its first branch."""
    lines = wrapped(planned.study.label("estimands", planned.estimand_name), ROOT[1] - 16, SIZE, bold=True)
    height = LINE * len(lines) + 14
    y = at - 12
    box = rect(ROOT[0], y, ROOT[1], height, fill="none", stroke=INK, radius=4)
    words = [text(ROOT[0] + 8, y + 17 + LINE * k, one, SIZE, bold=True) for k, one in enumerate(lines)]
    return [box, *words, line([(ROOT[0] + ROOT[1], at), (STEM, at)], colour=GREY)]


@dataclass(frozen=True, slots=True)
class Axis:
    """The axis of a tree: its ends, on the logarithm where comparisons are ratios."""

    low: float
    high: float
    logs: bool

    def at(self, value: float) -> float:
        """Return the place of a value, at most at an end."""
        if self.logs:
            value = math.log(value) if value > 0 else self.low
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return AXIS[0] + share * (AXIS[1] - AXIS[0])

    def ticks(self, null: float) -> list[float]:
        """Return round numbers within the ends, no difference among them, that leave room for their labels."""
        low, high = (math.exp(self.low), math.exp(self.high)) if self.logs else (self.low, self.high)
        if self.logs:
            every = [base * 10.0**power for power in range(-4, 5) for base in (1, 2, 5)]
        else:
            step = round_step((high - low) / 3)
            every = [null + step * k for k in range(-20, 21)]
        kept: list[float] = [null]
        for tick in sorted(
            (one for one in every if low <= one <= high), key=lambda one: abs(self.at(one) - self.at(null))
        ):
            if all(abs(self.at(tick) - self.at(other)) >= APART for other in kept):
                kept.append(tick)
        return sorted(kept)


def round_step(wanted: float) -> float:
    """Return 1, 2 or 5 times a power of ten that is not below a number.

    Examples
    --------
    >>> round_step(0.3), round_step(7)
    (0.5, 10.0)
    """
    power = 10.0 ** math.floor(math.log10(wanted))
    return next(base * power for base in (1, 2, 5, 10) if base * power >= wanted * (1 - 1e-9))


def _axis_of(planned: PlannedAnalysis, found: Sequence[Twig]) -> Axis:
    """Return the axis of all intervals and no difference."""
    records = [twig.record for twig in found if twig.record is not None]
    logs, null = planned.effect.is_ratio, planned.effect.null
    ends = [float(record[name]) for record in records for name in ("conf_low", "conf_high")]
    finite = [end for end in (*ends, null) if math.isfinite(end) and (end > 0 or not logs)]
    if logs:
        finite = [min(max(math.log(end), -FARTHEST), FARTHEST) for end in finite]
    room = 0.04 * (max(finite) - min(finite) or 1.0)
    return Axis(min(finite) - room, max(finite) + room, logs)


def _axis(planned: PlannedAnalysis, found: Sequence[Twig], axis: Axis, bottom: float) -> list[str]:
    """Draw the line of no difference, the axis below with its numbers, and the headings above."""
    records = [twig.record for twig in found if twig.record is not None]
    null = planned.effect.null
    x = axis.at(null)
    rows = pd.DataFrame(records)
    below, above = favours(planned.study, rows, higher_is_better=planned.higher_is_better) if records else ("", "")
    points = planned.effect.scale == "points"
    unit = planned.unit or ("log scale" if axis.logs else "")
    heading = sentence_case(planned.effect.words) + (f" ({unit})" if unit else "")
    marks = [
        text(AXIS[0], 14, f"\N{LEFTWARDS ARROW} {below}", SMALL, colour=INK),
        text(NUMBERS, 14, f"{above} \N{RIGHTWARDS ARROW}", SMALL, colour=INK),
        line([(x, TOP - 6), (x, bottom)], colour=RULE, dash="4,3"),
        line([(AXIS[0], bottom), (AXIS[1], bottom)], colour=INK),
        text(AXIS[0], bottom + 31, heading, SMALL),
    ]
    for tick in axis.ticks(null):
        at, label = axis.at(tick), f"{100 * tick if points else tick:.6g}".replace("-", "\N{MINUS SIGN}")
        marks.append(line([(at, bottom), (at, bottom + 4)], colour=INK))
        marks.append(text(at - 3.1 * len(label), bottom + 16, label, SMALL))
    return marks


def _interval(twig: Twig, y: float, said: str, axis: Axis) -> list[str]:
    """Draw the interval of a branch, and write its estimate and where the conclusion changes."""
    if twig.record is None:
        return []
    record = twig.record
    ends = [(axis.at(float(record[name])), y) for name in ("conf_low", "conf_high")]
    colour = CLEAR if twig.clear else NOT_CLEAR
    here = axis.at(float(record["estimate"]))
    marks = [
        line(ends, colour=colour),
        rect(here - 4, y - 4, 8, 8, fill=colour, stroke=colour),
        text(NUMBERS, y + 4, said, SIZE, bold=twig.name == OWN),
    ]
    if twig.tip_words:
        marks.append(text(NUMBERS, y + 4 + LINE, f"changes at {twig.tip_words}", SMALL))
    return marks
