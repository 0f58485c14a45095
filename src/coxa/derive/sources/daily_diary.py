"""Values of outcomes from the daily diary: a summary of the days of a window at each visit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.diary import derive_diary
from coxa.derive.flare_days import flare_days
from coxa.derive.flare_events import flare_rule
from coxa.derive.once import once
from coxa.study.diary import diary_of
from coxa.study.outcome_sources.daily_diary import DailyDiarySource

COLUMNS = [
    "participant_id", "visit", "value", "reason", "assessment_date", "study_day", "source_file", "source_row",
]  # fmt: skip


def diary_at_visits(cohort: Cohort, source: DailyDiarySource) -> pd.DataFrame:
    """Return a summary of the diary for each participant and visit with an entry in its window.

    Parameters
    ----------
    cohort
        Checked tables. Windows are of study days about the planned day of each visit, not about the day on which it
        took place.
    source
        Column, what is taken, and the window.

    Returns
    -------
    DataFrame
        participant_id, visit, value, reason (too few days written), assessment_date and study_day (of the last entry in
        the window), source_file and source_row (of the first).
    """
    days = _days(cohort)
    if source.field not in days:
        return pd.DataFrame(columns=COLUMNS)
    known = days[days[source.field].notna()].assign(one=days[source.field].astype(float))
    parts = []
    for visit, plan in cohort.study.visits.items():
        first, last = source.days_at(plan.day)
        parts.append(_of_window(known[known["study_day"].between(first, last)], source).assign(visit=visit))
    found = pd.concat(parts, ignore_index=True)
    return found.reindex(columns=[name for name in COLUMNS if name in found])


@once
def _days(cohort: Cohort) -> pd.DataFrame:
    """Return the diary with the days that are part of a flare, where it has pain."""
    days = derive_diary(cohort)
    return flare_days(days, flare_rule(diary_of(cohort.study.diary).flares)) if "pain" in days else days


def with_window_days(cohort: Cohort, source: DailyDiarySource, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of participants and visits with the days behind their values.

    Parameters
    ----------
    cohort
        Checked tables.
    source
        Column and window.
    rows
        One per participant and visit.

    Returns
    -------
    DataFrame
        The rows with `window_days` and `window_values`: tuples of the study days of the window of the visit with a
        value, and of the values; also where they are too few for a value of the outcome.
    """
    days = _days(cohort)
    known = days[days[source.field].notna()].sort_values("study_day", kind="stable")
    by_person = {
        str(person): (one["study_day"].to_numpy(dtype=int), one[source.field].to_numpy(dtype=float))
        for person, one in known.groupby("participant_id", sort=False)
    }
    windows = {visit: source.days_at(plan.day) for visit, plan in cohort.study.visits.items()}
    nothing = np.array([], dtype=int), np.array([], dtype=float)
    taken, values = [], []
    for person, visit in zip(rows["participant_id"], rows["visit"].astype(str), strict=True):
        day, own = by_person.get(str(person), nothing)
        first, last = windows[visit]
        inside = (day >= first) & (day <= last)
        taken.append(tuple(day[inside].tolist()))
        values.append(tuple(own[inside].tolist()))
    return rows.assign(window_days=pd.Series(taken, rows.index), window_values=pd.Series(values, rows.index))


def _of_window(rows: pd.DataFrame, source: DailyDiarySource) -> pd.DataFrame:
    """Return value, reason and lineage by participant."""
    value = rows["one"]
    if source.take in ("share", "days"):
        value = (value.between(*source.within) if source.within else value > 0).astype(float)
    groups = value.groupby(rows["participant_id"].astype(str))
    how = {"share": "mean", "days": "sum"}.get(source.take, source.take)
    summary = groups.agg(how) * (100.0 if source.take == "share" else 1.0)
    n = groups.size()
    enough = n >= source.needed
    reason = pd.Series(None, index=n.index, dtype=object)
    reason = reason.mask(~enough, f"fewer than {source.needed} of {source.length} days were written")
    ordered = rows.sort_values("study_day", kind="stable").groupby(rows["participant_id"].astype(str), sort=False)
    first, last = ordered.first(), ordered.last()
    lineage = {name: first[name] for name in ("source_file", "source_row") if name in first}
    when = {"assessment_date": last["diary_date"]} if "diary_date" in last else {}
    found = pd.DataFrame({"value": summary.where(enough), "reason": reason, "study_day": last["study_day"], **when,
                          **lineage})  # fmt: skip
    return found.rename_axis("participant_id").reset_index()
