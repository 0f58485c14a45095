"""The diary and the weeks of training: one entry per day, within the study, and numbers that agree with each other."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from coxa.cohort.checks.checked import Checked, Draft, LeaveOut
from coxa.cohort.checks.keys import participant_dates
from coxa.cohort.row_findings import in_words, row_findings
from coxa.cohort.visits import days_since_randomisation
from coxa.findings import Finding
from coxa.study.diary import arms_with_diary, diary_of
from coxa.study.outcome_sources.daily_diary import DailyDiarySource

DIARY = "daily_diary"
JUMP = 8.0
"""Times its usual value from which a number is taken for a slip of the decimal point."""

USUAL = 5
"""Numbers above 0 of a participant without which nothing is usual."""

OF_THE_DAY = ("training_minutes", "distance", "steps", "sleep_hours", "protein", "hydration")
OF_THE_WEEK = ("distance", "minutes")
BOTH_WAYS = ("sleep_hours", "protein", "hydration")
"""Numbers that are never small by themselves, as those of a short session are."""


def check_diary(draft: Draft) -> Checked:
    """Find entries without a day or with the day of another, outside of the study, and numbers that do not agree.

    The day of an entry is its recorded study day, else its date less that of randomisation.
    """
    diary = draft.table(DIARY)
    findings: list[Finding] = []
    left_out: list[LeaveOut] = []
    if len(diary):
        day = entry_days(draft, diary)
        unknown, twice = day.isna(), _same_day(diary, day)
        findings += _without_day(diary, unknown)
        findings += _one_day_twice(diary, day, twice)
        findings += _days_disagree(draft, diary)
        findings += _outside(draft, diary, day)
        findings += _of_other_arms(draft, diary)
        findings += _load_of_the_day(diary)
        findings += [one for name in OF_THE_DAY for one in _jumps(diary, DIARY, name, ["participant_id"])]
        left_out += [
            LeaveOut(DIARY, diary.index[unknown], "the day of the entry is not known"),
            LeaveOut(DIARY, diary.index[twice], "two entries for one day"),
        ]
    weeks = draft.table("sport_training")
    if len(weeks):
        sports = ["participant_id", "sport"]
        findings += [one for name in OF_THE_WEEK for one in _jumps(weeks, "sport_training", name, sports)]
    return Checked(tuple(findings), tuple(left_out))


def entry_days(draft: Draft, diary: pd.DataFrame) -> pd.Series:
    """Return the study day of every entry, missing where neither it nor both dates are known."""
    elapsed = days_since_randomisation(diary, draft.table("participants"), "diary_date")
    return diary["study_day"].astype(float).fillna(elapsed)


def _same_day(diary: pd.DataFrame, day: pd.Series) -> pd.Series:
    """Return the entries that share their day, but not the key of the table, with another of the participant."""
    keys = ["participant_id", "diary_date", "study_day"]
    known = [name for name in keys if diary[name].notna().any()]
    placed = diary[["participant_id"]].assign(day=day)
    return placed.duplicated(keep=False) & day.notna() & ~diary.duplicated(known, keep=False)


def _without_day(diary: pd.DataFrame, unknown: pd.Series) -> Iterator[Finding]:
    yield from row_findings(
        diary,
        unknown,
        severity="error",
        table=DIARY,
        field="diary_date",
        rule="the entry has no study day, and no date that a day could be counted from",
        remedy="Add `study_day`, or the date of the entry and the randomisation date of the participant.",
    )


def _one_day_twice(diary: pd.DataFrame, day: pd.Series, twice: pd.Series) -> Iterator[Finding]:
    yield from row_findings(
        diary,
        twice,
        severity="error",
        table=DIARY,
        field="study_day",
        rule="the participant has two entries for one day",
        remedy="Correct the date or the study day of one of them, or leave one out with `exclude_rows`.",
        value=("day " + in_words(day)).astype(object),
    )


def _days_disagree(draft: Draft, diary: pd.DataFrame) -> Iterator[Finding]:
    elapsed = days_since_randomisation(diary, draft.table("participants"), "diary_date")
    recorded = diary["study_day"].astype(float)
    yield from row_findings(
        diary,
        elapsed.notna() & recorded.notna() & (elapsed != recorded),
        severity="warning",
        table=DIARY,
        field="study_day",
        rule="the study day is not `diary_date` minus the randomisation date",
        remedy="Correct one of the three. The recorded study day is used.",
        value=("recorded " + in_words(recorded) + ", from dates " + in_words(elapsed)).astype(object),
    )


def _outside(draft: Draft, diary: pd.DataFrame, day: pd.Series) -> Iterator[Finding]:
    """Yield entries before the first visit, after the last one, or after the participant left, a warning each."""
    visits = draft.study.visits.values()
    plan = diary_of(draft.study.diary)
    sources = [outcome.source for outcome in draft.study.outcomes.values()]
    asked = [
        day
        for source in sources
        if isinstance(source, DailyDiarySource)
        for visit in visits
        for day in source.days_at(visit.day)
    ]
    starts = (visit.day + (visit.window[0] if visit.window else 0) for visit in visits)
    first = min(0, plan.first_day, *asked, *starts)
    ends = (visit.day + (visit.window[1] if visit.window else 0) for visit in visits)
    last = max(plan.last_day or 0, *asked, *ends)
    where = (day < first) | (day > last)
    yield from row_findings(
        diary,
        where,
        severity="warning",
        table=DIARY,
        field="diary_date",
        rule=f"the entry is outside of the study, days {first} to {last}",
        remedy="Check the date (day and month) at the source.",
        value=("day " + in_words(day)).astype(object),
    )
    left = participant_dates(draft, diary, "discontinuation_date")
    yield from row_findings(
        diary,
        diary["diary_date"].notna() & (diary["diary_date"] > left) & ~where,
        severity="warning",
        table=DIARY,
        field="diary_date",
        rule="the entry is after the participant left the study",
        remedy="Correct the date of the entry or `discontinuation_date`. The entry is kept.",
        value=diary["diary_date"],
    )


def _of_other_arms(draft: Draft, diary: pd.DataFrame) -> Iterator[Finding]:
    """Yield entries of participants whose arm keeps no diary by the plan, a warning each."""
    study, people = draft.study, draft.table("participants")
    if not diary_of(study.diary).only_in or "arm" not in people:
        return
    arms = people.drop_duplicates("participant_id").set_index("participant_id")["arm"].astype(object)
    arm, kept = diary["participant_id"].map(arms), arms_with_diary(study.diary, study.groups)
    yield from row_findings(
        diary,
        arm.notna() & ~arm.isin(kept),
        severity="warning",
        table=DIARY,
        field="participant_id",
        rule=f"the diary has an entry of an arm that keeps none (`diary: only_in: [{', '.join(kept)}]`)",
        remedy="Add the arm to `only_in`, or correct the participant. The entry is in no table of the diary.",
        value=arm,
    )


def _load_of_the_day(diary: pd.DataFrame) -> Iterator[Finding]:
    """Yield training without exertion where others have it, exertion without training, and loads that contradict."""
    minutes, exertion, load = (
        diary[name].astype(float) for name in ("training_minutes", "perceived_exertion", "training_load")
    )
    if exertion.notna().any():
        yield from row_findings(
            diary,
            (minutes > 0) & exertion.isna() & load.isna(),
            severity="warning",
            table=DIARY,
            field="perceived_exertion",
            rule="minutes of training have no exertion",
            remedy="Add the exertion if it is on paper. The load of the day is unknown.",
            value=minutes,
        )
    yield from row_findings(
        diary,
        minutes.eq(0) & (exertion > 0),
        severity="warning",
        table=DIARY,
        field="training_minutes",
        rule="there is exertion on a day without minutes of training",
        remedy="Correct the minutes or the exertion. The load of the day is 0.",
        value=exertion,
    )
    computed = minutes * exertion
    yield from row_findings(
        diary,
        (load - computed).abs() > 1,
        severity="warning",
        table=DIARY,
        field="training_load",
        rule="the load is not minutes times exertion",
        remedy="Correct one of the three. The recorded load is used.",
        value=("recorded " + in_words(load) + ", computed " + in_words(computed)).astype(object),
    )


def _jumps(frame: pd.DataFrame, table: str, name: str, whose: list[str]) -> Iterator[Finding]:
    """Yield numbers many times, or a small part of, what is usual: the median of the participant's above 0."""
    values = frame[name].astype(float)
    if not values.notna().any():
        return
    groups = values.where(values > 0).groupby([frame[key].astype(str) for key in whose])
    usual = groups.transform("median").where(groups.transform("count") >= USUAL)
    yield from row_findings(
        frame,
        (values >= JUMP * usual) | ((values > 0) & (JUMP * values <= usual) & (name in BOTH_WAYS)),
        severity="warning",
        table=table,
        field=name,
        rule=f"the number is not plausible for the participant ({JUMP:g} times the usual, or as small a part of it)",
        remedy="Check the decimal point and the unit at the source.",
        value=(in_words(values) + ", usual " + in_words(usual)).astype(object),
    )
