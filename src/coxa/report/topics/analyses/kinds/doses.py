"""Dose and response: the effect per unit by allocation, the slope within the arm next to it, and the curve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Any

import numpy as np

from coxa.analyses.causal_rows import found_in
from coxa.analyses.methods.dose_response import Doses
from coxa.causal.assumptions import DOSE_WARNING
from coxa.figures.figure import Figure
from coxa.figures.theme import INK, OKABE_ITO, RULE, WIDTH, themed
from coxa.report.document import Block, FigureBlock, Paragraph, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.kinds.causal_parts import (
    address,
    assumptions_card,
    interval_cell,
    notes_of,
    plain_cell,
)
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.dose_response import DoseResponseModel
from coxa.study.words import DOSE_UNITS, DOSE_WORDS
from coxa.tables.formats import NONE, cell, number
from coxa.tables.phrases import sentence_case
from coxa.tables.prose import Prose, prose
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table, identifier

HEIGHT = 240
PER_DECIMALS = 2
"""Decimals of a number per unit of dose, at least."""

ASSUMED = (
    ("Randomisation", "Arms differ by chance alone in all that comes before."),
    (
        "Through the dose alone",
        "Allocation acts on the outcome through the dose and by nothing else: a participant of the arm with no dose is "
        "as one of the comparator.",
    ),
    (
        "Straight line",
        "Each unit of dose adds the same. Where it does not, the effect is a weighted mean over the doses that "
        "allocation moves.",
    ),
    ("Monotonicity", "No participant takes less of the treatment because it was allocated."),
    ("The curve", DOSE_WARNING),
)
"""What the effect per unit of dose assumes, and what the curve is not."""


def dose_blocks(report: ReportRecord, planned: PlannedAnalysis) -> list[Block]:
    """Return the table of both slopes, what it says, the curve with its warning, and what is assumed."""
    if not isinstance(planned.analysis, DoseResponseModel):
        return []
    each = [
        (str(fit.sample.visits[0]), arm, found)
        for fit in report.fits[planned.name]
        for arm, found in found_in(fit).items()
    ]
    blocks: list[Block] = [TableBlock(doses_table(planned, planned.analysis, each, notes_of(report, planned)))]
    blocks += [Paragraph(_said(planned, planned.analysis, *one), found=True) for one in each]
    visit, arm, found = each[-1]
    blocks.append(FigureBlock(curve_figure(planned, planned.analysis, visit, arm, found)))
    blocks.append(Paragraph(DOSE_WARNING, "warning"))
    blocks.append(assumptions_card("What the effect per unit of dose assumes", ASSUMED))
    return blocks


def doses_table(
    planned: PlannedAnalysis, plan: DoseResponseModel, each: list[tuple[str, str, Doses]], made: Sequence[Footnote]
) -> Table:
    """Return the effect per unit of dose, the slope within the arm, and whether the curve is straight."""
    groups = tuple(RowGroup(_heading(planned, visit, arm), tuple(_rows(planned, plan, visit, arm, found)))
                   for visit, arm, found in each)  # fmt: skip
    notes = (
        f"Dose: {DOSE_WORDS[plan.dose]}; 0 for who received another treatment.",
        "By allocation: two-stage least squares, randomised. Within the arm: least squares, an association that other "
        "differences between participants may explain.",
        f"CI, {100 * planned.analysis.conf_level:g}% confidence interval. n, participants with an outcome.",
    )
    return Table(
        identifier("doses", planned.name),
        f"{planned.outcome_label} by dose: effect per {DOSE_UNITS[plan.dose]}, and slope within the arm",
        "Quantity",
        (Column("Estimate (CI)"), Column("p"), Column("n")),
        groups,
        (*made, *(Footnote(text) for text in notes)),
    )


def _heading(planned: PlannedAnalysis, visit: str, arm: str) -> str:
    study = planned.study
    return f"{study.label('arms', arm)} against {study.label('arms', planned.against)}, {study.label('visits', visit)}"


def decimals_of(planned: PlannedAnalysis) -> int:
    """Return the decimals of a number per unit of dose."""
    return max(planned.decimals + 1, PER_DECIMALS)


def _rows(planned: PlannedAnalysis, plan: DoseResponseModel, visit: str, arm: str, found: Doses) -> Iterator[Row]:
    unit, places = DOSE_UNITS[plan.dose], decimals_of(planned)
    effect, curve = found.effect, found.curve

    def shown(term: str, one: Any, n: int) -> tuple[Cell, ...]:
        at = address(planned, visit, arm, term)
        return (
            interval_cell(planned, at, float(one.estimate), float(one.conf_low), float(one.conf_high), places),
            cell("p_value", {"p_value": float(one.p_value)}, at),
            cell("participants", {"n_participants": n}, at),
        )

    at = address(planned, visit, arm, "mean dose by allocation")
    mean = interval_cell(
        planned,
        at,
        effect.first,
        effect.first - 1.96 * effect.first_error,
        effect.first + 1.96 * effect.first_error,
        places,
    )
    dash = Cell(NONE)
    yield Row(f"Difference in mean dose between arms ({unit}s)", (mean, dash, dash))
    yield Row(f"Effect per {unit}, by allocation", shown("effect per dose", effect, effect.n), strong=True)
    yield Row(f"Slope per {unit} within the arm", shown("slope within the arm", curve.slope, curve.n))
    lowest, _, middle, _, highest = curve.doses
    doses = median_range(middle, lowest, highest, places=0 if plan.dose != "share_attended" else 2)
    yield Row("Dose in the arm: median (lowest to highest)", (Cell(doses), dash, dash))
    f, _, _, p = curve.curved
    if not np.isnan(f):
        at = address(planned, visit, arm, "curvature")
        yield Row(
            "F of the curve against a straight line", (plain_cell(at, f, 2), cell("p_value", {"p_value": p}, at), dash)
        )


def median_range(middle: float, lowest: float, highest: float, places: int) -> str:
    """Return a median with its range.

    Examples
    --------
    >>> median_range(9.0, 0.0, 12.0, 0)
    '9 (0 to 12)'
    """
    return f"{number(middle, places)} ({number(lowest, places)} to {number(highest, places)})"


def _said(planned: PlannedAnalysis, plan: DoseResponseModel, visit: str, arm: str, found: Doses) -> Prose:
    """Return both slopes in a sentence, and which of them is randomised."""
    unit, places = DOSE_UNITS[plan.dose], decimals_of(planned)
    own, slope = found.effect, found.curve.slope
    one = interval_cell(
        planned, address(planned, visit, arm, "effect per dose"), own.estimate, own.conf_low, own.conf_high, places
    )
    other = interval_cell(
        planned,
        address(planned, visit, arm, "slope within the arm"),
        float(slope["estimate"]),
        float(slope["conf_low"]),
        float(slope["conf_high"]),
        places,
    )
    units = f" {planned.unit}" if planned.unit else ""
    return prose(
        f"{_heading(planned, visit, arm)}: the effect on {planned.variable} per {unit} is ",
        one,
        f"{units} by allocation; within the arm participants differ by ",
        other,
        f"{units} per {unit}, which is not randomised.",
    )


def curve_figure(planned: PlannedAnalysis, plan: DoseResponseModel, visit: str, arm: str, found: Doses) -> Figure:
    """Draw the curve with its band, the straight line of allocation, and the quartiles of the dose below the axis."""
    curve = found.curve
    data = curve.curve.assign(line=found.effect.estimate * (curve.curve["dose"] - curve.reference))
    quantity = sentence_case(f"difference in {planned.variable}") + (f" ({planned.unit})" if planned.unit else "")
    name = f"Difference from {number(curve.reference, 0)}"

    def draw(_: Sequence[str]) -> Any:
        import altair as alt

        base = alt.Chart(data, width=WIDTH, height=HEIGHT)
        x = alt.X("dose:Q", title=sentence_case(DOSE_WORDS[plan.dose]))
        band = base.mark_area(opacity=0.25, color=OKABE_ITO[0]).encode(
            x=x, y=alt.Y("conf_low:Q", title=[*_lines(quantity), f"({name.lower()})"]), y2="conf_high:Q"
        )
        own = base.mark_line(color=OKABE_ITO[0], strokeWidth=2.5).encode(x=x, y="estimate:Q")
        line = base.mark_line(color=OKABE_ITO[1], strokeDash=[6, 3], strokeWidth=2).encode(x=x, y="line:Q")
        zero = alt.Chart(data.iloc[:1].assign(zero=0.0)).mark_rule(color=RULE).encode(y="zero:Q")
        ends = data.iloc[[-1]]
        texts = [
            alt.Chart(ends.assign(text=text))
            .mark_text(align="right", dy=dy, dx=-2, color=INK)
            .encode(x="dose:Q", y=f"{y}:Q", text="text:N")
            for text, y, dy in (("curve in the arm", "estimate", -14), ("by allocation", "line", 16))
        ]
        return themed(alt.layer(band, zero, own, line, *texts).properties(width=WIDTH, height=HEIGHT))

    last = data.iloc[-1]
    low, high = number(last["conf_low"], planned.decimals), number(last["conf_high"], planned.decimals)
    words = (
        f"Curve: {quantity}, over {DOSE_WORDS[plan.dose]} in {planned.study.label('arms', arm)}, from "
        f"{number(data['dose'].iloc[0], 0)} to {number(last['dose'], 0)}, where it is "
        f"{number(last['estimate'], planned.decimals)} ({low} to {high}); the straight line of allocation is there "
        f"{number(last['line'], planned.decimals)}."
    )
    title = (
        f"{planned.outcome_label} over {DOSE_WORDS[plan.dose]}, {_heading(planned, visit, arm)}: an association, with "
        "the effect per unit by allocation"
    )
    return Figure(identifier("dose-curve", planned.name), title, draw, words, data, along=("dose",), of_people=True)


def _lines(text: str, most: int = 44) -> list[str]:
    """Break a title of an axis into lines."""
    return wrap(text, most)
