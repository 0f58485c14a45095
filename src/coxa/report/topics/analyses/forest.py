"""Forest of differences: estimates with intervals, the numbers beside them, and which side favours whom."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Any, Literal

import numpy as np
import pandas as pd

from coxa.figures.composed import hconcat, layer
from coxa.figures.figure import Figure, literal
from coxa.figures.text import forest_text, interval_cells
from coxa.figures.theme import INK, OKABE_ITO, RULE, TEXT_SIZE, options, themed, told
from coxa.report.topics.analyses.results import comparison_label
from coxa.report.topics.analyses.written import DECIMALS
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis
from coxa.study.effects import Effect
from coxa.tables.cells import BEHIND, WHOSE
from coxa.tables.phrases import sentence_case
from coxa.tables.records import records

WIDTH = 320
TEXT_WIDTH = 150
ROW = 30
LINE = 14
LABEL_LETTERS = 48
NUMBERS = ("estimate", "conf_low", "conf_high")
DATA_COLUMNS = (*WHOSE, "label", "estimate", "conf_low", "conf_high", *BEHIND)
"""Of each row of estimates, what the figure shows and what it is of."""


def plot_forest(
    planned: PlannedAnalysis, rows: pd.DataFrame, *, figure_id: str, title: str, bounds: Sequence[float] = ()
) -> Figure:
    """Draw differences between arms, one row each, in the order given.

    Parameters
    ----------
    planned
        An analysis of the outcome that all rows are of: unit, decimals, direction and labels.
    rows
        Rows of estimates of the comparison that the estimand asks for; an optional column `label` says what each row
        is, else it is the visit and the comparison.
    figure_id, title
        Identifier and caption.
    bounds
        Where lines of a margin are, in units of the estimates.

    Returns
    -------
    Figure
    """
    study, effect = planned.study, planned.effect
    quantity = sentence_case(effect.words) + (f" ({planned.unit})" if planned.unit else "")
    whom = same_comparison(study, rows)
    labelled = rows.reset_index(drop=True).assign(
        label=rows["label"].to_list() if "label" in rows else row_labels(study, rows),
        place=[f"{index:03d}" for index in range(len(rows))],
    )
    lines = [wrap(label, LABEL_LETTERS) for label in labelled["label"]]
    height = len(lines) * (ROW + LINE * (max(map(len, lines), default=1) - 1))
    decimals, in_points = DECIMALS.get(effect.scale, planned.decimals), effect.scale == "points"
    shown = interval_cells(labelled, "estimate", decimals, "points_interval" if in_points else "estimate_interval")
    sides = favours(study, labelled, higher_is_better=planned.higher_is_better)
    axis = [quantity, whom] if whom else [quantity]
    unit = 100.0 if in_points else 1.0
    lines_at = [unit * one for one in bounds]
    words = forest_text(labelled["label"], shown, ": ".join(axis), sides, null=effect.null, bounds=lines_at)

    def draw(texts: Sequence[str]) -> Any:
        drawn = labelled.assign(text=texts)[["place", "label", "text", *NUMBERS]]
        drawn = drawn.assign(**{name: unit * drawn[name] for name in NUMBERS})
        intervals = _intervals(drawn, lines, sides, axis, height, effect, lines_at)
        return themed(hconcat(intervals, _texts(drawn, height), spacing=16))

    return Figure(figure_id, title, draw, words, labelled.filter(items=DATA_COLUMNS), shown)


def row_labels(study: ComparativeStudy, rows: pd.DataFrame) -> list[str]:
    """Return "Week 12: Exercise" for each row, or what of it differs between rows."""
    visits = [study.label("visits", visit) for visit in rows["visit"]]
    arms = arm_labels(study, rows)
    if not any(arms):
        return visits
    return [f"{visit}: {arm}" for visit, arm in zip(visits, arms, strict=True)] if len(set(visits)) > 1 else arms


def arm_labels(study: ComparativeStudy, rows: pd.DataFrame) -> list[str]:
    """Return which comparison each row is, without what all of them have in common (`same_comparison`)."""
    if rows["reference"].nunique() > 1:
        return [comparison_label(study, record) for record in records(rows)]
    return [study.label("arms", arm) if rows["arm"].nunique() > 1 else "" for arm in rows["arm"]]


def same_comparison(study: ComparativeStudy, rows: pd.DataFrame) -> str:
    """Return what the comparisons of all rows have in common: "against Usual care"; empty where nothing is."""
    if rows.empty or rows["reference"].nunique() > 1:
        return ""
    first = records(rows)[0]
    if rows["arm"].nunique() == 1:
        return comparison_label(study, first)
    return f"against {study.label('arms', first['reference'])}"


def favours(study: ComparativeStudy, rows: pd.DataFrame, *, higher_is_better: bool) -> tuple[str, str]:
    """Return what values below and above zero say; several arms on one side of a trial are "treatment"."""
    arms, references = rows["arm"].unique(), rows["reference"].unique()
    words = study.words
    compared = ("treatment", "the comparator") if words.allocates else ("the compared group", "the other group")
    arm = study.label("arms", arms[0]) if len(arms) == 1 else compared[0]
    reference = study.label("arms", references[0]) if len(references) == 1 else compared[1]
    below, above = (reference, arm) if higher_is_better else (arm, reference)
    return f"{words.side} {below}", f"{words.side} {above}"


def _intervals(
    labelled: pd.DataFrame,
    lines: list[list[str]],
    sides: tuple[str, str],
    axis: list[str],
    height: int,
    effect: Effect,
    bounds: Sequence[float],
) -> Any:
    import altair as alt

    names = dict(zip(labelled["place"], lines, strict=True))
    y = alt.Y(
        "place:N",
        title=None,
        sort=None,
        axis=options(labelExpr=_lookup(names), labelLimit=360, domain=False, ticks=False, grid=False, labelPadding=12),
    )
    low, high = _domain(labelled, effect, bounds)
    labelled = labelled.assign(**{name: labelled[name].clip(low, high) for name in NUMBERS})
    kind = {"type": "log"} if effect.is_ratio else {}
    x = alt.X(
        "conf_low:Q", title=axis, scale=options(domain=[low, high], nice=False, **kind), axis=options(tickCount=6)
    )
    base = alt.Chart(labelled).encode(y=y, tooltip=told(Comparison="label", Difference="text"))
    whiskers = base.mark_rule(strokeWidth=1.8, color=OKABE_ITO[0]).encode(x=x, x2=alt.X2("conf_high:Q"))
    points = base.mark_point(filled=True, shape="square", size=80, opacity=1, color=OKABE_ITO[0]).encode(
        x=alt.X("estimate:Q")
    )
    null = effect.null
    zero = alt.Chart(pd.DataFrame({"zero": [null]})).mark_rule(color=RULE, strokeDash=[4, 3]).encode(x=alt.X("zero:Q"))
    below, above = _side(sides[0], -1, null), _side(sides[1], 1, null)
    margins = [_bound(one, below=one < effect.null) for one in bounds]
    return layer(zero, *margins, whiskers, points, below, above, width=WIDTH, height=height)


def _bound(value: float, *, below: bool) -> Any:
    """Draw a margin: a line of its own colour, named below the rows."""
    import altair as alt

    chart, x = alt.Chart(pd.DataFrame({"bound": [value], "text": ["margin"]})), alt.X("bound:Q")
    line = chart.mark_rule(color=OKABE_ITO[1], strokeWidth=1.6, strokeDash=[6, 2]).encode(x=x)
    align: Literal["left", "right"] = "right" if below else "left"
    name = chart.mark_text(align=align, dx=-4 if below else 4, dy=-5, fontSize=TEXT_SIZE - 1, color=INK).encode(
        x=x, y=alt.YValue("height"), text=alt.Text("text:N")
    )
    return alt.layer(line, name)


def _side(name: str, direction: int, null: float) -> Any:
    """Say whom one side of zero is good for, above the rows."""
    import altair as alt

    text = f"\N{LEFTWARDS ARROW} {name}" if direction < 0 else f"{name} \N{RIGHTWARDS ARROW}"
    align: Literal["left", "right"] = "right" if direction < 0 else "left"
    return (
        alt.Chart(pd.DataFrame({"zero": [null], "text": [text]}))
        .mark_text(align=align, dx=8 * direction, fontSize=TEXT_SIZE - 1, color=INK, clip=False)
        .encode(x=alt.X("zero:Q"), y=alt.YValue(-12), text=alt.Text("text:N"))
    )


def _texts(labelled: pd.DataFrame, height: int) -> Any:
    import altair as alt

    return (
        alt.Chart(labelled)
        .mark_text(align="left", fontSize=TEXT_SIZE, color=INK)
        .encode(y=alt.Y("place:N", sort=None, axis=None), x=alt.XValue(0), text=alt.Text("text:N"))
        .properties(width=TEXT_WIDTH, height=height)
    )


def _domain(labelled: pd.DataFrame, effect: Effect, bounds: Sequence[float] = ()) -> tuple[float, float]:
    """Return limits of the axis with no difference in the middle, so that both sides can be named.

    An infinite limit, and a ratio of 0, do not stretch the axis: they are drawn to its end.
    """
    numbers = np.append(labelled[list(NUMBERS)].to_numpy(dtype=float), bounds)
    if effect.is_ratio:
        logs = np.abs(np.log(numbers[(numbers > 0) & np.isfinite(numbers)]))
        reach = min(max(float(logs.max(initial=0.0)), 0.1) * 1.1, np.log(1000.0))
        return float(np.exp(-reach)), float(np.exp(reach))
    away = np.abs(numbers[np.isfinite(numbers)] - effect.null)
    reach = max(float(away.max(initial=0.0)), 1e-9) * 1.1
    return effect.null - reach, effect.null + reach


def _lookup(names: dict[str, list[str]]) -> str:
    return f"({literal(names)})[datum.value]"
