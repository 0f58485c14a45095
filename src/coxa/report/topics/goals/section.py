"""Goals of participants: set and met, by term and arm, how long it took, and how they were rated."""

from __future__ import annotations

from coxa.derive.goals import derive_goals
from coxa.figures.dots import plot_dots
from coxa.report.document import Block, FigureBlock, Section, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.goals.tables import met_means, met_table, rated_table
from coxa.report.topics.observed.table import arm_sizes
from coxa.study import Study


def goals_section(report: ReportRecord[Study]) -> Section | None:
    """Return the goals that were set and met, and their ratings by visit and arm; None where there is no goal."""
    study, goals = report.study, derive_goals(report.cohort)
    if goals is None or goals.goals.empty:
        return None
    sizes = arm_sizes(report.cohort)
    blocks: list[Block] = [TableBlock(met_table(study, goals, sizes))]
    if rated := rated_table(study, goals, sizes):
        blocks.append(TableBlock(rated))
    means = met_means(study, goals, tuple(sizes))
    if len(means):
        title = study.words.say("Share of goals met by term and {arm}, mean of participants with 95% interval")
        figure = plot_dots(study, means, quantity="Goals met (%)", figure_id="goals-met-by-term", title=title)
        blocks.append(FigureBlock(figure))
    return Section("goals-section", "Goals", tuple(blocks))
