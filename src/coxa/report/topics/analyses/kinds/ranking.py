"""A ranking by a composite: every number, and how many pairs each step decides, as a table and as bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from coxa.analyses.methods.win_ratio import comparisons_of, composite_of, step_words
from coxa.figures.figure import Figure
from coxa.figures.theme import WIDTH, options, themed
from coxa.report.document import Block, FigureBlock, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.kinds.general import general_blocks
from coxa.study.comparative import PlannedAnalysis
from coxa.tables.cells import Statistic
from coxa.tables.formats import cell, number
from coxa.tables.phrases import sentence_case
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table, identifier

BAR = 34
"""Height of the bar of a step."""

SIDES = {"wins": "Won", "ties": "Tied on this step", "losses": "Lost"}
"""Column -> what a part of a bar is called, from the side of the arm."""

COLOURS = ("#0072B2", "#BBBBBB", "#D55E00")
"""Of wins, ties and losses: blue and vermilion of Okabe and Ito, and grey."""


def ranking_blocks(report: ReportRecord, planned: PlannedAnalysis) -> list[Block]:
    """Return every number with its forest, and which step decides how many pairs."""
    decided = decided_pairs(report, planned)
    blocks = [*general_blocks(report, planned), TableBlock(decided_table(planned, decided))]
    last = decided[decided["visit"] == decided["visit"].iloc[-1]]
    return [
        *blocks,
        *(FigureBlock(decided_figure(planned, mine, arm)) for arm, mine in last.groupby("arm", sort=False)),
    ]


def first_decided(report: ReportRecord, planned: PlannedAnalysis) -> Figure:
    """Return the bars of the first arm that is compared, at the last visit."""
    decided = decided_pairs(report, planned)
    arm = decided["arm"].iloc[0]
    mine = decided[(decided["visit"] == decided["visit"].iloc[-1]) & (decided["arm"] == arm)]
    return decided_figure(planned, mine, arm)


def decided_pairs(report: ReportRecord, planned: PlannedAnalysis) -> pd.DataFrame:
    """Return visit, arm, step, and the shares of all pairs that a step decides for the arm, against it, or leaves."""
    parts = []
    steps = [sentence_case(step_words(planned, step)) for step in composite_of(planned).order]
    for fit in report.fits[planned.name]:
        for arm, found in comparisons_of(fit).items():
            table = found.by_endpoint[["wins", "losses", "ties"]] / (found.wins + found.losses + found.ties)
            parts.append(table.assign(visit=str(fit.sample.visits[0]), arm=arm, step=steps))
    return pd.concat(parts, ignore_index=True)


def decided_table(planned: PlannedAnalysis, decided: pd.DataFrame) -> Table:
    """Return, for each comparison, the share of all pairs that each step decides."""
    study = planned.study
    against = study.label("arms", planned.against)
    groups = tuple(
        RowGroup(
            f"{study.label('arms', str(arm))} against {against}, {study.label('visits', str(visit))}",
            tuple(
                Row(str(row["step"]), tuple(_share(planned, row, side) for side in ("wins", "losses", "ties")))
                for row in mine.to_dict("records")
            ),
        )
        for (visit, arm), mine in decided.groupby(["visit", "arm"], sort=False)
    )
    note = (
        "Shares of all pairs in whole percent, from the side of the arm. A pair that a step leaves tied goes on to the "
        "next."
    )
    return Table(
        identifier("decided", planned.name),
        f"{planned.outcome_label}: pairs decided by each step",
        "Step",
        (Column("Won, %"), Column("Lost, %"), Column("Still tied, %")),
        groups,
        (Footnote(note),),
    )


def _share(planned: PlannedAnalysis, row: dict[Any, Any], side: str) -> Cell:
    at = Statistic(
        estimand=planned.estimand_name,
        analysis=planned.name,
        visit=row["visit"],
        arm=row["arm"],
        reference=planned.against,
        term=f"{side}: {row['step']}",
    )
    return replace(cell("estimate", {"estimate": round(100 * float(row[side]))}, at, decimals=0), of_people=False)


def decided_figure(planned: PlannedAnalysis, decided: pd.DataFrame, arm: object) -> Figure:
    """Draw a bar for each step: pairs won, still tied and lost by an arm, of all pairs.

    Not shared: from exact shares of pairs the number of participants with a rare event can be worked out.
    """
    study = planned.study
    name, against = study.label("arms", str(arm)), study.label("arms", planned.against)
    visit = study.label("visits", str(decided["visit"].iloc[0]))
    data = decided.melt(["step"], list(SIDES), var_name="side", value_name="share")
    data["result"] = data["side"].map(SIDES)
    data["order"] = data["side"].map({side: k for k, side in enumerate(SIDES)})
    steps = list(decided["step"])

    def draw(_: Sequence[str]) -> Any:
        import altair as alt

        colour = options(domain=list(SIDES.values()), range=list(COLOURS))
        chart = alt.Chart(data, width=WIDTH, height=BAR * len(steps)).mark_bar(stroke="white")
        return themed(
            chart.encode(
                x=alt.X("share:Q", title="Share of all pairs", axis=options(format="%"), scale=options(domain=[0, 1])),
                y=alt.Y("step:N", title=None, sort=steps, axis=options(labelLimit=220)),
                color=alt.Color("result:N", title=None, scale=colour, sort=list(SIDES.values())),
                order="order:Q",
            )
        )

    words = [f"Bars of {name} against {against}, {visit}; each is of the pairs that came to the step, of all pairs."]
    for row in decided.to_dict("records"):
        won, lost, tied = (number(100 * float(row[side]), 0) for side in ("wins", "losses", "ties"))
        words.append(f"{row['step']}: {won}% won, {lost}% lost, {tied}% still tied.")
    title = f"{planned.outcome_label}: pairs of {name} against {against} that each step decides, {visit}"
    figure_id = identifier("decided", f"{planned.name}-{arm}")
    return Figure(figure_id, title, draw, " ".join(words), data, of_people=True)
