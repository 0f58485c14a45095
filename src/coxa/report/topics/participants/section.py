"""Who took part: from allocation to analysis, at baseline, and what is missing."""

from __future__ import annotations

from coxa.report.document import FigureBlock, Paragraph, Section, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.missing.section import missing_section
from coxa.report.topics.participants.baseline import baseline_table
from coxa.report.topics.participants.baseline_by_treatment import baseline_by_treatment_section
from coxa.report.topics.participants.clusters_in_periods import clusters_in_periods_section
from coxa.report.topics.participants.flow.build import participant_flow
from coxa.report.topics.participants.flow.draw import plot_flow
from coxa.report.topics.participants.imbalance import imbalance_sentences, imbalances
from coxa.report.topics.participants.sets import participants_table
from coxa.tables.prose import Prose

FLOW = (
    "The figure counts participants at each step and gives the reasons of those who left. The counts at each visit and "
    "for every estimand are in the section Who was analysed."
)


def baseline_cautions(report: ReportRecord) -> list[Prose]:
    """Say what of the arms or groups is far apart at baseline, and what the primary analyses do not adjust for.

    Sequences of treatments may start apart: participants are compared with themselves.
    """
    if report.study.received_in_periods is not None:
        return []
    return imbalance_sentences(report.study, imbalances(report.cohort), report.study.primary_analyses)


def participants_section(report: ReportRecord) -> Section:
    """Return the flow of participants and the baseline table."""
    counted = participant_flow(report.cohort, report.datasets[report.study.main_analysis.estimand_name])
    flow = Section("flow", "From assessment to analysis", (Paragraph(FLOW), FigureBlock(plot_flow(counted))))
    grid = clusters_in_periods_section(report)
    judged = (Paragraph(text) for text in baseline_cautions(report))
    baseline = Section("at-baseline", "Baseline", (*judged, TableBlock(baseline_table(report.cohort))))
    by_treatment = baseline_by_treatment_section(report)
    shown = (flow, grid, baseline, by_treatment)
    return Section("participants-section", "Participants", (), tuple(one for one in shown if one is not None))


def analysed_section(report: ReportRecord) -> Section:
    """Return who is in each analysis set and analysed at each visit, and what is missing and why."""
    sets = Section("sets", "Analysis sets", (TableBlock(participants_table(report.cohort, report.datasets)),))
    return Section("analysed", "Who was analysed", (), (sets, missing_section(report)))
