"""Dates: not before birth, not in the future, in their windows and in the order of the visits."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.checks.checked import Blank, Checked, Draft
from coxa.cohort.checks.keys import participant_dates
from coxa.cohort.row_findings import in_words, row_findings
from coxa.cohort.visits import VISITED, days_since_randomisation
from coxa.findings import Finding

DATED_EVENTS = {"outcome_events": "event_date", "intercurrent_events": "event_date", "adverse_events": "start_date"}
"""Table of events -> the date that their study day is counted to."""

FUTURE_DATES = ("target_date",)
"""Dates that may lie in the future."""


def check_possible_dates(draft: Draft) -> Checked:
    """Find dates before the participant's birth, or after the data cut (today, where the plan has none).

    One date of a participant before birth is itself suspected; several are one finding about the birth date.
    """
    findings: list[Finding] = []
    blanked: list[Blank] = []
    last = pd.Timestamp(draft.last_day)
    dated = [
        (table, name)
        for table, frame in draft.tables.items()
        for name, field in draft.contracts[table].fields.items()
        if field.type == "date" and name not in FUTURE_DATES and frame[name].notna().any()
    ]
    misborn = _wrong_births(draft, dated)
    if len(misborn):
        people = draft.table("participants")
        rows = people.index[people["participant_id"].isin(misborn.index)]
        first = people.loc[rows, "participant_id"].map(misborn)
        findings += row_findings(
            people, rows, severity="error", table="participants", field="birth_date",
            rule="birth_date is after another date of the participant",
            remedy="Correct the birth_date (day and month, century).",
            value=_days(people.loc[rows, "birth_date"]) + ", first date " + _days(first),
        )  # fmt: skip
        blanked.append(Blank("participants", "birth_date", rows))
    for table, name in dated:
        if not any(_wrong_dates(draft, frame, name, misborn).any() for _, frame in draft.forms([table])):
            continue
        frame = draft.tables[table]
        born = participant_dates(draft, frame, "birth_date")
        early = frame.index[(frame[name] < born) & ~frame["participant_id"].isin(misborn.index)]
        late = frame.index[frame[name] > last]
        wrong = early.union(late)
        findings += row_findings(
            _once(frame, early, name), severity="error", table=table, field=name,
            rule="the date is before the participant's birth", remedy="Correct the date or the birth_date.",
            value=_days(frame[name]) + ", birth_date " + _days(born),
        )  # fmt: skip
        findings += row_findings(
            _once(frame, late, name), severity="error", table=table, field=name,
            rule=f"the date is after {last.date()}, "
            f"the {'data cut' if draft.study.data_cut else 'day of reading'}",
            remedy="Correct the date (day and month, century), or `data_cut` in the plan.", value=frame[name],
        )  # fmt: skip
        blanked.append(Blank(table, name, wrong))
        blanked += [Blank(table, "study_day", wrong)] if table in VISITED else []
    return Checked(tuple(findings), blanked=tuple(blanked))


def _wrong_dates(draft: Draft, frame: pd.DataFrame, name: str, misborn: pd.Series) -> pd.Series:
    """Return which dates are before the participant's birth, unless that is wrong itself, or after the last day."""
    before = frame[name] < participant_dates(draft, frame, "birth_date")
    return (before & ~frame["participant_id"].isin(misborn.index)) | (frame[name] > pd.Timestamp(draft.last_day))


def _wrong_births(draft: Draft, dated: list[tuple[str, str]]) -> pd.Series:
    """Return participant -> first date, where two or more different dates are before the birth date."""
    early = [
        frame.loc[frame[name] < participant_dates(draft, frame, "birth_date"), ["participant_id", name]].set_axis(
            ["participant_id", "date"], axis=1
        )
        for table, name in dated
        for _, frame in draft.forms([table])
    ]
    if not early:
        return pd.Series(dtype="datetime64[us]")
    dates = pd.concat(early, ignore_index=True).drop_duplicates().groupby("participant_id")["date"]
    return dates.min()[dates.size() >= 2]


def _once(frame: pd.DataFrame, rows: pd.Index, name: str) -> pd.DataFrame:
    """Return the rows, but only one of those that repeat the same date of a participant."""
    return frame.loc[rows].drop_duplicates(["participant_id", name])


def _days(dates: pd.Series) -> pd.Series:
    return dates.dt.strftime("%Y-%m-%d").astype(object)


def not_yet_reported(rows: pd.DataFrame, reported: set[tuple[str, str]]) -> pd.DataFrame:
    """Return one row per participant and visit that is not reported yet, and mark them as reported.

    Answers and scores of one visit are in several tables; what is wrong with its date is one finding.
    """
    if rows.empty:
        return rows
    pairs = pd.Series(list(zip(rows["participant_id"], rows["visit"], strict=True)), index=rows.index, dtype=object)
    fresh = rows[~pairs.duplicated() & ~pairs.isin(list(reported))]
    reported.update(pairs)
    return fresh


def check_windows(draft: Draft) -> Checked:
    """Warn of named visits whose day is outside their window."""
    visits = draft.study.visits
    earliest = {name: visit.day + visit.window[0] for name, visit in visits.items() if visit.window is not None}
    latest = {name: visit.day + visit.window[1] for name, visit in visits.items() if visit.window is not None}
    findings: list[Finding] = []
    reported: set[tuple[str, str]] = set()
    for table, frame in draft.forms(VISITED):
        named = frame[frame["visit"].notna() & frame["study_day"].notna()]
        if table in draft.assigned:
            named = named[~draft.assigned[table].loc[named.index]]
        first, last = (named["visit"].map(days).astype(float) for days in (earliest, latest))
        strays = named[~named["study_day"].between(first, last) & named["visit"].isin(earliest)]
        for name in earliest:
            outside = strays[strays["visit"] == name]
            findings += row_findings(
                not_yet_reported(outside, reported),
                severity="warning",
                table=table,
                field="study_day",
                rule=f"the visit is outside its window: {name}, {earliest[name]} to {latest[name]}",
                remedy="Check its date and visit.",
                value=in_words(outside["study_day"]),
            )
    return Checked(tuple(findings))


def check_visit_order(draft: Draft) -> Checked:
    """Warn where a participant's visits have dates in another order than the plan's."""
    findings: list[Finding] = []
    reported: set[tuple[str, str]] = set()
    rank = {name: k for k, name in enumerate((draft.study.baseline_visit, *draft.study.post_visits))}
    for table, frame in draft.forms(VISITED):
        dated = frame[frame["study_day"].notna() & frame["visit"].notna()]
        first = dated.drop_duplicates(["participant_id", "visit"])
        ordered = first.assign(rank=first["visit"].map(rank).astype(float)).sort_values(["participant_id", "rank"])
        before = ordered.groupby("participant_id")["study_day"].shift()
        findings += row_findings(
            not_yet_reported(ordered[ordered["study_day"] < before], reported),
            severity="warning",
            table=table,
            field="visit",
            rule="a later visit has an earlier date",
            remedy="Check whether dates or visits of this participant are swapped.",
            value=ordered["visit"],
        )
    return Checked(tuple(findings))


def check_study_days(draft: Draft) -> Checked:
    """Warn where a recorded study day is not the date minus the randomisation date."""
    findings: list[Finding] = []
    reported: set[tuple[str, str]] = set()
    for table, frame in draft.forms(VISITED):
        elapsed = days_since_randomisation(frame, draft.table("participants"), "assessment_date")
        other = frame[elapsed.notna() & frame["study_day"].notna() & (elapsed != frame["study_day"])]
        findings += row_findings(
            not_yet_reported(other, reported),
            severity="warning",
            table=table,
            field="study_day",
            rule="the study day is not the assessment date minus the randomisation date",
            remedy="Correct one of the three. The recorded study day is used.",
            value="recorded " + in_words(other["study_day"]) + ", from dates " + in_words(elapsed.loc[other.index]),
        )
    for table, frame in draft.with_rows(DATED_EVENTS):
        date = DATED_EVENTS[table]
        elapsed = days_since_randomisation(frame, draft.table("participants"), date)
        other = frame[elapsed.notna() & frame["study_day"].notna() & (elapsed != frame["study_day"])]
        findings += row_findings(
            other,
            severity="warning",
            table=table,
            field="study_day",
            rule=f"the study day is not `{date}` minus the randomisation date",
            remedy="Correct one of the three. The recorded study day is used.",
            value="recorded " + in_words(other["study_day"]) + ", from dates " + in_words(elapsed.loc[other.index]),
        )
    return Checked(tuple(findings))
