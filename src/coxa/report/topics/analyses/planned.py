"""Every comparison that the plan asks for, in one table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from coxa.estimates import Estimates
from coxa.report.topics.analyses.adjusted import MARK, family_words, is_adjusted, p_mark
from coxa.report.topics.analyses.footnotes import warning_marks
from coxa.report.topics.analyses.results import (
    IMPORTANT,
    comparison_label,
    estimate_cell,
    important_cell,
)
from coxa.report.topics.analyses.variances import warning_words
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis
from coxa.tables.phrases import sentence_case
from coxa.tables.records import Record, records
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table

DIFFERENCES = ("difference", "risk_difference")
INTERVAL = ("estimate", "conf_low", "conf_high")


def planned_table(study: ComparativeStudy, estimates: Estimates) -> Table:
    """Return the comparisons of each analysis at the visits of its estimand, with interval and p-value.

    Returns
    -------
    Table
        A group of rows per analysis, in the order of the plan, headed by its endpoint and direction; proportions
        in percentage points.
    """
    asked = {planned: planned.asked(estimates.frame, *DIFFERENCES) for planned in study.planned_analyses}
    marks = warning_marks(pd.concat(asked.values()))
    shown = {planned: rows for planned, rows in asked.items() if len(rows)}
    important = [planned for planned in shown if planned.important]
    groups = (_group(planned, rows, marks, bool(important)) for planned, rows in shown.items())
    columns = (
        Column("Visit", "left"),
        Column("Difference (CI)"),
        Column("p"),
        *([Column(IMPORTANT, "left")] if important else []),
    )
    percent = any((rows["term"] == "risk_difference").any() for rows in asked.values())
    notes = (
        Footnote(
            "CI, confidence interval, at the level of each analysis."
            + (" Proportions differ in percentage points." if percent else "")
        ),
        Footnote("Models, covariances and populations are below the tables of each analysis."),
        *_adjusted(asked),
        *_important(important),
    )
    warnings = tuple(Footnote(warning_words(study, text), mark) for text, mark in marks.items())
    return Table("planned", "All planned comparisons", "Comparison", columns, tuple(groups), (*notes, *warnings))


def _adjusted(asked: dict[PlannedAnalysis, pd.DataFrame]) -> Iterator[Footnote]:
    """Yield the note on adjusted p-values: of which analyses, how, and over what."""
    families = [
        f"{planned.label}: {family_words(planned, rows)}"
        for planned, rows in asked.items()
        if any(is_adjusted(planned, record) for record in records(rows))
    ]
    if families:
        yield Footnote(f"P-value adjusted for multiplicity. {'; '.join(families)}.", MARK)


def _important(analyses: list[PlannedAnalysis]) -> Iterator[Footnote]:
    """Yield the note on the important difference of each outcome."""
    outcomes = {planned.outcome_name: planned for planned in analyses}
    for planned in outcomes.values():
        if planned.important is not None:
            each = planned.important
            yield Footnote(f"{IMPORTANT} of {planned.outcome_label}: the {each.amount} ({each.source}).")


def _group(planned: PlannedAnalysis, rows: pd.DataFrame, marks: dict[str, str], important: bool) -> RowGroup:
    shown = tuple(_row(planned, record, marks) for record in records(rows))
    if important:
        cells = [
            important_cell(planned.important if record["term"] == "difference" else None, record)
            for record in records(rows)
        ]
        shown = tuple(replace(row, cells=(*row.cells, cell)) for row, cell in zip(shown, cells, strict=True))
    return RowGroup(sentence_case(f"{planned.title}: {planned.variable} ({planned.direction})"), shown)


def _row(planned: PlannedAnalysis, record: Record, marks: dict[str, str]) -> Row:
    rule = "points_interval" if record["term"] == "risk_difference" else "estimate_interval"
    cells = (
        Cell(planned.study.label("visits", record["visit"])),
        estimate_cell(rule, record, *INTERVAL, decimals=planned.decimals, mark=marks.get(record["warning"], "")),
        estimate_cell("p_value", record, "p_value", mark=p_mark(planned, record)),
    )
    return Row(comparison_label(planned.study, record), cells)
