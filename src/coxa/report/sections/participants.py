"""Who took part: from allocation to analysis, at baseline, and what is missing."""

from __future__ import annotations

from coxa.report.document import Section, TableBlock
from coxa.report.record import Report
from coxa.report.sections.missing import missing_section
from coxa.tables.baseline import baseline_table
from coxa.tables.flow import participants_table


def participants_section(report: Report) -> Section:
    """Return the flow of participants, the baseline table and the missing responses of each outcome."""
    flow = Section(
        "flow", "From allocation to analysis", (TableBlock(participants_table(report.cohort, report.datasets)),)
    )
    baseline = Section("at-baseline", "Baseline", (TableBlock(baseline_table(report.cohort)),))
    return Section("participants-section", "Participants", (), (flow, baseline, missing_section(report)))
