"""Red flags and referral, as a part of safety in a trial and of care in a service."""

from __future__ import annotations

from coxa.derive.red_flags import derive_red_flags
from coxa.report.document import Block, Paragraph, Section, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.red_flags.tables import found_table, screened_table, waits_table
from coxa.study import Study

NOTHING_FOUND = "No red flag that was asked for was present."


def red_flags_section(report: ReportRecord[Study]) -> Section | None:
    """Return who was screened for red flags, what was found and what was done; None where nobody was screened."""
    study, flags = report.study, derive_red_flags(report.cohort)
    if flags is None:
        return None
    blocks: list[Block] = [TableBlock(screened_table(study, flags))]
    if flags.found.empty:
        blocks.append(Paragraph(NOTHING_FOUND, found=True))
    else:
        blocks += [TableBlock(found_table(study, flags)), TableBlock(waits_table(study, flags))]
    return Section("red-flags", "Red flags and referral", tuple(blocks))
