"""Clinical tests, ranges of motion, strength and movement: side by side, and changes next to their error."""

from __future__ import annotations

from coxa.derive.assessments import derive_assessments
from coxa.figures.dots import plot_dots
from coxa.report.document import Block, FigureBlock, Section, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.assessments.tables import changes_table, symmetry_means, values_table
from coxa.report.topics.observed.table import arm_sizes
from coxa.study import Study

EVEN = 100.0
"""Symmetry of two equal sides."""


def assessments_section(report: ReportRecord[Study]) -> Section | None:
    """Return clinical measures by visit and arm, their changes and symmetry; None where none was taken."""
    study, assessed = report.study, derive_assessments(report.cohort)
    if not assessed:
        return None
    sizes = arm_sizes(report.cohort)
    blocks: list[Block] = [TableBlock(values_table(study, assessed, sizes))]
    if changes := changes_table(study, assessed, sizes):
        blocks.append(TableBlock(changes))
    means = symmetry_means(study, assessed, list(sizes))
    if len(means):
        title = study.words.say(
            "Limb symmetry at the first and the last visit by {arm}, mean with 95% interval; dashed: equal sides"
        )
        quantity = "Limb symmetry (%)"
        figure = plot_dots(study, means, quantity=quantity, figure_id="limb-symmetry", title=title, mark=EVEN)
        blocks.append(FigureBlock(figure))
    return Section("clinical-measures-section", "Clinical measures", tuple(blocks))
