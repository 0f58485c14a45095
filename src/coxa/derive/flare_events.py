"""Flares of pain in the diary of a cohort by the definition of its plan: when they begin, and when writing ended."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.flare import FlareRule, flares
from coxa.derive.once import once
from coxa.derive.study_day import study_days
from coxa.study.diary import FlareDefinition, diary_of

COLUMNS = ["participant_id", "day", "source_file", "source_row", "source_table"]


def flare_rule(definition: FlareDefinition) -> FlareRule:
    """Return the definition of a plan as the rule by which flares are found.

    Examples
    --------
    >>> flare_rule(FlareDefinition.model_validate({"rise": 1.5, "days": 3})).days
    3
    """
    return FlareRule(**definition.model_dump(exclude={"source"}))


@once
def rated_days(cohort: Cohort) -> pd.DataFrame:
    """Return participant_id, study_day, pain, source_file and source_row of each entry of a diary with a known day."""
    rows = cohort.table("daily_diary")
    day = study_days(rows, cohort.table("participants"), "diary_date")
    lineage = [name for name in ("source_file", "source_row") if name in rows]
    kept = rows[["participant_id", "pain", *lineage]].assign(study_day=day)[day.notna()]
    return kept.astype({"study_day": "int64"}).reset_index(drop=True)


@once
def diary_flares(cohort: Cohort) -> pd.DataFrame:
    """Return the flares in the diary of a cohort, one row each, as `coxa.diary.flares` does, in study days.

    Examples
    --------
    >>> import coxa
    >>> plan = coxa.read_study("study.yaml")  # doctest: +SKIP
    >>> diary_flares(coxa.read_cohort(plan))[["participant_id", "start", "days"]]  # doctest: +SKIP
    """
    return flares(rated_days(cohort), flare_rule(diary_of(cohort.study.diary).flares))


def flare_onsets(cohort: Cohort) -> pd.DataFrame:
    """Return each flare after the day of randomisation on its first day, with the entry of that day, as an event."""
    found = diary_flares(cohort).rename(columns={"start": "study_day"})[["participant_id", "study_day"]]
    rows = found.merge(rated_days(cohort), on=["participant_id", "study_day"], how="left", validate="one_to_one")
    rows = rows.rename(columns={"study_day": "day"}).assign(source_table="daily_diary").astype({"day": float})
    return rows.loc[rows["day"] > 0].reindex(columns=COLUMNS).reset_index(drop=True)


def last_entries(cohort: Cohort) -> pd.Series:
    """Return, by participant, the study day of the last entry with pain; 0 for one who wrote none."""
    rows = rated_days(cohort)
    last = rows[rows["pain"].notna()].groupby("participant_id")["study_day"].max().astype(float)
    people = cohort.table("participants")["participant_id"].to_numpy()
    return last.reindex(people).fillna(0.0).clip(lower=0.0)
