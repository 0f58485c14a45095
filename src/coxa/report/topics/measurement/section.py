"""The section on the scores themselves: measurement properties, reliable change by arm, minimal important change."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.report.document import Block, FigureBlock, Paragraph, Section, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.measurement.figure import plot_agreement
from coxa.report.topics.measurement.measured import MeasuredScore, measured_scores
from coxa.report.topics.measurement.tables import change_table, important_table, properties_table, said
from coxa.report.topics.observed.table import arm_sizes
from coxa.sentences import join_words
from coxa.study import Study
from coxa.tables.cells import Cell
from coxa.tables.prose import Text, prose
from coxa.tables.table import identifier

SPREAD = "adjusted_2017"
"""Method whose estimate a sentence compares with the smallest detectable change."""


def measurement_section(report: ReportRecord[Study]) -> Section | None:
    """Return what the plan asks of its scores; None where it asks nothing."""
    if not report.study.measurement:
        return None
    study, scores = report.study, measured_scores(report.cohort)
    blocks: list[Block] = [Paragraph(_who(study, one)) for one in scores if one.asked.repeated]
    if any(one.ends or one.alpha or one.reliability for one in scores):
        blocks.append(TableBlock(properties_table(study, scores)))
    parts = tuple(
        Section(identifier("measurement", one.outcome), study.label("outcomes", one.outcome), found)
        for one in scores
        if (found := tuple(_of_score(report, one)))
    )
    return Section("measurement", "Measurement of the scores", tuple(blocks), parts)


def _who(study: Study, one: MeasuredScore) -> str:
    """Say which measurements are the repeated ones, and of whom."""
    repeated = one.asked.repeated
    assert repeated is not None
    visits = join_words([study.label("visits", visit) for visit in repeated.visits])
    label = study.label("outcomes", one.outcome)
    if repeated.stable is None:
        whom = "all participants with every score, as if none had changed between them"
    else:
        stable = repeated.stable
        whom = (
            f"participants who did not change, by {study.label('outcomes', stable.outcome)} from {stable.at_least:g} "
            f"to {stable.at_most:g} at {study.label('visits', stable.visit)}"
        )
    return f"Repeated measurements of {label}: {visits}, of {whom}."


def _of_score(report: ReportRecord[Study], one: MeasuredScore) -> Iterator[Block]:
    study = report.study
    label, scale = study.label("outcomes", one.outcome), study.scale(one.outcome)
    yield from (Paragraph(f"Not estimated. {text}", kind="warning", found=True) for text in one.problems)
    if one.agreement:
        visits = [study.label("visits", visit) for visit in one.asked.repeated.visits[:2]] if one.asked.repeated else []
        figure = plot_agreement(
            one.agreement,
            quantity=label,
            unit=scale.unit,
            decimals=scale.decimals,
            figure_id=identifier("bland-altman", one.outcome),
            title=f"{label}: agreement of {' and '.join(visits)}, with 95% limits of agreement and their 95% "
            "confidence intervals",
        )
        yield FigureBlock(figure)
    if table := change_table(study, one, arm_sizes(report.cohort)):
        yield TableBlock(table)
    if table := important_table(study, one):
        yield TableBlock(table)
    if one.important:
        yield from (Paragraph(f"Caution: {text}.", kind="warning", found=True) for text in one.important.warnings)
    if text := _detectable(study, one):
        yield Paragraph(text, found=True)


def _detectable(study: Study, one: MeasuredScore) -> Text:
    """Compare the smallest detectable change of one person with the minimal important change, where both are known."""
    if one.reliability is None or one.important is None:
        return ""
    unit = study.scale(one.outcome).unit
    detectable, important = one.reliability.sdc_agreement, one.important.estimate(SPREAD)
    verdict = "an important change of one person is larger than measurement error."
    if detectable > important:
        verdict = (
            "an important change of one person does not stand out from measurement error in two scores. Means of "
            "groups are more precise."
        )
    return prose(
        "The smallest detectable change is ",
        said(study, one, "SDC, agreement", detectable),
        f" {unit}, the minimal important change ",
        said(study, one, SPREAD, important),
        f" {unit} (predictive, adjusted for the share improved): ",
        Cell(verdict),
    )
