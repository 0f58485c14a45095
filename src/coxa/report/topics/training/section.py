"""Training in a report: weeks, change, ratios, monotony and strain from the diary; sport as reported; a figure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from coxa.cohort.dictionary import load_table
from coxa.derive.diary_kept import KeptDiary, derive_kept
from coxa.derive.groups import participants_by_group
from coxa.derive.participant_days import DAYS_PER_WEEK
from coxa.derive.training_weeks import training_weeks
from coxa.derive.workload_ratio import WORKLOAD_VARIANTS, Variant, workload
from coxa.report.document import Block, FigureBlock, Section, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.diary.figures import period_means, period_words, plot_periods
from coxa.report.topics.diary.kept import sizes_of
from coxa.report.topics.diary.section import grouped_days
from coxa.report.topics.training.tables import ratios_table, sport_table, weeks_table
from coxa.study import Study
from coxa.study.diary import LoadOptions, diary_of
from coxa.study.outcome import Outcome
from coxa.study.parts import readable


def training_section(report: ReportRecord[Any]) -> Section | None:
    """Return what is known of training, by arm or group; None where neither diary nor `sport_training` has any."""
    study, cohort = report.study, report.cohort
    people = participants_by_group(cohort).drop_duplicates("participant_id")
    people = people[people["arm"].notna()]
    options = diary_of(study.diary).load
    kept = derive_kept(cohort)
    blocks: list[Block] = []
    if kept is not None:
        days = grouped_days(cohort)
        if options.field in days and (days[options.field] > 0).any():
            blocks += _from_diary(study, days, kept, options, sizes_of(kept.people, kept.arms))
    sport = cohort.table("sport_training")
    if len(sport):
        groups = people.set_index("participant_id")["arm"].astype(str)
        rows = sport.assign(arm=sport["participant_id"].map(groups))
        blocks.append(TableBlock(sport_table(study, rows[rows["arm"].notna()], sizes_of(people, study.groups))))
    return Section("training", "Training load", tuple(blocks)) if blocks else None


def _from_diary(
    study: Study, days: pd.DataFrame, kept: KeptDiary, options: LoadOptions, sizes: dict[str, int]
) -> tuple[Block, ...]:
    groups = days.drop_duplicates("participant_id").set_index("participant_id")["arm"]
    chosen: dict[str, Any] = {
        "load": options.field,
        "missing": options.missing,
        "min_recorded": options.min_recorded,
    }
    weeks = training_weeks(days, first_day=kept.first_day, **chosen)
    if "distance" in days:
        far = training_weeks(days, first_day=kept.first_day, **{**chosen, "load": "distance"})
        weeks = weeks.assign(distance=far["load"])
    weeks = weeks.assign(arm=weeks["participant_id"].map(groups))
    trained = days[days[options.field] > 0].index
    ratios: dict[Variant, pd.DataFrame] = {
        variant: workload(days, variant, **chosen).loc[trained, ["arm", "workload_ratio"]]
        for variant in WORKLOAD_VARIANTS
    }
    unit = load_table("daily_diary").fields[options.field].unit or ""
    label = f"{readable(options.field)} per week"
    top = float(np.nanmax(weeks["load"])) if weeks["load"].notna().any() else 1.0
    measure = Outcome(label=label, range=(0.0, max(top, 1.0)), unit=unit, higher_is_better=False)
    placed = weeks.assign(start=(weeks["week"] - 1) * DAYS_PER_WEEK + kept.first_day)
    means = period_means(study, placed, kept, "load", "start")
    title = f"{label}: means of participants by {period_words(kept)}, with 95% confidence interval"
    blocks: list[Block] = [TableBlock(weeks_table(study, weeks, options, sizes))]
    if len(means):
        figure = plot_periods(study, means, kept, measure, "training-course", title, directed=False)
        blocks.append(FigureBlock(figure))
    blocks.append(TableBlock(ratios_table(study, ratios, options, sizes)))
    return tuple(blocks)
