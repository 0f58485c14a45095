"""The planned analyses, one after the other: differences, adjusted means, and how they look."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.figures.figure import Figure
from coxa.figures.means import model_means
from coxa.figures.profile import plot_profile
from coxa.report.document import Block, FigureBlock, Paragraph, Section, TableBlock
from coxa.report.record import Report
from coxa.report.topics.analyses.footnotes import mean_words
from coxa.report.topics.analyses.forest import plot_forest
from coxa.report.topics.analyses.further import further_table, interaction_words, subgroup_forest_rows, subgroup_table
from coxa.report.topics.analyses.results import (
    analysis_title,
    differences_table,
    means_table,
    responder_table,
    rows_of,
)
from coxa.report.topics.analyses.sentences import MEANS, difference_unit, not_fitted_words
from coxa.report.topics.analyses.variances import variances_table
from coxa.study.design_words import words_of
from coxa.study.wording import estimand_title
from coxa.tables.phrases import sentence_case
from coxa.tables.table import identifier

MEASURES = {"value": "", "change": " change from baseline", "percent_change": " percent change from baseline"}


DRAWN = ("primary", "secondary")
"""Roles whose analyses are drawn; the others stand beside the primary one in the figure of the summary."""


def analyses_section(report: Report) -> Section:
    """Return a section per analysis of the plan."""
    return Section("analyses", "Analyses", (), tuple(_analysis(report, name) for name in report.study.analyses))


def _analysis(report: Report, name: str) -> Section:
    study = report.study
    plan = study.analyses[name]
    blocks: list[Block] = [Paragraph(sentence_case(f"{estimand_title(study, plan.estimand)}."))]
    if plan.relaxes:
        blocks.append(Paragraph(f"Beside the primary analysis, this one relaxes: {plan.relaxes}."))
    if name in report.not_fitted:
        blocks += _not_fitted(report, name)
    else:
        blocks += _risks(report, name) if plan.summary == "risk_difference" else _means(report, name)
    return Section(identifier("analysis", name), analysis_title(study, name), tuple(blocks))


def _not_fitted(report: Report, name: str) -> list[Block]:
    """Return why there are no numbers, and what can be done about it."""
    why = report.not_fitted[name]
    return [Paragraph(not_fitted_words(report, name), "warning"), *(Paragraph(text) for text in why.remedies)]


def _risks(report: Report, name: str) -> list[Block]:
    dataset = report.datasets[report.study.analyses[name].estimand]
    return [TableBlock(responder_table(report.study, report.estimates, name, dataset))]


def _means(report: Report, name: str) -> list[Block]:
    """Return the tables of an analysis, each with its figure where the analysis is not one beside the primary."""
    study, fits = report.study, report.fits[name]
    dataset = report.datasets[study.analyses[name].estimand]
    differences = TableBlock(differences_table(study, report.estimates, name, fits, dataset))
    means = TableBlock(means_table(study, report.estimates, name, fits, dataset))
    variances = (variances_table(study, name, fit, dataset.analysed) for fit in fits)
    further = [*(TableBlock(table) for table in variances if table), *_further(report, name)]
    if study.analyses[name].role not in DRAWN:
        return [differences, means, *further]
    return [differences, FigureBlock(_forest(report, name)), means, FigureBlock(_profile(report, name)), *further]


def _further(report: Report, name: str) -> Iterator[Block]:
    """Yield what the plan asks beyond each visit: courses, margins, factors, subgroups with their forest."""
    study, estimates, words = report.study, report.estimates, words_of(report.study)
    if table := further_table(study, estimates, name):
        yield TableBlock(table)
    if table := subgroup_table(study, estimates, name):
        yield TableBlock(table)
        estimand = study.analyses[name].estimand
        outcome = study.estimands[estimand].endpoint.outcome
        tested = interaction_words(study, estimates, name)
        yield FigureBlock(
            plot_forest(
                study,
                subgroup_forest_rows(study, estimates, name),
                outcome,
                quantity=f"Difference in means ({difference_unit(report, estimand)})",
                figure_id=identifier("subgroup-forest", name),
                title=f"{study.label('outcomes', outcome)}: differences between {words.arms} in subgroups ({tested})",
            )
        )


def _forest(report: Report, name: str) -> Figure:
    study, estimand = report.study, report.study.analyses[name].estimand
    outcome = study.estimands[estimand].endpoint.outcome
    return plot_forest(
        study,
        rows_of(report.estimates, name, MEANS),
        outcome,
        quantity=f"Difference in means ({difference_unit(report, estimand)})",
        figure_id=identifier("forest", name),
        title=f"{study.label('outcomes', outcome)}: differences between {words_of(study).arms} by visit",
    )


def _profile(report: Report, name: str) -> Figure:
    study, estimand = report.study, report.study.analyses[name].estimand
    endpoint = study.estimands[estimand].endpoint
    quantity = mean_words(study, name, report.fits.get(name)) + MEASURES[endpoint.measure]
    return plot_profile(
        study,
        model_means(study, report.estimates, name),
        endpoint.outcome,
        quantity=quantity,
        unit=difference_unit(report, estimand),
        of_model=True,
        figure_id=identifier("profile", name),
        title=f"{study.label('outcomes', endpoint.outcome)}: {quantity.lower()} by visit and {words_of(study).arm}, "
        "with confidence interval",
    )
