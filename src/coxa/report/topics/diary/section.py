"""The daily diary in a report: how it was kept, what it has, progression by pain, flares, and models of its days."""

from __future__ import annotations

from typing import Any

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.diary import derive_diary
from coxa.derive.diary_kept import NO_ENTRY, derive_kept
from coxa.derive.flare import flare_rates
from coxa.derive.flare_events import diary_flares, flare_rule, rated_days
from coxa.derive.groups import participants_by_group
from coxa.derive.once import once
from coxa.derive.progression import progression
from coxa.errors import CoxaError
from coxa.report.document import Block, FigureBlock, Section, TableBlock, silent
from coxa.report.record import ReportRecord
from coxa.report.topics.diary.effects import effects_table, model_effects, model_name
from coxa.report.topics.diary.figures import plot_bands, plot_course, plot_people
from coxa.report.topics.diary.guided import RATE_DAYS, cuts_of, flares_table, progression_table
from coxa.report.topics.diary.kept import kept_table
from coxa.report.topics.diary.recorded import IN_DELIVERY, recorded_table
from coxa.report.topics.diary.variability import variability_blocks
from coxa.study import Study
from coxa.study.diary import arms_with_diary, diary_of


def diary_section(report: ReportRecord[Any]) -> Section | None:
    """Return what a diary says, by arm or group; None where the cohort has none.

    Tables have everybody allocated, or included; nothing is tested but what models of `diary: models` ask.
    """
    study, cohort = report.study, report.cohort
    kept = derive_kept(cohort)
    if kept is None or (study.diary is None and of_exercises_alone(cohort)):
        return None
    days = grouped_days(cohort)
    blocks: list[Block] = [TableBlock(kept_table(study, kept))]
    if recorded := recorded_table(study, days, kept.people):
        blocks.append(TableBlock(recorded))
    sections = []
    if "pain" in days:
        blocks.append(FigureBlock(plot_course(study, days, kept)))
        sections = [Section("diary-pain", "Progression guided by pain, and flares", _pain(cohort, days, kept))]
    if models := tuple(_models(cohort)):
        sections.append(Section("diary-models-section", "What moves from day to day", models))
    if variability := tuple(variability_blocks(cohort)):
        sections.append(Section("diary-variability", "How variable the days of participants are", variability))
    return Section("diary", "Daily diary", tuple(blocks), tuple(sections))


def of_exercises_alone(cohort: Cohort) -> bool:
    """Return whether the diary has nothing but exercises at home, which are part of the delivery of the treatments.

    Such a log is written on the days for which exercises are prescribed, and which days these are is not known.
    """
    rows = cohort.table("daily_diary")
    values = [name for name in rows if name not in NO_ENTRY and rows[name].notna().any()]
    return set(values) <= set(IN_DELIVERY)


@once
def grouped_days(cohort: Cohort) -> pd.DataFrame:
    """Return the days of the diary with the group as `arm`, and `rating`: the worst pain of the day."""
    days = derive_diary(cohort)
    groups = participants_by_group(cohort).drop_duplicates("participant_id").set_index("participant_id")["arm"]
    days = days.assign(arm=days["participant_id"].map(groups))
    ratings = [name for name in ("pain", "pain_during") if name in days]
    if ratings:
        days = days.assign(rating=days[ratings].astype(float).max(axis=1))
    if "pain" in days and "pain_next_morning" not in days:
        days = days.assign(pain_next_morning=float("nan"))
    return days[days["arm"].astype(object).isin(arms_with_diary(cohort.study.diary, cohort.study.groups))].astype(
        {"arm": str}
    )


def _pain(cohort: Cohort, days: pd.DataFrame, kept: Any) -> tuple[Block, ...]:
    study, plan = cohort.study, diary_of(cohort.study.diary)
    bands, groups = plan.bands, days.drop_duplicates("participant_id").set_index("participant_id")["arm"]
    weeks = progression(
        days,
        cuts_of(bands),
        tolerance=bands.tolerance,
        min_recorded=bands.min_recorded,
        first_day=kept.first_day,
    )
    rates = flare_rates(rated_days(cohort), flare_rule(plan.flares), per=RATE_DAYS)
    found, rates, weeks = (
        frame.assign(arm=frame["participant_id"].map(groups)) for frame in (diary_flares(cohort), rates, weeks)
    )
    return (
        TableBlock(progression_table(study, days, weeks, kept.people)),
        FigureBlock(plot_bands(study, days, kept, bands)),
        TableBlock(flares_table(study, found, rates, kept.people)),
        FigureBlock(plot_people(study, days, kept, bands)),
    )


def _models(cohort: Cohort) -> list[Block]:
    study: Study = cohort.study
    blocks: list[Block] = []
    for name, model in diary_of(study.diary).models.items():
        effects = model_effects(cohort, name)
        if isinstance(effects, CoxaError):
            blocks.append(silent(f"{model_name(name, model)}: no numbers. {effects}", "warning"))
        else:
            blocks.append(TableBlock(effects_table(study, name, effects)))
    return blocks
