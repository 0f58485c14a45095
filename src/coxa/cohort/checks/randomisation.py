"""Randomisation in time: what comes before it that belongs after it, and the other way round."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from coxa.cohort.checks.checked import Checked, Draft
from coxa.cohort.checks.dates import not_yet_reported
from coxa.cohort.row_findings import in_words, row_findings
from coxa.cohort.visits import VISITED, days_since_randomisation
from coxa.findings import Finding
from coxa.study.target_trial import target_trial_of

YEAR = 365
"""Days before randomisation beyond which a baseline is more often a mistyped year than an early visit."""


@dataclass(frozen=True, slots=True)
class Later:
    """A date that comes after randomisation: its table, its column, what it is of, and what to do if it is not."""

    table: str
    date: str
    what: str
    otherwise: str


LATER = (
    Later("intercurrent_events", "event_date", "an intercurrent event", "is a baseline characteristic; leave it out"),
    Later("adverse_events", "start_date", "an adverse event", "is part of the history; leave it out"),
    Later("adverse_events", "end_date", "the end of an adverse event", "is part of the history; leave it out"),
    Later("treatment_sessions", "session_date", "a session", "is no treatment of the trial; leave it out"),
    Later("return_to_sport", "return_date", "the return to sport", "is no return; leave the date empty"),
    Later("return_to_sport", "recurrence_date", "a recurrence", "is no recurrence; leave the date empty"),
    Later("goals", "met_date", "the day on which a goal was met", "is no goal of the study; leave the date empty"),
    Later("participants", "treatment_start_date", "the start of treatment", "is no treatment of the trial; empty it"),
    Later("participants", "treatment_stop_date", "the end of treatment", "is no end of the treatment; empty it"),
    Later("participants", "discontinuation_date", "the end of follow-up", "is no end of follow-up; empty it"),
)
"""Dates of a participant that randomisation comes before."""

ENDS = (
    ("goals", "set_date", "met_date", "a goal is met before it is set"),
    ("goals", "set_date", "target_date", "the target date of a goal is before it is set"),
    ("adverse_events", "start_date", "end_date", "an adverse event ends before it starts"),
    ("return_to_sport", "return_date", "recurrence_date", "a recurrence is dated before the return to sport"),
    ("red_flag_screening", "screening_date", "action_date", "an action on a red flag is before the screening"),
    ("red_flag_screening", "screening_date", "referral_date", "a referral is before the screening"),
    ("red_flag_screening", "referral_date", "seen_date", "a participant was seen before the referral"),
    ("return_to_sport", "injury_date", "return_date", "a return to sport is before the injury"),
    ("return_to_sport", "return_date", "assessment_date", "a return is dated after the day on which it was recorded"),
    ("participants", "treatment_start_date", "treatment_stop_date", "treatment stops before it starts"),
)
"""Pairs of dates of one row, the first before the second."""


def check_before_randomisation(draft: Draft) -> Checked:
    """Warn of assessments after baseline, events, sessions, returns and ends that are dated before randomisation."""
    start = draft.study.words.start
    findings: list[Finding] = []
    reported: set[tuple[str, str]] = set()
    for table, frame in draft.forms(VISITED):
        later = frame["visit"].isin(draft.study.post_visits)
        early = frame[later & (frame["study_day"] < 0)]
        findings += row_findings(
            not_yet_reported(early, reported),
            severity="warning",
            table=table,
            field="study_day",
            rule=f"an assessment after baseline is not after {start}",
            remedy=_correct(table, "assessment_date"),
            value=early["visit"].astype("str") + ", day " + in_words(early["study_day"]),
        )
    seen: set[tuple[str, int]] = set()
    for later_date in LATER:
        if later_date.date == "treatment_start_date" and target_trial_of(draft.study):
            continue  # an error there: `check_target_trial`
        for _, frame in draft.with_rows([later_date.table]):
            findings += _early(draft, frame, later_date, seen)
    return Checked(tuple(findings))


def _early(draft: Draft, frame: pd.DataFrame, later: Later, seen: set[tuple[str, int]]) -> list[Finding]:
    """Return the rows whose date is before randomisation; a row of a table is reported once."""
    start = draft.study.words.start
    day = days_since_randomisation(frame, draft.table("participants"), later.date)
    if "study_day" in frame and later.table not in VISITED and later.date in ("event_date", "start_date"):
        day = frame["study_day"].fillna(day)
    early = frame[day < 0]
    if early.empty:
        return []
    early = early[~early["source_row"].isin([row for table, row in seen if table == later.table])]
    seen.update((later.table, int(row)) for row in early["source_row"])
    shown = early["event"].astype(object) if "event" in early else "day " + in_words(day.loc[early.index])
    return row_findings(
        early,
        severity="warning",
        table=later.table,
        field=later.date,
        rule=f"{later.what} is before {start}",
        remedy=f"{_correct(later.table, later.date)} What was before {start} {later.otherwise}.",
        value=shown,
    )


def _correct(table: str, date: str) -> str:
    return (
        f"Correct the date at the source or with `corrections: [{{table: {table}, participant_id: ..., field: {date}, "
        "to: ..., because: ...}]`, or the randomisation_date."
    )


def check_time_of_baseline(draft: Draft) -> Checked:
    """Warn of baselines after randomisation, or over a year before it, where the plan gives baseline no window.

    Outside a window the check of windows reports them.
    """
    name = draft.study.baseline_visit
    if draft.study.visits[name].window is not None:
        return Checked()
    start = draft.study.words.start
    allowed = f"Where the protocol allows it, give visit {name} a window that says so, such as"
    findings: list[Finding] = []
    reported: set[tuple[str, str]] = set()
    for table, frame in draft.forms(VISITED):
        baseline = frame[frame["visit"] == name]
        late = baseline[baseline["study_day"] > 0]
        early = baseline[baseline["study_day"] < -YEAR]
        after = f"a baseline was measured after {start}, when treatment may have changed it"
        before = f"a baseline was measured more than a year before {start}"
        for rows, rule, window in ((late, after, "[-28, 3]"), (early, before, "[-730, 0]")):
            findings += row_findings(
                not_yet_reported(rows, reported),
                severity="warning",
                table=table,
                field="study_day",
                rule=rule,
                remedy=f"{_correct(table, 'assessment_date')} {allowed} `window: {window}`.",
                value="day " + in_words(rows["study_day"]),
            )
    return Checked(tuple(findings))


def check_ends(draft: Draft) -> Checked:
    """Warn of rows that end before they start."""
    findings: list[Finding] = []
    for table, start, end, rule in ENDS:
        frame = draft.table(table)
        wrong = frame[(frame[end] < frame[start]).fillna(False)]
        if wrong.empty:
            continue
        days = wrong[[start, end]].apply(lambda column: column.dt.strftime("%Y-%m-%d"))
        findings += row_findings(
            wrong,
            severity="warning",
            table=table,
            field=end,
            rule=rule,
            remedy="Correct one of the two dates at the source or under `corrections`.",
            value=(days[start] + " to " + days[end]).astype(object),
        )
    return Checked(tuple(findings))
