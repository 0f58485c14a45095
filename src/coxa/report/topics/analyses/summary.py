"""What was asked, and the answer."""

from __future__ import annotations

import pandas as pd

from coxa.analyses.clusters import few_cluster_warnings
from coxa.report.document import Block, FigureBlock, Paragraph, Section, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.forest import plot_forest
from coxa.report.topics.analyses.planned import planned_table
from coxa.report.topics.analyses.results import comparison_label
from coxa.report.topics.analyses.sensitivity import agreement_sentences, sensitivity_table
from coxa.report.topics.analyses.sentences import (
    MEANS,
    RISKS,
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
from coxa.study.comparative import PlannedAnalysis
from coxa.tables.prose import Text, joined
from coxa.tables.records import records
from coxa.tables.table import identifier


def summary_section(report: ReportRecord) -> Section:
    """Return question, result and warnings of each primary analysis, all planned comparisons, and serious harms."""
    study = report.study
    primary = study.primary_analyses
    blocks: list[Block] = []
    drawn: set[str] = set()
    for estimand in dict.fromkeys(planned.estimand_name for planned in primary):
        mine = [planned for planned in primary if planned.estimand_name == estimand]
        failed = [planned for planned in mine if planned.name in report.not_fitted]
        blocks.append(Paragraph(question(mine[0])))
        blocks += [Paragraph(not_fitted_words(report, planned), "lead") for planned in failed]
        blocks += [Paragraph(text, "lead") for planned in mine for text in verdict_sentences(report, planned)]
        blocks += [Paragraph(text, "lead") for planned in mine for text in result_sentences(report, planned)]
        blocks += [Paragraph(text, "warning") for planned in mine for text in warning_sentences(report, planned)]
        blocks += [Paragraph(text) for text in agreement_sentences(mine[0], report.estimates)]
        blocks += [figure for figure in _side_by_side(report, mine[0]) if not _again(figure, drawn)]
        if table := sensitivity_table(mine[0], report.estimates):
            blocks.append(TableBlock(table))
    if cautions := comparison_cautions(report):
        blocks.append(Paragraph(joined(" ", ("Caution:", *cautions)), "warning"))
    blocks += deviation_notes(report)
    others = [study.planned(name) for name in report.not_fitted if not study.planned(name).is_primary]
    blocks += [Paragraph(not_fitted_words(report, planned), "warning") for planned in others]
    blocks.append(TableBlock(planned_table(study, report.estimates)))
    blocks.append(Paragraph(serious_sentence(report)))
    return Section("summary", "Summary", tuple(blocks))


def comparison_cautions(report: ReportRecord) -> list[Text]:
    """Return what holds for every comparison of the design, and how unlike the arms or groups started."""
    always = report.study.words.caution
    return [*([always] if always else []), *baseline_cautions(report)]


def warning_sentences(report: ReportRecord, planned: PlannedAnalysis) -> list[str]:
    """Return what the models of an analysis warn of, and what was tried before them without success."""
    label = planned.label
    said: list[str] = []
    for fit in report.fits.get(planned.name, ()):
        said += [f"Warning on {label}: {warning_words(report.study, text)}." for text in fit.warnings]
        said += [f"Warning on {label}: tried before and left: {text}." for text in failed_attempts(fit)]
    asked = planned.asked(report.estimates.frame, MEANS, RISKS)
    few = few_cluster_warnings(report.study, planned.name, asked)
    said += [f"Warning on {label}: {text}." for text in few]
    return list(dict.fromkeys(said))


def _again(block: FigureBlock, drawn: set[str]) -> bool:
    """Say whether the same rows were drawn before, for another estimand of the endpoint; and keep them."""
    numbers = block.figure.alt
    known = numbers in drawn
    drawn.add(numbers)
    return known


def _side_by_side(report: ReportRecord, first: PlannedAnalysis) -> list[FigureBlock]:
    """Return a forest of all analyses of the variable of an analysis at its visits, where there is more than one."""
    frames = [
        rows[rows["visit"].isin(first.visits)]
        for planned in report.study.planned_analyses
        if (planned.outcome_name, planned.response) == (first.outcome_name, first.response)
        for rows in [planned.asked(report.estimates.frame, MEANS)]
    ]
    if sum(len(rows) > 0 for rows in frames) < 2:
        return []
    rows = pd.concat([frame for frame in frames if len(frame)], ignore_index=True)
    labels = [_label(report, record, len(first.visits) > 1) for record in records(rows)]
    figure = plot_forest(
        first,
        rows.assign(label=labels),
        figure_id=identifier("compared", first.estimand_name),
        title="The planned comparison in every analysis of this endpoint",
    )
    return [FigureBlock(figure)]


def _label(report: ReportRecord, record: dict[str, object], several_visits: bool) -> str:
    study = report.study
    visit = f", {study.label('visits', str(record['visit']))}" if several_visits else ""
    analysis = study.label("analyses", str(record["analysis"]))
    return f"{analysis}{visit}: {comparison_label(study, record)}"
