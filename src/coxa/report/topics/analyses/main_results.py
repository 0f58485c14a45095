"""The results that a paper shows: one table of all planned outcomes, and how far the primary result holds."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.report.document import Block, FigureBlock, Paragraph, Section, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.arms_table import results_table
from coxa.report.topics.analyses.compared import side_by_side
from coxa.report.topics.analyses.further import further_table
from coxa.report.topics.analyses.kinds import LEAD
from coxa.report.topics.analyses.margin_forest import margin_forest
from coxa.report.topics.analyses.profile import has_profile
from coxa.report.topics.analyses.sensitivity import agreement_sentences, sensitivity_table
from coxa.report.topics.analyses.sentences import MOST_SENTENCES
from coxa.study.comparative import PlannedAnalysis

SHOWN = ("primary", "secondary")
"""Roles of the analyses in the table of results; the others answer to the primary one, and are beside it."""


def main_results_section(report: ReportRecord) -> Section:
    """Return observed and adjusted results of primary and secondary analyses, and what the sensitivity analyses say."""
    analyses = [planned for planned in report.study.planned_analyses if planned.analysis.role in SHOWN]
    table = results_table(report, analyses, "results-by-arm", "Results of the primary and secondary analyses")
    return Section("results", "Results", (TableBlock(table, stacked=True), *_sensitivity(report)))


def on_page_one(report: ReportRecord, first: PlannedAnalysis) -> bool:
    """Return whether page one has the forest of all analyses of an estimand: where it has no other figure."""
    main = report.study.main_analysis
    if first.estimand_name != main.estimand_name:
        return False
    return not (main.of_means and has_profile(report, main)) and main.kind not in LEAD


def _sensitivity(report: ReportRecord) -> Iterator[Block]:
    """Yield for each primary estimand how its analyses agree, with their forest and table; a forest once.

    How those of the main analysis agree is said in the answer, and not again.
    """
    drawn: set[str] = set()
    firsts = {planned.estimand_name: planned for planned in reversed(report.study.primary_analyses)}
    for first in reversed(firsts.values()):
        if first.name != report.study.main_analysis.name:
            yield from (Paragraph(text) for text in agreement_sentences(first, report.estimates, MOST_SENTENCES))
        figure = None if on_page_one(report, first) else side_by_side(report, first)
        if figure and figure.alt not in drawn:
            drawn.add(figure.alt)
            yield FigureBlock(figure)
        if table := sensitivity_table(first, report.estimates):
            yield TableBlock(table, stacked=True)
        if table := further_table(first, report.estimates):
            yield TableBlock(table, stacked=True)
        if margins := margin_forest(first, report.estimates):
            yield FigureBlock(margins)
