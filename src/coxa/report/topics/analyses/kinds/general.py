"""Every comparison of an analysis in one table, and those that the estimand asks for in a forest."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from coxa.report.document import Block, FigureBlock, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.adjusted import p_mark
from coxa.report.topics.analyses.footnotes import analysis_footnotes, warning_marks
from coxa.report.topics.analyses.forest import plot_forest
from coxa.report.topics.analyses.further import further_table, interaction_words, subgroup_forest_rows, subgroup_table
from coxa.report.topics.analyses.margin_forest import margin_forest
from coxa.report.topics.analyses.modifiers import modifier_blocks
from coxa.report.topics.analyses.results import (
    IMPORTANT,
    comparison_label,
    estimate_cell,
    important_cell,
    important_note,
    important_ratio,
    visit_label,
)
from coxa.report.topics.analyses.variances import warning_words
from coxa.report.topics.analyses.written import BY_TERM, DRAWN, scale_of, written
from coxa.study.comparative import PlannedAnalysis
from coxa.study.wording import estimand_title
from coxa.tables.formats import NONE
from coxa.tables.phrases import sentence_case
from coxa.tables.records import Record, records
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table, identifier

ARM_TERMS = {
    "marginal_mean": "adjusted",
    "risk": "proportion",
    "rate": "rate",
    "restricted_mean": "restricted mean time, days",
    "within_person_sd": "SD of the days of an average participant",
}
"""Kind of row of an arm -> what its number is, after the label of the arm."""


def general_blocks(report: ReportRecord, planned: PlannedAnalysis) -> list[Block]:
    """Return the table of an analysis, its forest, and its subgroups."""
    return [TableBlock(effects_table(report, planned)), *forest_block(report, planned), *further(report, planned)]


def effects_table(report: ReportRecord, planned: PlannedAnalysis) -> Table:
    """Return the numbers of each arm and every comparison of an analysis, visit by visit.

    Returns
    -------
    Table
        A row for each number of an arm, then one for each comparison; that which the estimand asks for is strong.
    """
    rows = planned.rows(report.estimates.frame, *ARM_TERMS, *BY_TERM)
    marks = warning_marks(rows)
    visits = [visit for visit in planned.study.visits if (rows["visit"] == visit).any()]
    groups = tuple(
        RowGroup(visit_label(planned, visit, visits), tuple(_rows(planned, rows[rows["visit"] == visit], marks)))
        for visit in visits
    )
    said = analysis_footnotes(planned, report.fits[planned.name], rows, report.datasets[planned.estimand_name])
    warnings = [Footnote(warning_words(planned.study, text), mark) for text, mark in marks.items()]
    rates, important = rows["term"].isin(["rate", "rate_difference"]).any(), important_ratio(planned)
    last = "CI, confidence interval. SE, standard error; of a ratio, of its logarithm."
    return Table(
        identifier("effects", planned.name),
        f"{planned.outcome_label}: {planned.effect.words}",
        "Quantity",
        (
            Column("Estimate (CI)"),
            Column("SE"),
            Column("p"),
            Column("n"),
            *([Column(IMPORTANT, "left")] if important else []),
        ),
        groups,
        (
            *said,
            *warnings,
            Footnote(f"{f'Rates are {planned.rate_unit}. ' if rates else ''}{last}"),
            *([important_note(important)] if important else []),
        ),
        subtitle=sentence_case(estimand_title(planned.study, planned.estimand_name)),
    )


def _rows(planned: PlannedAnalysis, rows: pd.DataFrame, marks: dict[str, str]) -> list[Row]:
    arms = [record for record in records(rows) if record["term"] in ARM_TERMS]
    compared = [record for record in records(rows) if record["term"] in BY_TERM]
    compared.sort(key=lambda record: record["term"] != planned.effect.term)
    return [_row(planned, record, marks) for record in (*arms, *compared)]


def _row(planned: PlannedAnalysis, record: Record, marks: dict[str, str]) -> Row:
    study, term = planned.study, record["term"]
    if term in ARM_TERMS:
        label = f"{study.label('arms', record['arm'])}: {ARM_TERMS[term]}"
    else:
        label = f"{comparison_label(study, record)}: {BY_TERM[term].words}"
    important = important_ratio(planned)
    compared = important if term == planned.effect.term else None
    return Row(
        label,
        (
            written(planned, "estimate_interval", record, mark=marks.get(record["warning"], "")),
            _error(planned, record),
            _number("p_value", record, "p_value", p_mark(planned, record)),
            _number("participants", record, "n_participants"),
            *([important_cell(compared, record)] if important else []),
        ),
        strong=term == planned.effect.term,
    )


def _error(planned: PlannedAnalysis, record: Record) -> Cell:
    """Return the standard error of a comparison; a dash where it is in percentage points, or there is none."""
    if record["term"] in ARM_TERMS or scale_of(planned, record["term"]) == "points":
        return Cell(NONE)
    return _number("std_error", record, "std_error")


def _number(rule: str, record: Record, name: str, mark: str = "") -> Cell:
    """Return a number of a row of estimates; a dash where it has none."""
    return Cell(NONE) if pd.isna(record[name]) else estimate_cell(rule, record, name, decimals=2, mark=mark)


def forest_block(report: ReportRecord, planned: PlannedAnalysis) -> list[Block]:
    """Return the forest of the comparisons that the estimand asks for, of a primary or secondary analysis."""
    rows = planned.rows(report.estimates.frame, planned.effect.term)
    if planned.analysis.role not in DRAWN or rows.empty:
        return []
    figure = plot_forest(
        planned,
        rows,
        figure_id=identifier("forest", planned.name),
        title=f"{planned.outcome_label}: {planned.effect.words} between {planned.study.words.arms}",
    )
    return [FigureBlock(figure)]


def further(report: ReportRecord, planned: PlannedAnalysis) -> Iterator[Block]:
    """Yield what the plan asks beyond each visit and the results do not show: courses, margins, factors, subgroups."""
    estimates, study = report.estimates, report.study
    in_results = planned.is_primary and study.analyses_of(planned.estimand_name)[0] is planned
    if not in_results and (table := further_table(planned, estimates)):
        yield TableBlock(table)
    if not in_results and (figure := margin_forest(planned, estimates)):
        yield FigureBlock(figure)
    if table := subgroup_table(planned, estimates, report.truth):
        yield TableBlock(table)
        compared = f"differences between {study.words.arms}" if planned.of_means else planned.effect.words
        yield FigureBlock(
            plot_forest(
                planned,
                subgroup_forest_rows(planned, estimates),
                figure_id=identifier("subgroup-forest", planned.name),
                title=f"{planned.outcome_label}: {compared} in subgroups ({interaction_words(planned, estimates)})",
            )
        )
    yield from modifier_blocks(report, planned)
