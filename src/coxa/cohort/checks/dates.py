"""Dates: not before birth, not in the future, in their windows and in the order of the visits."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.checks.checked import Blank, Checked, Draft
from coxa.cohort.checks.keys import participant_dates
from coxa.cohort.row_findings import in_words, row_findings
from coxa.cohort.visits import VISITED, days_since_randomisation, describe_windows
from coxa.findings import Finding

FUTURE_DATES = ("target_date",)
"""Dates that may lie in the future."""


def check_possible_dates(draft: Draft) -> Checked:
    """Find dates before the participant's birth, or after the data cut (today, where the plan has none)."""
    findings: list[Finding] = []
    blanked: list[Blank] = []
    last = pd.Timestamp(draft.last_day)
    for table, frame in draft.tables.items():
        born = participant_dates(draft, frame, "birth_date")
        for name, field in draft.contracts[table].fields.items():
            if field.type != "date" or name in FUTURE_DATES or not frame[name].notna().any():
                continue
            early = frame.index[frame[name] < born]
            late = frame.index[frame[name] > last]
            findings += row_findings(
                frame, early, severity="error", table=table, field=name,
                rule="no date is before the participant's birth",
                remedy="correct the date or the birth_date", value=frame[name],
            )  # fmt: skip
            findings += row_findings(
                frame, late, severity="error", table=table, field=name,
                rule=f"no date is after {last.date()}, the {'data cut' if draft.study.data_cut else 'day of reading'}",
                remedy="correct the date (day and month, century), or `data_cut` in the plan", value=frame[name],
            )  # fmt: skip
            wrong = early.union(late)
            if len(wrong):
                blanked.append(Blank(table, name, wrong))
                blanked += [Blank(table, "study_day", wrong)] if table in VISITED else []
    return Checked(tuple(findings), blanked=tuple(blanked))


def check_before_randomisation(draft: Draft) -> Checked:
    """Warn of assessments after baseline, and of events, that lie before randomisation."""
    findings: list[Finding] = []
    for table in VISITED:
        frame = draft.table(table)
        later = frame["visit"].isin(draft.study.post_visits)
        early = frame[later & (frame["study_day"] < 0)]
        findings += row_findings(
            early.drop_duplicates(["participant_id", "visit"]),
            severity="warning",
            table=table,
            field="study_day",
            rule="an assessment after baseline is after randomisation",
            remedy="check the date and the visit",
            value=early["visit"] + ", day " + in_words(early["study_day"]),
        )
    events = draft.table("intercurrent_events")
    day = events["study_day"].fillna(days_since_randomisation(events, draft.table("participants"), "event_date"))
    findings += row_findings(
        events, day < 0, severity="warning", table="intercurrent_events", field="event_date",
        rule="an intercurrent event is after randomisation",
        remedy="check the date; an event before randomisation is a baseline characteristic", value=events["event"],
    )  # fmt: skip
    return Checked(tuple(findings))


def check_windows(draft: Draft) -> Checked:
    """Warn of named visits whose day is outside their window."""
    findings: list[Finding] = []
    for table in VISITED:
        frame = draft.table(table)
        windows = {name: (visit.day, *visit.window) for name, visit in draft.study.visits.items() if visit.window}
        named = frame[frame["visit"].isin(list(windows)) & frame["study_day"].notna()]
        if table in draft.assigned:
            named = named[~draft.assigned[table].loc[named.index]]
        low = named["visit"].map({name: day + before for name, (day, before, _) in windows.items()}).astype(float)
        high = named["visit"].map({name: day + after for name, (day, _, after) in windows.items()}).astype(float)
        outside = named[~named["study_day"].between(low, high)]
        findings += row_findings(
            outside.drop_duplicates(["participant_id", "visit"]),
            severity="warning",
            table=table,
            field="study_day",
            rule="a visit is within its window",
            remedy=f"check date and visit; windows: {describe_windows(draft.study)}",
            value=outside["visit"] + ", day " + in_words(outside["study_day"]),
        )
    return Checked(tuple(findings))


def check_visit_order(draft: Draft) -> Checked:
    """Warn where a participant's visits have dates in another order than the plan's."""
    findings: list[Finding] = []
    rank = {name: k for k, name in enumerate((draft.study.baseline_visit, *draft.study.post_visits))}
    for table in VISITED:
        frame = draft.table(table)
        dated = frame[frame["study_day"].notna() & frame["visit"].notna()]
        first = dated.drop_duplicates(["participant_id", "visit"])
        ordered = first.assign(rank=first["visit"].map(rank).astype(float)).sort_values(["participant_id", "rank"])
        before = ordered.groupby("participant_id")["study_day"].shift()
        findings += row_findings(
            ordered,
            ordered["study_day"] < before,
            severity="warning",
            table=table,
            field="visit",
            rule="later visits have later dates",
            remedy="check whether dates or visits of this participant are swapped",
            value=ordered["visit"],
        )
    return Checked(tuple(findings))


def check_study_days(draft: Draft) -> Checked:
    """Warn where a recorded study day is not the date minus the randomisation date."""
    findings: list[Finding] = []
    for table in VISITED:
        frame = draft.table(table)
        elapsed = days_since_randomisation(frame, draft.table("participants"), "assessment_date")
        other = frame[elapsed.notna() & frame["study_day"].notna() & (elapsed != frame["study_day"])]
        findings += row_findings(
            other,
            severity="warning",
            table=table,
            field="study_day",
            rule="the study day is the assessment date minus the randomisation date",
            remedy="correct one of the three; the recorded study day is used",
            value="recorded " + in_words(other["study_day"]) + ", from dates " + in_words(elapsed.loc[other.index]),
        )
    return Checked(tuple(findings))
