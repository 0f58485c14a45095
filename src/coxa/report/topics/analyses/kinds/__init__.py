"""What a report shows of an analysis that is not of means, a file for each kind of endpoint."""

from __future__ import annotations

from collections.abc import Callable

from coxa.figures.figure import Figure
from coxa.report.document import Block, FigureBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.kinds.binary import binary_blocks
from coxa.report.topics.analyses.kinds.compliers import complier_blocks
from coxa.report.topics.analyses.kinds.count import count_blocks
from coxa.report.topics.analyses.kinds.doses import dose_blocks
from coxa.report.topics.analyses.kinds.general import general_blocks
from coxa.report.topics.analyses.kinds.imputation import imputation_blocks
from coxa.report.topics.analyses.kinds.imputed_counts import imputed_count_blocks
from coxa.report.topics.analyses.kinds.location_scale import location_scale_blocks
from coxa.report.topics.analyses.kinds.mediators import mediator_blocks
from coxa.report.topics.analyses.kinds.missing_days import missing_day_blocks
from coxa.report.topics.analyses.kinds.ordered import bars_of_levels, ordered_blocks
from coxa.report.topics.analyses.kinds.random_intercept import random_intercept_blocks
from coxa.report.topics.analyses.kinds.ranking import first_decided, ranking_blocks
from coxa.report.topics.analyses.kinds.recurrent import recurrent_blocks
from coxa.report.topics.analyses.kinds.responder_gap import responder_gap_blocks
from coxa.report.topics.analyses.kinds.time import event_curves, time_blocks
from coxa.report.topics.analyses.kinds.working_correlation import working_correlation_blocks
from coxa.study.comparative import PlannedAnalysis
from coxa.study.effects import EndpointKind

Blocks = Callable[[ReportRecord, PlannedAnalysis], list[Block]]

BY_KIND: dict[EndpointKind, Blocks] = {
    "binary": binary_blocks,
    "count": count_blocks,
    "ordered": ordered_blocks,
    "ranking": ranking_blocks,
    "time": time_blocks,
}
"""What is analysed -> its tables and figures; others have the table and the forest of every comparison."""


LEAD: dict[EndpointKind, Callable[[ReportRecord, PlannedAnalysis], Figure]] = {
    "ordered": bars_of_levels,
    "ranking": first_decided,
    "time": event_curves,
}
"""What is analysed -> the figure of page one; others have the forest of all analyses."""


def lead_figure(report: ReportRecord, planned: PlannedAnalysis) -> Figure | None:
    """Return the figure of page one of an analysis that is not of means; None where its kind has none."""
    draw = LEAD.get(planned.kind)
    return draw(report, planned) if draw and planned.name not in report.not_fitted else None


def kind_blocks(report: ReportRecord, planned: PlannedAnalysis) -> list[Block]:
    """Return the tables and figures of an analysis that is not of means; that of page one is not shown again."""
    lead = lead_figure(report, planned) if planned is report.study.main_analysis else None
    own = [*complier_blocks(report, planned), *dose_blocks(report, planned), *mediator_blocks(report, planned)]
    if own:
        return own
    shown = BY_KIND.get(planned.kind, general_blocks)(report, planned)
    blocks = [
        *shown,
        *location_scale_blocks(report, planned),
        *missing_day_blocks(report, planned),
        *recurrent_blocks(report, planned),
        *random_intercept_blocks(report, planned),
        *responder_gap_blocks(report, planned),
        *imputation_blocks(report, planned),
        *imputed_count_blocks(report, planned),
        *working_correlation_blocks(report, planned),
    ]
    return [one for one in blocks if not (lead and isinstance(one, FigureBlock) and one.figure.id == lead.id)]
