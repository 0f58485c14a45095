"""Table of how the diary was kept: days written of those due, by period and weekday, and runs of missing days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from coxa.derive.diary_kept import WEEKDAYS, KeptDiary
from coxa.derive.participant_days import DAYS_PER_WEEK
from coxa.sentences import join_words, mid_sentence
from coxa.study import Study
from coxa.study.diary import diary_of
from coxa.tables.by_arm import ByArm, named_columns
from coxa.tables.table import Footnote, Row, RowGroup, Table

NAME = "diary_kept"


def kept_table(study: Study, kept: KeptDiary) -> Table:
    """Describe how the diary was kept, by arm or group.

    Parameters
    ----------
    study
        The plan: labels, and the share of days from which a diary counts as kept.
    kept
        From `coxa.derive.diary_kept.derive_kept`.

    Returns
    -------
    Table
        Days written of those due: of participants, of weeks (or periods of four), of weekdays where dates are known.
    """
    rows = ByArm(NAME, kept.arms)
    groups = [RowGroup("", tuple(_overall(study, kept, rows)))]
    groups.append(RowGroup("Days written of those due, by period, n/N (%)", tuple(_periods(kept, rows))))
    if len(kept.weekdays):
        groups.append(RowGroup("Days written of those due, by weekday, n/N (%)", tuple(_weekdays(kept, rows))))
    return Table("diary-kept", "How the diary was kept", "Diary", named_columns(study, sizes_of(kept.people, kept.arms),
                 term=study.counted_as), tuple(groups), tuple(map(Footnote, _notes(study, kept))))  # fmt: skip


def sizes_of(people: pd.DataFrame, arms: Iterable[str]) -> dict[str, int]:
    """Return the number of participants of each arm or group."""
    return {arm: int((people["arm"] == arm).sum()) for arm in arms}


def _overall(study: Study, kept: KeptDiary, rows: ByArm) -> Iterator[Row]:
    people = kept.people.assign(percent=100 * kept.people["completion"])
    due = people[people["days_due"] > 0]
    n, total = due.groupby("arm").size(), due.groupby("arm")[["days_due", "days_written"]].sum()
    cut = diary_of(study.diary).complete_at
    yield rows.numbers("Days due per participant, mean (SD)", "days due", "mean_sd", due, "days_due")
    yield rows.shares("Days written of those due, n/N (%)", "written of due", total["days_written"], total["days_due"],
                      of=True)  # fmt: skip
    yield rows.numbers("Days written, % per participant, median [Q1, Q3]", "completion", "median_iqr", due, "percent")
    yield rows.shares(f"Wrote on at least {cut:.0%} of the days due, participants (%)", "diary kept",
                      due[due["kept"].fillna(False)].groupby("arm").size(), n)  # fmt: skip
    yield rows.shares("Wrote on no day, participants (%)", "never wrote",
                      due[due["days_written"] == 0].groupby("arm").size(), n)  # fmt: skip
    yield rows.numbers("Runs of missing days, median [Q1, Q3]", "runs", "median_iqr", due, "gaps")
    yield rows.numbers("Longest run of missing days, median [Q1, Q3]", "longest run", "median_iqr", due, "longest_gap")
    silent = due[due["silent_at_end"] >= DAYS_PER_WEEK].groupby("arm").size()
    yield rows.shares("No entry on the last 7 days due or more, participants (%)", "silent at the end", silent, n)


def _periods(kept: KeptDiary, rows: ByArm) -> Iterator[Row]:
    sums = kept.periods.groupby(["period", "arm"])[["days_written", "days_due"]].sum()
    for period in sorted(kept.periods["period"].unique()):
        one = sums.loc[period]
        label = period_label(kept, int(period))
        yield rows.shares(label, f"period {period}", one["days_written"], one["days_due"], of=True)


def period_label(kept: KeptDiary, period: int) -> str:
    """Return the name of a period: a week, or four of them."""
    if kept.period_weeks == 1:
        return f"Week {period}"
    last = min(period * kept.period_weeks, -(-(kept.last_day - kept.first_day + 1) // DAYS_PER_WEEK))
    first = (period - 1) * kept.period_weeks + 1
    return f"Weeks {first} to {last}" if last > first else f"Week {first}"


def _weekdays(kept: KeptDiary, rows: ByArm) -> Iterator[Row]:
    by_day = kept.weekdays.set_index(["weekday", "arm"])
    for weekday in WEEKDAYS:
        one = by_day.loc[weekday]
        yield rows.shares(weekday, f"on {weekday}", one["days_written"], one["days_due"], of=True)


def _notes(study: Study, kept: KeptDiary) -> Iterator[str]:
    yield (
        f"The diary was due from day {kept.first_day} to day {kept.last_day}, or until the participant left the study. "
        "A day counts as written if any of its columns has a value. Counts of weeks and weekdays are of days."
    )
    if others := [mid_sentence(label) for arm, label in study.groups.items() if arm not in kept.arms]:
        yield f"No diary was kept in {join_words(others)}."
    wrote = kept.people.groupby("arm")["days_written"].sum()
    if silent := [mid_sentence(study.groups[arm]) for arm in kept.arms if not wrote.get(arm, 0)]:
        yield (
            f"No participant in {join_words(silent)} has an entry. If no diary was kept there, the plan names the arms "
            "that kept one (`diary: only_in`), and no day is due in others."
        )
    if diary_of(study.diary).last_day is None:
        yield "The plan does not say until when the diary was due; the day of the last entry of all is taken."
    if kept.outside:
        yield f"{kept.outside} entries on days on which the diary was not due are not counted here."
