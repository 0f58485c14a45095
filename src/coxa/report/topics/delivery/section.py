"""How the treatments were to be delivered, how they were, and what participants had beside them."""

from __future__ import annotations

from coxa.derive.delivery import Delivered, derive_co_interventions, derive_delivered
from coxa.report.document import Block, FigureBlock, Paragraph, Section, TableBlock, silent
from coxa.report.record import ReportRecord
from coxa.report.topics.delivery.adherence import adherence_blocks
from coxa.report.topics.delivery.attendance import plot_attendance
from coxa.report.topics.delivery.co_interventions import co_interventions_table
from coxa.report.topics.delivery.components import components_table
from coxa.report.topics.delivery.delivered import delivered_table
from coxa.report.topics.delivery.exercises import exercises_table
from coxa.report.topics.delivery.intervention import intervention_table
from coxa.sentences import join_words
from coxa.study import Study
from coxa.study.comparative import ComparativeStudy
from coxa.tables.formats import counted
from coxa.tables.prose import Text, prose

NO_SESSIONS = "No table of treatment sessions was given: attendance, dose and fidelity cannot be reported."
NOTHING_DELIVERED = "The tables have no session that was planned or attended, and no exercise at home."
NO_CO_INTERVENTIONS = "No table of co-interventions was given: concomitant care cannot be reported."


def delivery_section(report: ReportRecord) -> Section | None:
    """Return the treatments as planned (TIDieR, CERT), as delivered (CONSORT 24a), and co-interventions (24b).

    What the data do not have is said in a sentence; no table is empty. None for a cohort whose groups are not of
    treatments, and whose data have none.
    """
    delivered = derive_delivered(report.cohort)
    if not (report.study.treats or delivered or derive_co_interventions(report.cohort)):
        return None
    return Section(
        "delivery",
        "Delivery of the treatments",
        (),
        (
            Section("as-delivered", "As delivered", _as_delivered(report.study, delivered)),
            *_adherence(report),
            Section("co-interventions-section", "Concomitant care", _beside(report)),
            Section("as-planned", "As planned", _as_planned(report.study, delivered)),
        ),
    )


def adherence_section(report: ReportRecord[Study]) -> Section | None:
    """Return the dose of exercise done of that prescribed; None where none is recorded."""
    blocks = adherence_blocks(report.study, report.cohort)
    return Section("adherence", "Adherence and dose of exercise", tuple(blocks)) if blocks else None


def _adherence(report: ReportRecord) -> tuple[Section, ...]:
    section = adherence_section(report)
    return (section,) if section else ()


def _as_delivered(study: ComparativeStudy, delivered: Delivered | None) -> tuple[Block, ...]:
    if delivered is None:
        return (silent(NO_SESSIONS),)
    blocks: list[Block] = []
    if "planned" not in delivered.people:
        blocks.append(silent(NO_SESSIONS))
    table = delivered_table(study, delivered)
    blocks.append(TableBlock(table) if table.groups else silent(NOTHING_DELIVERED))
    if "share" in delivered.people and delivered.people["share"].notna().any():
        title = "Participants by the share of their planned supervised sessions that they attended"
        blocks.append(FigureBlock(plot_attendance(study, delivered, figure_id="attendance", title=title)))
    return tuple(blocks)


def _beside(report: ReportRecord) -> tuple[Block, ...]:
    found = derive_co_interventions(report.cohort)
    if found is None:
        return (silent(NO_CO_INTERVENTIONS),)
    frame, before = found
    if frame.empty:
        said: Text = f"No co-intervention was recorded after {report.study.words.start}."
        if before:
            said = prose(f"{said} ", counted(before, "co-interventions", "before randomisation"), " began before it.")
        return (Paragraph(said),)
    people = report.cohort.table("participants")
    sizes = {arm: int((people["arm"] == arm).sum()) for arm in report.study.arm_order}
    return (TableBlock(co_interventions_table(report.study, frame, before, sizes)),)


def _as_planned(study: ComparativeStudy, delivered: Delivered | None) -> tuple[Block, ...]:
    blocks: list[Block] = [TableBlock(table) for table in (components_table(study), exercises_table(study)) if table]
    unsaid = [study.label("arms", arm) for arm in study.arm_order if study.arms[arm].delivery is None]
    if len(unsaid) == len(study.arms):
        return (
            *blocks,
            silent(
                "The plan does not say how the treatments are delivered: the items of TIDieR and CERT cannot be shown."
            ),
        )
    if unsaid:
        blocks.append(silent(f"The plan does not say how it is delivered: {join_words(unsaid)}."))
    blocks += [TableBlock(intervention_table(study, "TIDieR", delivered))]
    blocks += [TableBlock(intervention_table(study, "CERT", delivered))]
    return tuple(blocks)
