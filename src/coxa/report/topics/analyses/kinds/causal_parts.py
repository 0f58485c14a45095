"""What tables of compliers, doses and mediators have in common: addresses, intervals in units, and the assumptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from coxa.figures.figure import Figure
from coxa.figures.theme import INK, OKABE_ITO, RULE, WIDTH, options, themed
from coxa.report.document import Card
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.footnotes import analysis_footnotes
from coxa.study.comparative import PlannedAnalysis
from coxa.tables.formats import cell, number
from coxa.tables.table import Cell, Footnote, Statistic, identifier

ROW = 34
"""Height of a row of a figure of intervals."""


def address(planned: PlannedAnalysis, visit: str, arm: str, term: str) -> Statistic:
    """Return where a number of an analysis is."""
    return Statistic(
        estimand=planned.estimand_name,
        analysis=planned.name,
        visit=visit,
        arm=arm,
        reference=planned.against,
        term=term,
    )


def interval_cell(
    planned: PlannedAnalysis, at: Statistic, estimate: float, low: float, high: float, decimals: int | None = None
) -> Cell:
    """Return an estimate with limits, in units of the outcome or in percentage points."""
    rule = "points_interval" if planned.effect.scale == "points" else "estimate_interval"
    values = {"estimate": estimate, "conf_low": low, "conf_high": high}
    shown = cell(rule, values, at, decimals=planned.decimals if decimals is None else decimals)
    return replace(shown, of_people=False)


def limits_cell(planned: PlannedAnalysis, at: Statistic, low: float, high: float) -> Cell:
    """Return two limits, in units of the outcome or in percentage points."""
    rule = "points_limits" if planned.effect.scale == "points" else "limits"
    shown = cell(rule, {"conf_low": low, "conf_high": high}, at, decimals=planned.decimals)
    return replace(shown, of_people=False)


def value_cell(planned: PlannedAnalysis, at: Statistic, value: float, decimals: int | None = None) -> Cell:
    """Return one number, in units of the outcome or in percentage points."""
    rule = "points" if planned.effect.scale == "points" else "estimate"
    shown = cell(rule, {"estimate": value}, at, decimals=planned.decimals if decimals is None else decimals)
    return replace(shown, of_people=False)


def plain_cell(at: Statistic, value: float, decimals: int) -> Cell:
    """Return one number that has no unit of the outcome."""
    return replace(cell("estimate", {"estimate": value}, at, decimals=decimals), of_people=False)


def notes_of(report: ReportRecord, planned: PlannedAnalysis) -> list[Footnote]:
    """Return how the numbers of an analysis were made, and of whom."""
    rows = planned.rows(report.estimates.frame)
    return analysis_footnotes(planned, report.fits[planned.name], rows, report.datasets[planned.estimand_name])


def assumptions_card(title: str, assumptions: Sequence[tuple[str, str]]) -> Card:
    """Return what a number rests on, each assumption under its name."""
    return Card(title, tuple(assumptions))


def intervals_figure(planned: PlannedAnalysis, name: str, title: str, rows: Any, quantity: str, unit: float) -> Figure:
    """Draw intervals below each other, those with an estimate as a point.

    Parameters
    ----------
    planned
        The analysis.
    name, title
        Of the figure.
    rows : DataFrame
        label, estimate (NaN where there are limits alone), conf_low, conf_high.
    quantity
        Title of the axis.
    unit
        What numbers are multiplied by: 100 for percentage points.
    """
    labels = list(rows["label"])

    def draw(_: Sequence[str]) -> Any:
        import altair as alt

        data = rows.assign(**{key: unit * rows[key] for key in ("estimate", "conf_low", "conf_high")})
        base = alt.Chart(data, width=WIDTH - 180, height=ROW * len(labels)).encode(
            y=alt.Y("label:N", sort=labels, title=None, axis=options(labelLimit=300))
        )
        zero = alt.Chart(data.assign(zero=0.0)).mark_rule(color=RULE, strokeDash=[4, 3]).encode(x="zero:Q")
        line = base.mark_rule(color=INK, strokeWidth=2).encode(
            x=alt.X("conf_low:Q", title=quantity, scale=options(zero=True)), x2="conf_high:Q"
        )
        known = alt.datum.estimate != None  # noqa: E711 - Vega's null
        point = base.transform_filter(known).mark_point(filled=True, size=90, color=OKABE_ITO[0]).encode(x="estimate:Q")
        return themed(zero + line + point)

    decimals = planned.decimals
    words = [f"Intervals: {quantity}."]
    for row in rows.to_dict("records"):
        low, high = (number(unit * row[key], decimals) for key in ("conf_low", "conf_high"))
        middle = "" if row["estimate"] != row["estimate"] else f"{number(unit * row['estimate'], decimals)}, "
        words.append(f"{row['label']}: {middle}{low} to {high}.")
    return Figure(identifier(name, planned.name), title, draw, " ".join(words), rows, of_people=True)
