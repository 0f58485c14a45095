"""The planned analyses, one after the other: differences, adjusted means, and how they look."""

from __future__ import annotations

from dataclasses import replace

from coxa.figures.figure import Figure
from coxa.models import Fit
from coxa.report.document import Block, FigureBlock, Paragraph, Section, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.forest import plot_forest
from coxa.report.topics.analyses.kinds import kind_blocks
from coxa.report.topics.analyses.kinds.cluster_periods import cluster_period_blocks
from coxa.report.topics.analyses.kinds.dropout_models import dropout_blocks
from coxa.report.topics.analyses.kinds.general import further
from coxa.report.topics.analyses.kinds.imputation import imputation_blocks
from coxa.report.topics.analyses.kinds.location_scale import location_scale_blocks
from coxa.report.topics.analyses.kinds.missing_days import missing_day_blocks
from coxa.report.topics.analyses.kinds.n_of_1 import n_of_1_blocks
from coxa.report.topics.analyses.kinds.periods import period_blocks
from coxa.report.topics.analyses.participant_effects import participant_effects_table
from coxa.report.topics.analyses.profile import analysis_profile, profile_leads
from coxa.report.topics.analyses.results import (
    differences_table,
    means_table,
)
from coxa.report.topics.analyses.sentences import not_fitted_words, parts_not_fitted_words
from coxa.report.topics.analyses.variances import variances_table
from coxa.report.topics.analyses.written import DRAWN
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.n_of_1 import NOfOne
from coxa.study.wording import estimand_title
from coxa.tables.phrases import sentence_case
from coxa.tables.table import Footnote, Table, identifier


def analyses_section(report: ReportRecord) -> Section:
    """Return a section per analysis of the plan."""
    return Section(
        "analyses", "Analyses", (), tuple(_analysis(report, planned) for planned in report.study.planned_analyses)
    )


def _analysis(report: ReportRecord, planned: PlannedAnalysis) -> Section:
    plan, name = planned.analysis, planned.name
    what = sentence_case(estimand_title(report.study, plan.estimand))
    blocks: list[Block] = [Paragraph(f"{what}.")]
    if plan.relaxes:
        blocks.append(Paragraph(f"Sensitivity analysis. Assumption changed: {plan.relaxes}."))
    if name in report.not_fitted:
        blocks += _not_fitted(report, planned)
    else:
        for text, why in zip(
            parts_not_fitted_words(report, planned), report.parts_not_fitted.get(name, ()), strict=True
        ):
            blocks += [Paragraph(text, "warning"), *map(Paragraph, why.remedies)]
        blocks += _means(report, planned) if planned.of_means else kind_blocks(report, planned)
    below = blocks[1:2]
    said_below = any(isinstance(block, TableBlock) and block.table.subtitle == what for block in below)
    return Section(identifier("analysis", name), planned.title, tuple(blocks[1:] if said_below else blocks))


def _not_fitted(report: ReportRecord, planned: PlannedAnalysis) -> list[Block]:
    """Return why there are no numbers, and what can be done about it."""
    why = report.not_fitted[planned.name]
    return [Paragraph(not_fitted_words(report, planned), "warning"), *(Paragraph(text) for text in why.remedies)]


def means_of(report: ReportRecord, planned: PlannedAnalysis) -> tuple[Fit, ...]:
    """Return the models of means of an analysis."""
    return tuple(fit for fit in report.fits[planned.name] if isinstance(fit, Fit))


def _means(report: ReportRecord, planned: PlannedAnalysis) -> list[Block]:
    """Return the tables of an analysis, each with its figure where the analysis is not one beside the primary."""
    fits, dataset = means_of(report, planned), report.datasets[planned.estimand_name]
    every = report.fits[planned.name]
    compared = differences_table(planned, report.estimates, every, dataset)
    differences = TableBlock(compared)
    means = TableBlock(_noted_once(means_table(planned, report.estimates, every, dataset), compared))
    variances = [variances_table(planned, fit, dataset.analysed) for fit in fits]
    if not planned.analysis.of_blocks:
        variances += [participant_effects_table(planned, fit) for fit in fits]
    others: list[Block] = [*(TableBlock(table) for table in variances if table), *further(report, planned)]
    others += [*imputation_blocks(report, planned), *dropout_blocks(report, planned)]
    others = [*location_scale_blocks(report, planned), *missing_day_blocks(report, planned), *others]
    if planned.analysis.role not in DRAWN:
        if planned.analysis.of_clusters:
            others = [*cluster_period_blocks(report, planned, fits), *others]
        return [differences, means, *others]
    forest = FigureBlock(_forest(report, planned))
    if isinstance(planned.analysis, NOfOne):
        return [differences, means, *n_of_1_blocks(report, planned, fits), *others]
    if planned.in_periods:
        return [differences, means, *period_blocks(report, planned, fits), *others]
    on_page_one = planned is report.study.main_analysis and profile_leads(report, planned)
    profile = [] if on_page_one else [FigureBlock(analysis_profile(report, planned))]
    return [differences, forest, means, *profile, *others]


def _noted_once(table: Table, above: Table) -> Table:
    """Return a table without the notes that the one above it has, and a note that says so."""
    said = {(str(note.text), note.mark) for note in above.footnotes}
    own = tuple(note for note in table.footnotes if (str(note.text), note.mark) not in said)
    if len(own) == len(table.footnotes):
        return table
    return replace(table, footnotes=(*own, Footnote("Model, population and missing outcomes as in the table above.")))


def _forest(report: ReportRecord, planned: PlannedAnalysis) -> Figure:
    return plot_forest(
        planned,
        planned.rows(report.estimates.frame, planned.effect.term),
        figure_id=identifier("forest", planned.name),
        title=f"{planned.outcome_label}: differences between {report.study.compared_words.arms} by visit",
    )
