"""Participants at baseline by the treatment of their period, where clusters cross over and each is in one period."""

from __future__ import annotations

from coxa.report.document import Paragraph, Section, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.participants.baseline import baseline_people, shown_at_baseline
from coxa.study.cluster_periods import PERIOD, ClusterPeriods
from coxa.tables.cells import Statistic
from coxa.tables.characteristics import Described, characteristic_rows
from coxa.tables.formats import counted
from coxa.tables.phrases import abbreviations
from coxa.tables.prose import with_n
from coxa.tables.table import Column, Footnote, RowGroup, Table

WHY = (
    "Treatments are compared in periods whose participants entered after their clusters were allocated: where people "
    "are chosen or take part differently once a cluster has crossed over, treatments start apart."
)


def baseline_by_treatment_section(report: ReportRecord) -> Section | None:
    """Return the baseline table by treatment; None where participants have several treatments, or one each by arm."""
    periods = report.study.received_in_periods
    if not isinstance(periods, ClusterPeriods) or periods.by_visit:
        return None
    return Section(
        "baseline-by-treatment", "Baseline by treatment", (Paragraph(WHY), TableBlock(table_by_treatment(report)))
    )


def table_by_treatment(report: ReportRecord) -> Table:
    """Describe participants at baseline by the treatment of their cluster in their period, as planned."""
    study, periods = report.study, report.study.received_in_periods
    assert periods is not None
    shown = tuple(name for name in shown_at_baseline(study) if name != PERIOD)
    people = baseline_people(report.cohort, shown)
    known = people[people[PERIOD].notna() & people["arm"].notna()]
    pairs = zip(known["arm"].astype(str), known[PERIOD].astype(str), strict=True)
    treatment = [periods.received(arm, when) for arm, when in pairs]
    columns = {name: known[[one == name for one in treatment]] for name in study.treatment_order}
    described = Described(columns, lambda name, key: Statistic(analysis="baseline", term=name, arm=key))
    rows = [row for name in shown for row in characteristic_rows(study, name, described)]
    headings = tuple(
        Column(
            with_n(
                study.label("arms", name),
                counted(part["participant_id"].nunique(), "participants", "in periods with the treatment", name),
            )
        )
        for name, part in columns.items()
    )
    said = abbreviations([row.label for row in rows])
    notes = [
        "By the planned treatment of the cluster in the period of the participant. No tests.",
        *([said] if said else []),
    ]
    return Table(
        "baseline-by-treatment",
        "Participants at baseline by treatment",
        "Characteristic",
        headings,
        (RowGroup("", tuple(rows)),),
        tuple(Footnote(text) for text in notes),
    )
