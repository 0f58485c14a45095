"""How a diary was kept: days written of those due, by participant, period and weekday, and the runs of missing days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.cohort.cohort import Cohort
from coxa.derive.groups import participants_by_group
from coxa.derive.once import once
from coxa.derive.participant_days import DAYS_PER_WEEK
from coxa.derive.study_day import study_days
from coxa.study.diary import Diary, arms_with_diary, diary_of

Flags = NDArray[np.bool_]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

MOST_WEEKS = 13
"""Weeks that are shown one by one; a longer diary is shown in periods of four weeks."""

NO_ENTRY = ("participant_id", "diary_date", "study_day", "source_file", "source_row", "source_column", "note")
"""Columns whose value alone is no entry."""


@dataclass(frozen=True, slots=True)
class KeptDiary:
    """Who wrote on which of the days on which the diary was due.

    first_day, last_day : study days from and to which it is due; for one who left, to the day of leaving
    arms        : in which a diary is kept; the participants of others are not in here
    period_weeks        : weeks of a period
    people   : participant_id, arm; days_due, days_written, completion (missing where nothing was due), kept (completion
               reached the plan's `complete_at`), gaps (runs of due days without an entry), longest_gap, silent_at_end
               (days of the last such run, if it lasts to the end), in days
    periods  : participant_id, arm, period (1, 2, ...), days_due, days_written
    weekdays : arm, weekday, days_due, days_written; without rows where no date is known
    outside  : entries on days on which the diary was not due
    """

    first_day: int
    last_day: int
    arms: tuple[str, ...]
    period_weeks: int
    people: pd.DataFrame
    periods: pd.DataFrame
    weekdays: pd.DataFrame
    outside: int


@once
def derive_kept(cohort: Cohort) -> KeptDiary | None:
    """Return how the diary of a cohort was kept; None where nothing was written.

    Parameters
    ----------
    cohort
        Checked tables, `daily_diary` among them. Days with any value count as written.

    Examples
    --------
    >>> from coxa.study import read_study
    >>> from coxa.cohort.read import read_cohort
    >>> derive_kept(read_cohort(read_study("study.yaml")))  # doctest: +SKIP
    """
    if cohort.table("daily_diary").empty:
        return None
    plan, people = diary_of(cohort.study.diary), participants_by_group(cohort)
    arms = arms_with_diary(cohort.study.diary, cohort.study.groups)
    people = people[people["arm"].astype(object).isin(arms)].drop_duplicates("participant_id")
    entries = _entries(cohort, people)
    if entries.empty:
        return None
    first = plan.first_day
    last = max(plan.last_day or int(entries["day"].max()), first)
    written = _written(entries, people, first, last)
    due = _due(cohort, people, first, last)
    who = people[["participant_id", "arm"]].reset_index(drop=True)
    return KeptDiary(
        first_day=first,
        last_day=last,
        arms=arms,
        period_weeks=1 if last - first + 1 <= MOST_WEEKS * DAYS_PER_WEEK else 4,
        people=_by_person(who, written, due, plan),
        periods=_by_period(who, written, due),
        weekdays=_by_weekday(cohort, who, written, due, first),
        outside=len(entries) - int((written & due).sum()),
    )


def _entries(cohort: Cohort, people: pd.DataFrame) -> pd.DataFrame:
    """Return participant_id and day of every row of the diary that has a value."""
    rows = cohort.table("daily_diary")
    values = [name for name in rows if name not in NO_ENTRY]
    day = study_days(rows, cohort.table("participants"), "diary_date")
    kept = rows[values].notna().any(axis=1) & day.notna() & rows["participant_id"].isin(people["participant_id"])
    found = pd.DataFrame({"participant_id": rows["participant_id"], "day": day})[kept]
    return found.astype({"day": "int64"}).drop_duplicates(ignore_index=True)


def _written(entries: pd.DataFrame, people: pd.DataFrame, first: int, last: int) -> Flags:
    """Return (n, t) whether a participant wrote on each day from the first to the last."""
    place = pd.Index(people["participant_id"]).get_indexer(entries["participant_id"])
    day = entries["day"].to_numpy() - first
    within = (day >= 0) & (day <= last - first)
    written = np.zeros((len(people), last - first + 1), dtype=bool)
    written[place[within], day[within]] = True
    return written


def _due(cohort: Cohort, people: pd.DataFrame, first: int, last: int) -> Flags:
    """Return (n, t) whether the diary is due: to the last day, or until the participant left."""
    left = pd.Series(np.nan, index=people.index)
    if "discontinuation_date" in people:
        bare = people.drop(columns="study_day", errors="ignore")
        left = study_days(bare, cohort.table("participants"), "discontinuation_date")
    until = left.fillna(np.inf).to_numpy(dtype=float)
    return np.arange(first, last + 1)[None, :] <= until[:, None]


def _by_person(who: pd.DataFrame, written: Flags, due: Flags, plan: Diary) -> pd.DataFrame:
    days_due, days_written = due.sum(axis=1), (written & due).sum(axis=1)
    completion = days_written / np.where(days_due > 0, days_due, np.nan)
    runs = [missing_runs(one[wanted]) for one, wanted in zip(written, due, strict=True)]
    kept = pd.Series(completion >= plan.complete_at - 1e-9, dtype="boolean").mask(days_due == 0)
    return who.assign(
        days_due=days_due,
        days_written=days_written,
        completion=completion,
        kept=kept,
        gaps=[len(lengths) for lengths, _ in runs],
        longest_gap=[max(lengths, default=0) for lengths, _ in runs],
        silent_at_end=[at_end for _, at_end in runs],
    )


def missing_runs(written: Flags) -> tuple[list[int], int]:
    """Return the lengths of the runs of days that are not written, and that of the one at the end (0 if there is none).

    Examples
    --------
    >>> missing_runs(np.array([True, False, False, True, False]))
    ([2, 1], 1)
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[True], written, [True]]).astype(int)))
    lengths = (edges[1::2] - edges[::2]).tolist()
    return lengths, lengths[-1] if lengths and not written[-1] else 0


def _by_period(who: pd.DataFrame, written: Flags, due: Flags) -> pd.DataFrame:
    days = due.shape[1]
    weeks = 1 if days <= MOST_WEEKS * DAYS_PER_WEEK else 4
    period = np.arange(days) // (weeks * DAYS_PER_WEEK) + 1
    parts = [
        who.assign(
            period=int(one),
            days_due=due[:, period == one].sum(axis=1),
            days_written=(written & due)[:, period == one].sum(axis=1),
        )
        for one in np.unique(period)
    ]
    return pd.concat(parts, ignore_index=True)


def _by_weekday(cohort: Cohort, who: pd.DataFrame, written: Flags, due: Flags, first: int) -> pd.DataFrame:
    """Return days due and written by arm and weekday, of participants whose day 0 has a date."""
    start = _starts(cohort).reindex(who["participant_id"])
    known = start.notna().to_numpy()
    columns = ["arm", "weekday", "days_due", "days_written"]
    if not known.any():
        return pd.DataFrame(columns=columns)
    zero = start.dt.day_of_week.fillna(0).to_numpy(dtype=int)
    weekday = (zero[:, None] + first + np.arange(due.shape[1])[None, :]) % DAYS_PER_WEEK
    rows = []
    for arm in who["arm"].unique():
        mine = (who["arm"] == arm).to_numpy() & known
        for place, name in enumerate(WEEKDAYS):
            on = due[mine] & (weekday[mine] == place)
            rows.append((arm, name, int(on.sum()), int((written[mine] & on).sum())))
    return pd.DataFrame(rows, columns=columns)


def _starts(cohort: Cohort) -> pd.Series:
    """Return participant -> the date of day 0: that of randomisation, else counted back from an entry."""
    people, rows = cohort.table("participants"), cohort.table("daily_diary")
    start = pd.Series(pd.NaT, index=people["participant_id"].to_numpy(), dtype="datetime64[ns]")
    if "randomisation_date" in people:
        start = pd.Series(pd.to_datetime(people["randomisation_date"]).to_numpy(), index=start.index)
    if "diary_date" in rows and "study_day" in rows:
        both = rows[rows["diary_date"].notna() & rows["study_day"].notna()].drop_duplicates("participant_id")
        zero = pd.to_datetime(both["diary_date"]) - pd.to_timedelta(both["study_day"].astype(float), unit="D")
        start = start.fillna(pd.Series(zero.to_numpy(), index=both["participant_id"].to_numpy()).reindex(start.index))
    return start[~start.index.duplicated()]
