"""Who took part: from allocation to analysis, at baseline, and what is missing."""

from __future__ import annotations

from coxa.report.document import FigureBlock, Paragraph, Section, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.missing.section import missing_section
from coxa.report.topics.participants.baseline import baseline_table
from coxa.report.topics.participants.flow.build import participant_flow
from coxa.report.topics.participants.flow.draw import plot_flow
from coxa.report.topics.participants.flow.table import flow_table
from coxa.report.topics.participants.imbalance import imbalance_sentences, imbalances
from coxa.report.topics.participants.sets import participants_table
from coxa.tables.prose import Prose


def baseline_cautions(report: ReportRecord) -> list[Prose]:
    """Say what of the arms or groups is far apart at baseline, and what the primary analyses do not adjust for."""
    return imbalance_sentences(report.study, imbalances(report.cohort), report.study.primary_analyses)


def participants_section(report: ReportRecord) -> Section:
    """Return the flow of participants, the baseline table and the missing responses of each outcome."""
    counted = participant_flow(report.cohort, report.datasets[report.study.main_analysis.estimand_name])
    shown = (
        FigureBlock(plot_flow(counted)),
        TableBlock(flow_table(counted)),
        TableBlock(participants_table(report.cohort, report.datasets)),
    )
    flow = Section("flow", "From assessment to analysis", shown)
    judged = (Paragraph(text) for text in baseline_cautions(report))
    baseline = Section("at-baseline", "Baseline", (*judged, TableBlock(baseline_table(report.cohort))))
    return Section("participants-section", "Participants", (), (flow, baseline, missing_section(report)))
