"""All analyses of one endpoint in one forest."""

from __future__ import annotations

import pandas as pd

from coxa.figures.figure import Figure
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.forest import arm_labels, plot_forest
from coxa.study.comparative import PlannedAnalysis
from coxa.tables.records import Record, records
from coxa.tables.table import identifier


def side_by_side(report: ReportRecord, first: PlannedAnalysis) -> Figure | None:
    """Return a forest of all analyses of the variable of an analysis at its visits; None where there is only one."""
    frames = [
        rows[rows["visit"].isin(first.visits)]
        for planned in report.study.planned_analyses
        if (planned.outcome_name, planned.response) == (first.outcome_name, first.response)
        for rows in [planned.asked(report.estimates.frame, first.effect.term)]
    ]
    if sum(len(rows) > 0 for rows in frames) < 2:
        return None
    rows = pd.concat([frame for frame in frames if len(frame)], ignore_index=True)
    arms = arm_labels(report.study, rows)
    labels = [_label(report, *each, len(first.visits) > 1) for each in zip(records(rows), arms, strict=True)]
    return plot_forest(
        first,
        rows.assign(label=labels),
        figure_id=identifier("compared", first.estimand_name),
        title="Primary comparisons in every analysis",
    )


def endpoint_forest(report: ReportRecord, planned: PlannedAnalysis) -> Figure:
    """Return a forest of the comparisons of an analysis at the visits of its estimand."""
    return plot_forest(
        planned,
        planned.asked(report.estimates.frame, planned.effect.term),
        figure_id=identifier("endpoint", planned.name),
        title=f"{planned.outcome_label}: differences between {report.study.compared_words.arms}",
    )


def _label(report: ReportRecord, record: Record, arm: str, several_visits: bool) -> str:
    study = report.study
    visit = f", {study.label('visits', str(record['visit']))}" if several_visits else ""
    analysis = study.label("analyses", str(record["analysis"]))
    return f"{analysis}{visit}: {arm}" if arm else f"{analysis}{visit}"
