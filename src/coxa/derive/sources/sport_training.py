"""Values of outcomes from sport and training: as asked at a visit, or as the mean of the weeks before it."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.study.outcome_sources.sport_training import SUMMED, SportTrainingSource

WEEK = 7


def training_at_visits(cohort: Cohort, source: SportTrainingSource) -> pd.DataFrame:
    """Return a number of the training of each participant at each visit.

    Parameters
    ----------
    cohort
        Checked tables. Rows with a visit, or rows by `week_start`, of which those count whose seven days end between
        the planned day of the visit and `weeks` before it.
    source
        Column, sport, and how many weeks before the visit.

    Returns
    -------
    DataFrame
        participant_id, visit, value, reason (too few weeks recorded), source_file, source_row.
    """
    rows = cohort.table("sport_training")
    rows = rows[rows[source.field].notna()].astype({"participant_id": "str", source.field: "float64"})
    if source.sport is not None:
        rows = rows[rows["sport"].astype(str).str.casefold() == source.sport.casefold()]
    if source.weeks is None:
        asked = rows[rows["visit"].notna()].astype({"visit": "str"})
        return _found(_over_sports(asked, source, ["participant_id", "visit"]), 1, 1)
    weekly = rows[rows["week_start"].notna()]
    weekly = weekly.assign(ends=_last_days(cohort, weekly))
    parts = []
    for visit, plan in cohort.study.visits.items():
        mine = weekly[weekly["ends"].between(plan.day - WEEK * source.weeks + 1, plan.day)]
        parts.append(_over_sports(mine, source, ["participant_id", "ends"]).assign(visit=visit))
    return _found(pd.concat(parts, ignore_index=True), source.needed, source.weeks)


def _last_days(cohort: Cohort, rows: pd.DataFrame) -> pd.Series:
    """Return the study day of the last of the seven days of each row."""
    people = cohort.table("participants").drop_duplicates("participant_id").set_index("participant_id")
    start = pd.to_datetime(rows["participant_id"].map(people["randomisation_date"]))
    return (pd.to_datetime(rows["week_start"]) - start).dt.days + (WEEK - 1)


def _over_sports(rows: pd.DataFrame, source: SportTrainingSource, keys: list[str]) -> pd.DataFrame:
    """Return one value for each week or visit of a participant: the sum over sports, or the mean of exertion."""
    groups = rows.sort_values("source_row", kind="stable").groupby(keys, sort=False)
    value = groups[source.field].agg("sum" if source.field in SUMMED else "mean").rename("value")
    return pd.concat([value, groups[["source_file", "source_row"]].first()], axis=1).reset_index()


def _found(weeks: pd.DataFrame, needed: int, of: int) -> pd.DataFrame:
    """Return the mean over weeks of each participant and visit, missing where too few were recorded."""
    groups = weeks.groupby(["participant_id", "visit"], sort=False)
    n, value = groups.size(), groups["value"].mean()
    reason = pd.Series(None, index=n.index, dtype=object)
    reason = reason.mask(n < needed, f"fewer than {needed} of {of} weeks were recorded")
    lineage = groups[["source_file", "source_row"]].first()
    return pd.DataFrame({"value": value.where(n >= needed), "reason": reason}).join(lineage).reset_index()
