"""What was observed, before any model."""

from __future__ import annotations

from coxa.derive.observed import observed_values
from coxa.figures.means import observed_means, observed_shares
from coxa.figures.profile import plot_profile
from coxa.report.document import FigureBlock, Paragraph, Section, TableBlock, silent
from coxa.report.record import ReportRecord
from coxa.report.topics.missing.section import primary_estimands
from coxa.report.topics.observed.carried_forward import carried_forward
from coxa.report.topics.observed.table import arm_sizes, observed_table
from coxa.report.topics.observed.trajectories import plot_trajectories
from coxa.study.words import Measure
from coxa.tables.characteristics import outcome_kind
from coxa.tables.table import identifier

MEASURES: dict[Measure, str] = {
    "value": "Observed mean",
    "change": "Observed mean change from baseline",
    "percent_change": "Observed mean percent change from baseline",
    "responder": "Observed proportion of responders",
}

YES_OR_NO = 2
"""Different values of an outcome of which no courses are drawn."""


def observed_section(report: ReportRecord) -> Section:
    """Return the table of observed values, mean profiles of each outcome, and courses of the primary outcome."""
    study = report.study
    measure = study.report.measure
    figures = []
    for outcome, estimand in first_estimands(report).items():
        if outcome not in study.outcomes or outcome_kind(study, outcome) == "ordered":
            continue
        label = study.label("outcomes", outcome)
        shown: Measure = measure if outcome_kind(study, outcome) == "score" else "value"
        yes_no, dataset = outcome_kind(study, outcome) == "yes_no", report.datasets[estimand]
        quantity = "Observed proportion" if yes_no else MEASURES[shown]
        figures.append(
            FigureBlock(
                plot_profile(
                    study,
                    observed_shares(study, dataset) if yes_no else observed_means(study, dataset, shown),
                    outcome,
                    quantity=quantity,
                    figure_id=identifier("observed", outcome),
                    title=f"{label}: {quantity.lower()} {study.words.by_visit}, with 95% confidence interval",
                )
            )
        )
    for estimand in primary_estimands(report)[:1]:
        label = study.label("outcomes", study.estimands[estimand].endpoint.outcome)
        title = f"{label}: courses of participants by {study.words.arm}, and the mean"
        figure_id = identifier("trajectories", estimand)
        dataset = report.datasets[estimand]
        of_score = study.estimands[estimand].endpoint.outcome in study.outcomes
        if not of_score or dataset.frame["value"].nunique() <= YES_OR_NO:
            continue
        figures.append(FigureBlock(plot_trajectories(study, dataset, figure_id=figure_id, title=title)))
    note = "The figures show means of observed values after each estimand's strategies for intercurrent events, "
    note += "without a model. Participants with a missing value at a visit are not in its mean."
    values = observed_values(report.cohort)
    table = TableBlock(observed_table(study, values, arm_sizes(report.cohort)))
    carried = [Paragraph(text) for text in carried_forward(report, first_estimands(report))]
    return Section("observed-outcomes", "Observed outcomes", (table, *carried, silent(note), *figures))


def first_estimands(report: ReportRecord) -> dict[str, str]:
    """Return each outcome with the first estimand that is about it."""
    firsts: dict[str, str] = {}
    for name in report.datasets:
        firsts.setdefault(report.study.estimands[name].endpoint.outcome, name)
    return firsts
