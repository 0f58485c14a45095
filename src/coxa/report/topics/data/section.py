"""What was found in the data, and what was left out."""

from __future__ import annotations

from coxa.report.document import Block, Paragraph, Section, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.data.findings import findings_table
from coxa.report.topics.data.not_reported import not_reported_table
from coxa.report.topics.participants.sets import files_table, left_out_table
from coxa.study import Study


def data_section(report: ReportRecord[Study]) -> Section:
    """Return the findings, the counts from files to values, what was left out, and what is not reported."""
    found: Block = Paragraph("The checks found nothing.")
    if len(report.findings):
        found = TableBlock(findings_table(report.study, report.findings))
    lost_table = left_out_table(report.study, report.disposition, report.fits)
    lost: Block = TableBlock(lost_table) if any(lost_table.rows()) else Paragraph("Nothing was left out.")
    others = not_reported_table(report.cohort)
    return Section(
        "data",
        "Data",
        (),
        (
            Section("what-was-found", "What the checks found", (found,)),
            Section(
                "from-files-to-values",
                "From files to values",
                (TableBlock(files_table(report.study, report.disposition)),),
            ),
            Section("what-was-left-out", "What was left out", (lost,)),
            *([Section("what-is-not-reported", "What is not reported", (TableBlock(others),))] if others else []),
        ),
    )
