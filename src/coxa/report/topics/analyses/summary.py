"""What was asked, and the answer."""

from __future__ import annotations

import pandas as pd

from coxa.analyses.clusters import few_cluster_warnings
from coxa.report.document import Block, FigureBlock, Paragraph, Section, TableBlock
from coxa.report.record import Report
from coxa.report.topics.analyses.forest import plot_forest
from coxa.report.topics.analyses.planned import planned_table
from coxa.report.topics.analyses.results import comparison_label
from coxa.report.topics.analyses.sensitivity import agreement_sentences, sensitivity_table
from coxa.report.topics.analyses.sentences import (
    MEANS,
    asked_rows,
    difference_unit,
    not_fitted_words,
    question,
    result_sentences,
    verdict_sentences,
)
from coxa.report.topics.analyses.variances import warning_words
from coxa.report.topics.harms.section import serious_sentence
from coxa.report.topics.methods.analyses import failed_attempts
from coxa.report.topics.participants.section import baseline_cautions
from coxa.report.topics.protocol.section import deviation_notes
from coxa.study import Study
from coxa.study.design_words import words_of
from coxa.tables.prose import Text, joined
from coxa.tables.records import records


def summary_section(report: Report) -> Section:
    """Return question, result and warnings of each primary analysis, all planned comparisons, and serious harms."""
    study = report.study
    primary = [name for name, analysis in study.analyses.items() if analysis.role == "primary"]
    blocks: list[Block] = []
    drawn: set[str] = set()
    for estimand in dict.fromkeys(study.analyses[name].estimand for name in primary):
        mine = [name for name in primary if study.analyses[name].estimand == estimand]
        blocks.append(Paragraph(question(report, estimand)))
        blocks += [Paragraph(not_fitted_words(report, name), "lead") for name in mine if name in report.not_fitted]
        blocks += [Paragraph(text, "lead") for name in mine for text in verdict_sentences(report, name)]
        blocks += [Paragraph(text, "lead") for name in mine for text in result_sentences(report, name)]
        blocks += [Paragraph(text, "warning") for name in mine for text in warning_sentences(report, name)]
        blocks += [Paragraph(text) for text in agreement_sentences(study, report.estimates, estimand)]
        blocks += [figure for figure in _side_by_side(report, estimand) if not _again(figure, drawn)]
        if table := sensitivity_table(study, report.estimates, estimand):
            blocks.append(TableBlock(table))
    if cautions := comparison_cautions(report):
        blocks.append(Paragraph(joined(" ", ("Caution:", *cautions)), "warning"))
    blocks += deviation_notes(report)
    others = [name for name in report.not_fitted if name not in primary]
    blocks += [Paragraph(not_fitted_words(report, name), "warning") for name in others]
    blocks.append(TableBlock(planned_table(study, report.estimates)))
    blocks.append(Paragraph(serious_sentence(report)))
    return Section("summary", "Summary", tuple(blocks))


def comparison_cautions(report: Report) -> list[Text]:
    """Return what holds for every comparison of the design, and how unlike the arms or groups started."""
    always = words_of(report.study).caution
    return [*([always] if always else []), *baseline_cautions(report)]


def warning_sentences(report: Report, analysis: str) -> list[str]:
    """Return what the models of an analysis warn of, and what was tried before them without success."""
    label = report.study.label("analyses", analysis)
    said: list[str] = []
    for fit in report.fits.get(analysis, ()):
        said += [f"Warning on {label}: {warning_words(report.study, text)}." for text in fit.warnings]
        said += [f"Warning on {label}: tried before and left: {text}." for text in failed_attempts(fit)]
    few = few_cluster_warnings(report.study, analysis, asked_rows(report, analysis))
    said += [f"Warning on {label}: {text}." for text in few]
    return list(dict.fromkeys(said))


def _again(block: FigureBlock, drawn: set[str]) -> bool:
    """Say whether the same rows were drawn before, for another estimand of the endpoint; and keep them."""
    numbers = block.figure.alt
    known = numbers in drawn
    drawn.add(numbers)
    return known


def _side_by_side(report: Report, estimand: str) -> list[FigureBlock]:
    """Return a forest of all analyses of the estimand's variable at its visits, where there is more than one."""
    study = report.study
    endpoint = study.estimands[estimand].endpoint
    frames = [
        rows[(rows["term"] == MEANS) & rows["visit"].isin(endpoint.visit)]
        for name, plan in study.analyses.items()
        if _same_variable(study, plan.estimand, estimand)
        for rows in [asked_rows(report, name)]
    ]
    if sum(len(rows) > 0 for rows in frames) < 2:
        return []
    rows = pd.concat([frame for frame in frames if len(frame)], ignore_index=True)
    labels = [_label(report, record, len(endpoint.visit) > 1) for record in records(rows)]
    figure = plot_forest(
        study,
        rows.assign(label=labels),
        endpoint.outcome,
        quantity=f"Difference in means ({difference_unit(report, estimand)})",
        figure_id=f"compared-{estimand.replace('_', '-')}",
        title="The planned comparison in every analysis of this endpoint",
    )
    return [FigureBlock(figure)]


def _same_variable(study: Study, one: str, other: str) -> bool:
    """Say whether two estimands are about the same outcome, measured in the same way."""
    first, second = study.estimands[one].endpoint, study.estimands[other].endpoint
    return (first.outcome, first.measure) == (second.outcome, second.measure)


def _label(report: Report, record: dict[str, object], several_visits: bool) -> str:
    study = report.study
    visit = f", {study.label('visits', str(record['visit']))}" if several_visits else ""
    analysis = study.label("analyses", str(record["analysis"]))
    return f"{analysis}{visit}: {comparison_label(study, record)}"
