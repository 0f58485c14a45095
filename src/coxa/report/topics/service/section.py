"""The sections of a service evaluation that are its own."""

from __future__ import annotations

from coxa.derive.observed import observed_values
from coxa.figures.means import observed_means
from coxa.figures.profile import plot_profile
from coxa.report.document import Block, FigureBlock, Section, TableBlock, silent
from coxa.report.record import ReportRecord
from coxa.report.topics.assessments.section import assessments_section
from coxa.report.topics.case_mix.section import case_mix_section
from coxa.report.topics.delivery.section import adherence_section
from coxa.report.topics.goals.section import goals_section
from coxa.report.topics.measurement.section import measurement_section
from coxa.report.topics.missing.by_visit import plot_missingness
from coxa.report.topics.observed.section import MEASURES
from coxa.report.topics.observed.table import arm_sizes, observed_table
from coxa.report.topics.participants.baseline import baseline_table
from coxa.report.topics.red_flags.section import red_flags_section
from coxa.report.topics.return_to_sport.section import return_to_sport_section
from coxa.report.topics.service.completeness import completeness_table
from coxa.study import Study
from coxa.tables.table import identifier


def service_sections(report: ReportRecord[Study]) -> tuple[Section, ...]:
    """Return who the participants are, how complete their data are, what was observed, and the topics with data."""
    builders = (
        case_mix_section,
        assessments_section,
        goals_section,
        adherence_section,
        red_flags_section,
        return_to_sport_section,
        measurement_section,
    )
    topics = tuple(build(report) for build in builders)
    return (_participants(report), _completeness(report), _observed(report), *(one for one in topics if one))


def _participants(report: ReportRecord[Study]) -> Section:
    return Section("participants-section", "Participants at baseline", (TableBlock(baseline_table(report.cohort)),))


def _completeness(report: ReportRecord[Study]) -> Section:
    """Return how many participants have a value of each outcome at each visit, and a figure of those who have none."""
    study, cohort = report.study, report.cohort
    people = cohort.table("participants")["participant_id"].nunique()
    blocks: list[Block] = [TableBlock(completeness_table(study, observed_values(cohort), people))]
    for outcome, dataset in report.observed.items():
        if dataset.frame.empty:
            continue
        title = f"{study.label('outcomes', outcome)}: missing values after baseline, {study.words.by_visit}"
        figure = plot_missingness(
            study, dataset, figure_id=identifier("missing", outcome), title=title, whom="all participants"
        )
        blocks.append(FigureBlock(figure))
    return Section("completeness-section", "Completeness", tuple(blocks))


def _observed(report: ReportRecord[Study]) -> Section:
    """Return the table of observed values, and the course of the mean of each outcome."""
    study, cohort = report.study, report.cohort
    measure = study.report.measure
    blocks: list[Block] = [TableBlock(observed_table(study, observed_values(cohort), arm_sizes(cohort)))]
    blocks.append(
        silent("Means are of those with a value at the visit, who need not be the same participants at every visit.")
    )
    for outcome, dataset in report.observed.items():
        means = observed_means(study, dataset, measure)
        if means.empty:
            continue
        label = study.label("outcomes", outcome)
        title = f"{label}: {MEASURES[measure].lower()} {study.words.by_visit}, with 95% confidence interval"
        figure = plot_profile(
            study, means, outcome, quantity=MEASURES[measure], figure_id=identifier("observed", outcome), title=title
        )
        blocks.append(FigureBlock(figure))
    return Section("observed-outcomes", "Observed outcomes", tuple(blocks))
