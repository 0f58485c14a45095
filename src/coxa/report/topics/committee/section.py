"""The sections of a report to a committee."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.harms import derive_harms
from coxa.report.document import Block, FigureBlock, Paragraph, Section, TableBlock, silent
from coxa.report.record import ReportRecord
from coxa.report.topics.committee.completeness import completeness_tables
from coxa.report.topics.committee.departures import departures_table
from coxa.report.topics.committee.groups import ANALYSIS, Arms, groups_of
from coxa.report.topics.committee.harms import harms_for_committee
from coxa.report.topics.committee.recruitment import (
    randomised,
    recruited_by_month,
    recruitment_figure,
    recruitment_table,
)
from coxa.report.topics.harms.section import NO_TABLE
from coxa.report.topics.protocol.section import protocol_section
from coxa.study import Study
from coxa.study.comparative import ComparativeStudy, with_arms
from coxa.tables.formats import counted
from coxa.tables.prose import prose


def committee_sections(report: ReportRecord[Study], arms: Arms) -> tuple[Section, ...]:
    """Return recruitment, completeness, departures, harms, and changes of the plan; no outcome is compared.

    Parameters
    ----------
    report
        A plan and its data; its estimates are not looked at.
    arms
        "pooled": all arms together; "masked": by arm under letters.
    """
    study = with_arms(report.study, "A report to a committee")
    cohort = report.cohort
    groups = groups_of(study, arms)
    people = randomised(cohort, groups)
    until = last_day(cohort, people)
    complete = tuple(TableBlock(table) for table in completeness_tables(cohort, people, groups, until))
    departures = (TableBlock(departures_table(cohort, study, people, groups)),)
    harms = derive_harms(cohort)
    harmed: Block = silent(NO_TABLE, "warning") if harms is None else TableBlock(harms_for_committee(harms, groups))
    return (
        Section("recruitment-section", "Recruitment", tuple(_recruitment(study, people, until))),
        Section("completeness-section", "Completeness", complete or (silent("No outcome has a value yet."),)),
        Section("departures-section", "Departures from the protocol", departures),
        Section("harms", "Harms", (harmed,)),
        protocol_section(report),
    )


def last_day(cohort: Cohort, people: pd.DataFrame) -> pd.Timestamp:
    """Return the day on which the data were taken: that of the plan, or the last day that is recorded.

    Where no visit has a date, it is that on which the last visit of the last participant was due.
    """
    if cohort.study.data_cut:
        return pd.Timestamp(cohort.study.data_cut)
    tables = (cohort.table(name) for name in ("assessments", "item_responses"))
    dates = [pd.to_datetime(table["assessment_date"]).max() for table in tables if "assessment_date" in table]
    if not any(pd.notna(day) for day in dates):
        dates = [people["day"].max() + pd.Timedelta(days=max(visit.day for visit in cohort.study.visits.values()))]
    return max((day for day in (people["day"].max(), *dates) if pd.notna(day)), default=pd.Timestamp.max)


def _recruitment(study: ComparativeStudy, people: pd.DataFrame, until: pd.Timestamp) -> Iterator[Block]:
    dated = people["day"].notna()
    n = counted(len(people), ANALYSIS, "randomised", "total")
    target = study.protocol.recruitment_target if study.protocol else None
    aim = f" of {target.participants} planned" if target else ""
    day = f" by {until.date().isoformat()}" if until != pd.Timestamp.max else ""
    yield Paragraph(prose(n, f"{aim} participants were {study.words.started}{day}."), "lead")
    if not dated.all():
        without = counted(int((~dated).sum()), ANALYSIS, "without a day", "total")
        yield Paragraph(prose(without, f" have no day of {study.words.start}: they are in no month."), "warning")
    if target is None:
        yield silent("The plan has no target of recruitment.")
    if dated.any():
        by_month = recruited_by_month(people, target, until)
        yield FigureBlock(recruitment_figure(by_month, study))
        yield TableBlock(recruitment_table(by_month, study))
