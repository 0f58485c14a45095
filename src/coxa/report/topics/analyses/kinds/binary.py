"""A yes or no: proportions, their differences and ratios."""

from __future__ import annotations

from coxa.report.document import Block, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.kinds.general import forest_block, further
from coxa.report.topics.analyses.results import responder_table
from coxa.study.comparative import PlannedAnalysis


def binary_blocks(report: ReportRecord, planned: PlannedAnalysis) -> list[Block]:
    """Return the table of proportions by arm; with its forest where a model was fitted."""
    dataset = report.datasets[planned.estimand_name]
    table = TableBlock(responder_table(planned, report.estimates, report.fits[planned.name], dataset))
    forest = forest_block(report, planned) if report.fits[planned.name] else []
    return [table, *forest, *further(report, planned)]
