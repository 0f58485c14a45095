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
    analysis_title,
    comparison_label,
    estimate_cell,
    important_cell,
    rows_of,
    variable_words,
)
from coxa.report.topics.analyses.variances import warning_words
from coxa.study import Study
from coxa.study.important import Important
from coxa.study.scales import outcome_scale
from coxa.tables.phrases import sentence_case
from coxa.tables.records import Record, records
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table

INTERVAL = ("estimate", "conf_low", "conf_high")


def planned_table(study: Study, estimates: Estimates) -> Table:
    """Return the comparisons of each analysis at the visits of its estimand, with interval and p-value.

    Returns
    -------
    Table
        A group of rows per analysis, in the order of the plan, headed by its endpoint and direction; proportions
        in percentage points.
    """
    asked = {name: _asked(study, estimates, name) for name in study.analyses}
    marks = warning_marks(pd.concat(asked.values()))
    important = {name: found for name, rows in asked.items() if (found := study.planned(name).important) and len(rows)}
    groups = (_group(study, name, rows, marks, important) for name, rows in asked.items() if len(rows))
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
        *_adjusted(study, asked),
        *_important(study, important),
    )
    warnings = tuple(Footnote(warning_words(study, text), mark) for text, mark in marks.items())
    return Table("planned", "All planned comparisons", "Comparison", columns, tuple(groups), (*notes, *warnings))


def _adjusted(study: Study, asked: dict[str, pd.DataFrame]) -> Iterator[Footnote]:
    """Yield the note on adjusted p-values: of which analyses, how, and over what."""
    families = [
        f"{study.label('analyses', name)}: {family_words(study, name, rows)}"
        for name, rows in asked.items()
        if any(is_adjusted(study, record) for record in records(rows))
    ]
    if families:
        yield Footnote(f"P-value adjusted for multiplicity. {'; '.join(families)}.", MARK)


def _important(study: Study, important: dict[str, Important]) -> Iterator[Footnote]:
    """Yield the note on the important difference of each outcome."""
    outcomes = {
        study.estimands[study.analyses[name].estimand].endpoint.outcome: each for name, each in important.items()
    }
    for outcome, each in outcomes.items():
        yield Footnote(f"{IMPORTANT} of {study.label('outcomes', outcome)}: the {each.amount} ({each.source}).")


def _asked(study: Study, estimates: Estimates, analysis: str) -> pd.DataFrame:
    """Return the comparisons of an analysis at the visits of its estimand."""
    visits = study.estimands[study.analyses[analysis].estimand].endpoint.visit
    rows = rows_of(estimates, analysis, "difference", "risk_difference")
    return rows[rows["visit"].isin(visits)]


def _group(
    study: Study, analysis: str, rows: pd.DataFrame, marks: dict[str, str], important: dict[str, Important]
) -> RowGroup:
    endpoint = study.estimands[study.analyses[analysis].estimand].endpoint
    scale = outcome_scale(study.outcomes[endpoint.outcome])
    direction = "more is better" if endpoint.measure == "responder" else scale.direction
    decimals = 1 if endpoint.measure == "percent_change" else scale.decimals
    label = f"{analysis_title(study, analysis)}: {variable_words(study, analysis)} ({direction})"
    shown = tuple(_row(study, record, decimals, marks) for record in records(rows))
    if important:
        each = important.get(analysis)
        cells = [important_cell(each if record["term"] == "difference" else None, record) for record in records(rows)]
        shown = tuple(replace(row, cells=(*row.cells, cell)) for row, cell in zip(shown, cells, strict=True))
    return RowGroup(sentence_case(label), shown)


def _row(study: Study, record: Record, decimals: int, marks: dict[str, str]) -> Row:
    rule = "points_interval" if record["term"] == "risk_difference" else "estimate_interval"
    cells = (
        Cell(study.label("visits", record["visit"])),
        estimate_cell(rule, record, *INTERVAL, decimals=decimals, mark=marks.get(record["warning"], "")),
        estimate_cell("p_value", record, "p_value", mark=p_mark(study, record)),
    )
    return Row(comparison_label(study, record), cells)
