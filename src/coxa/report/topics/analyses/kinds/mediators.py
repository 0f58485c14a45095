"""Mediation: effects through the mediator and around it, and how strong an unmeasured common cause would have to be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from coxa.analyses.causal_rows import found_in
from coxa.analyses.methods.mediation import mediator_words
from coxa.causal import MediatedEffects
from coxa.causal.assumptions import MEDIATION_ASSUMPTIONS
from coxa.figures.figure import Figure
from coxa.figures.theme import INK, OKABE_ITO, RULE, WIDTH, options, themed
from coxa.report.document import Block, FigureBlock, Paragraph, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.kinds.causal_parts import (
    address,
    assumptions_card,
    interval_cell,
    intervals_figure,
    notes_of,
    plain_cell,
    value_cell,
)
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.mediation import Mediation
from coxa.tables.formats import NONE, cell, number
from coxa.tables.phrases import sentence_case
from coxa.tables.prose import Prose, prose
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table, identifier

LABELS = {
    "total": "Total effect",
    "natural_indirect": "Natural indirect effect (through the mediator)",
    "natural_direct": "Natural direct effect (around it)",
    "pure_indirect": "Pure indirect effect",
    "total_direct": "Total direct effect",
}
"""Effect -> what its row is called."""

HEIGHT = 220
CURVE = np.round(np.linspace(-0.9, 0.9, 37), 3)
"""Correlations that the figure has."""


def mediator_blocks(report: ReportRecord, planned: PlannedAnalysis) -> list[Block]:
    """Return the table of natural effects, what it says, its figures and its assumptions; none of another model."""
    if not isinstance(planned.analysis, Mediation):
        return []
    each = [
        (str(fit.sample.visits[0]), arm, found)
        for fit in report.fits[planned.name]
        for arm, found in found_in(fit).items()
    ]
    plan = planned.analysis
    blocks: list[Block] = [TableBlock(mediation_table(planned, plan, each, notes_of(report, planned)))]
    blocks += [Paragraph(_said(planned, plan, *one), found=True) for one in each]
    visit, arm, found = each[-1]
    blocks.append(FigureBlock(_effects_figure(planned, visit, arm, found)))
    if len(found.by_rho):
        blocks += [TableBlock(rho_table(planned, each)), FigureBlock(rho_figure(planned, visit, arm, found))]
    blocks.append(assumptions_card("What natural effects assume", MEDIATION_ASSUMPTIONS))
    return blocks


def mediation_table(
    planned: PlannedAnalysis, plan: Mediation, each: list[tuple[str, str, MediatedEffects]], made: Sequence[Footnote]
) -> Table:
    """Return the natural effects, the two paths, and the share of the effect that runs through the mediator."""
    groups = tuple(RowGroup(_heading(planned, visit, arm), tuple(_rows(planned, visit, arm, found)))
                   for visit, arm, found in each)  # fmt: skip
    notes = [
        f"Mediator: {mediator_words(planned.study, plan)}.",
        "The natural indirect and the natural direct effect add up to the total effect"
        + (
            "; so do the pure indirect and the total direct one, with the arm and the mediator the other way round."
            if len(each[0][2].table) > len(("total", "natural_indirect", "natural_direct"))
            else "."
        ),
        "Share: indirect over total effect; given where the interval of the total effect leaves out zero.",
        f"CI, {100 * planned.analysis.conf_level:g}% confidence interval.",
    ]
    return Table(
        identifier("mediation", planned.name),
        f"{planned.outcome_label}: effects through {mediator_words(planned.study, plan)} and around it",
        "Quantity",
        (Column("Estimate (CI)"), Column("p")),
        groups,
        (*made, *(Footnote(text) for text in notes)),
    )


def _heading(planned: PlannedAnalysis, visit: str, arm: str) -> str:
    study = planned.study
    return f"{study.label('arms', arm)} against {study.label('arms', planned.against)}, {study.label('visits', visit)}"


def _rows(planned: PlannedAnalysis, visit: str, arm: str, found: MediatedEffects) -> Iterator[Row]:
    dash = Cell(NONE)
    paths = (("Arm on the mediator", found.arm_on_mediator), ("Mediator on the outcome", found.mediator_on_outcome))
    for label, (value, error) in paths:
        own = address(planned, visit, arm, label)
        limits = (value - 1.96 * error, value + 1.96 * error)
        shown = cell("two_decimals_interval", {"estimate": value, "conf_low": limits[0], "conf_high": limits[1]}, own)
        yield Row(label, (shown, dash))
    for row in found.table.to_dict("records"):
        own = address(planned, visit, arm, str(row["effect"]))
        shown = interval_cell(planned, own, row["estimate"], row["conf_low"], row["conf_high"])
        p = cell("p_value", {"p_value": row["p_value"]}, own)
        yield Row(LABELS[str(row["effect"])], (shown, p), strong=row["effect"] == "natural_indirect")
    share = (
        dash if np.isnan(found.share) else cell("share", {"share": found.share}, address(planned, visit, arm, "share"))
    )
    yield Row("Share of the total effect that is indirect", (share, dash))


def _said(planned: PlannedAnalysis, plan: Mediation, visit: str, arm: str, found: MediatedEffects) -> Prose:
    """Return the indirect and the direct effect in a sentence, and at which correlation the indirect one vanishes."""
    indirect, direct = found.of("natural_indirect"), found.of("natural_direct")
    cells = [
        interval_cell(
            planned,
            address(planned, visit, arm, name),
            float(row["estimate"]),
            float(row["conf_low"]),
            float(row["conf_high"]),
        )
        for name, row in (("natural_indirect", indirect), ("natural_direct", direct))
    ]
    unit = f" {planned.unit}" if planned.unit else ""
    pieces: list[Any] = [
        f"{_heading(planned, visit, arm)}: the effect on {planned.variable} through "
        f"{mediator_words(planned.study, plan)} is ",
        cells[0],
        f"{unit}, and around it ",
        cells[1],
        ".",
    ]
    if not np.isnan(found.rho):
        rho = plain_cell(address(planned, visit, arm, "rho"), found.rho, 2)
        pieces += [
            " The indirect effect would be zero if residuals of mediator and outcome had a correlation of ",
            rho,
            ".",
        ]
    return prose(*pieces)


def _effects_figure(planned: PlannedAnalysis, visit: str, arm: str, found: MediatedEffects) -> Figure:
    frame = found.table.assign(label=[LABELS[name] for name in found.table["effect"]])
    unit = 100.0 if planned.effect.scale == "points" else 1.0
    quantity = sentence_case(f"effect on {planned.variable}") + (f" ({planned.unit})" if planned.unit else "")
    title = f"{planned.outcome_label}: effects through the mediator and around it, {_heading(planned, visit, arm)}"
    rows = frame[["label", "estimate", "conf_low", "conf_high"]]
    return intervals_figure(planned, "mediation-intervals", title, rows, quantity, unit)


def rho_table(planned: PlannedAnalysis, each: list[tuple[str, str, MediatedEffects]]) -> Table:
    """Return the indirect effect by the correlation of the residuals of mediator and outcome."""
    groups = tuple(
        RowGroup(
            _heading(planned, visit, arm),
            tuple(
                Row(
                    f"Correlation {number(row['rho'], 1)}",
                    (
                        value_cell(
                            planned,
                            address(planned, visit, arm, f"indirect at rho {row['rho']:g}"),
                            float(row["natural_indirect"]),
                        ),
                    ),
                    strong=row["rho"] == 0,
                )
                for row in found.by_rho.to_dict("records")
            ),
        )
        for visit, arm, found in each
    )
    note = (
        "A correlation other than 0 is what an unmeasured common cause of mediator and outcome leaves; 0 is what the "
        "analysis assumes."
    )
    return Table(
        identifier("mediation-rho", planned.name),
        f"{planned.outcome_label}: natural indirect effect if residuals of mediator and outcome are correlated",
        "Correlation of the residuals",
        (Column("Natural indirect effect"),),
        groups,
        (Footnote(note),),
    )


def rho_figure(planned: PlannedAnalysis, visit: str, arm: str, found: MediatedEffects) -> Figure:
    """Draw the indirect effect over the correlation, and mark where it is zero."""
    data = found.curve(CURVE)
    quantity = f"Natural indirect effect{f' ({planned.unit})' if planned.unit else ''}"

    def draw(_: Sequence[str]) -> Any:
        import altair as alt

        x = alt.X("rho:Q", title="Correlation of the residuals of mediator and outcome", scale=options(domain=[-1, 1]))
        line = (
            alt.Chart(data)
            .mark_line(color=OKABE_ITO[0], strokeWidth=2.5)
            .encode(x=x, y=alt.Y("natural_indirect:Q", title=quantity))
        )
        marks = data.iloc[:1].assign(zero=0.0, at=found.rho)
        zero = alt.Chart(marks).mark_rule(color=RULE).encode(y="zero:Q")
        crossing = alt.Chart(marks).mark_rule(color=OKABE_ITO[1], strokeDash=[5, 3]).encode(x="at:Q")
        label = (
            alt.Chart(marks.assign(text=f"zero at {number(found.rho, 2)}"))
            .mark_text(align="left", dx=6, dy=6, baseline="top", color=INK)
            .encode(x="at:Q", y=alt.value(0), text="text:N")
        )
        return themed(alt.layer(zero, crossing, line, label).properties(width=WIDTH, height=HEIGHT))

    ends = [
        f"{number(float(data['natural_indirect'].iloc[place]), planned.decimals)} at "
        f"{number(float(data['rho'].iloc[place]), 1)}"
        for place in (0, -1)
    ]
    words = f"{quantity} over the correlation of residuals: {', '.join(ends)}, zero at {number(found.rho, 2)}."
    title = f"{planned.outcome_label}: indirect effect by an unmeasured common cause, {_heading(planned, visit, arm)}"
    return Figure(
        identifier("mediation-rho-curve", planned.name), title, draw, words, data, along=("rho",), of_people=True
    )
