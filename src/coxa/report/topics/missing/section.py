"""What is missing, why, and of whom: for the estimands of the primary analyses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from coxa.report.document import Block, FigureBlock, Paragraph, Section, TableBlock, silent
from coxa.report.record import ReportRecord
from coxa.report.topics.missing.by_visit import missing_counts, plot_missingness
from coxa.report.topics.missing.dropout_profile import plot_dropout_profile
from coxa.report.topics.missing.patterns import completion_table, patterns_table, reasons_table
from coxa.tables.characteristics import outcome_kind
from coxa.tables.table import identifier

AVERAGED = ("score", "count")
"""Kinds of outcomes whose means are drawn; a mean of yes or no counts participants, and levels have none."""


def missing_section(report: ReportRecord) -> Section:
    """Return the missing values of each primary estimand: when, why, and who these participants are."""
    return Section("missing-values", "Missing values", tuple(_blocks(report)))


def primary_estimands(report: ReportRecord) -> list[str]:
    """Return the estimands of the primary analyses, in the plan's order."""
    wanted = [planned.estimand_name for planned in report.study.primary_analyses]
    return [name for name in dict.fromkeys(wanted) if name in report.datasets]


def _blocks(report: ReportRecord) -> Iterator[Block]:
    """Yield the blocks of each outcome and pattern of missing values; estimands with the same pattern share them."""
    study = report.study
    shared: dict[tuple[str, str], list[str]] = {}
    for name in primary_estimands(report):
        outcome = study.estimands[name].endpoint.outcome
        counts = missing_counts(study, report.datasets[name]).to_csv(index=False)
        shared.setdefault((outcome, counts), []).append(name)
    of_outcome = Counter(outcome for outcome, _ in shared)
    if len(report.datasets) > len(shared):
        yield silent("Primary estimands only. The counts of the others are in the table of participants.")
    for (outcome, _), names in sorted(shared.items(), key=lambda item: list(of_outcome).index(item[0][0])):
        dataset = report.datasets[names[0]]
        label, extra = study.label("outcomes", outcome), ""
        if of_outcome[outcome] > 1:
            labels = "; ".join(study.label("estimands", name) for name in names)
            extra = f" (estimand{'s' if len(names) > 1 else ''}: {labels})"
        place = (outcome, *(names[:1] if of_outcome[outcome] > 1 else ()))
        if dataset.frame[dataset.response].notna().all():
            yield Paragraph(f"{label}: no value is missing{extra}.", found=True)
            continue
        title = f"{label}: missing values {study.words.by_visit}{extra}"
        yield FigureBlock(plot_missingness(study, dataset, figure_id=identifier("missing", *place), title=title))
        yield TableBlock(patterns_table(study, dataset))
        if reasons := reasons_table(report.cohort, dataset):
            yield TableBlock(reasons)
        else:
            yield silent("The data hold no reasons why values are missing at the endpoint.")
        if completion := completion_table(report.cohort, dataset):
            if outcome in study.outcomes and outcome_kind(study, outcome) in AVERAGED:
                title = f"{label}: observed means by the last visit with a value{extra}"
                figure_id = identifier("dropout", *place)
                yield FigureBlock(plot_dropout_profile(study, dataset, figure_id=figure_id, title=title))
            yield TableBlock(completion)
