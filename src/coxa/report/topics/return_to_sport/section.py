"""Return to sport by arm or group: where participants were at each visit, how soon they returned, recurrences."""

from __future__ import annotations

from coxa.derive.return_to_sport import derive_returns
from coxa.report.document import Block, FigureBlock, Section, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.return_to_sport.curves import plot_returns
from coxa.report.topics.return_to_sport.tables import returned_table, statuses_table
from coxa.study import Study


def return_to_sport_section(report: ReportRecord[Study]) -> Section | None:
    """Return the returns to sport; None where none is recorded."""
    study, returns = report.study, derive_returns(report.cohort)
    if returns is None:
        return None
    blocks: list[Block] = [TableBlock(statuses_table(study, returns))]
    if len(returns.levels):
        blocks.append(TableBlock(returned_table(study, returns)))
        blocks += [FigureBlock(plot_returns(study, returns, level)) for level in returns.levels["level"].unique()]
    return Section("return-to-sport", "Return to sport", tuple(blocks))
