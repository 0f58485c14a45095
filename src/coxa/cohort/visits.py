"""Study days, and the visit that a day belongs to by the plan's windows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coxa.cohort.disposition import Disposition
from coxa.cohort.forms import choose_forms
from coxa.cohort.ledger import by_file
from coxa.cohort.row_findings import row_findings
from coxa.findings import Finding
from coxa.study import Study

STAGE = "placing visits"

VISITED = ("assessments", "item_responses", "clinical_measures", "goals")
"""Tables with study days and visits."""

PLACED = ("assessments", "item_responses")
"""Tables whose rows need a visit, and of which one form per window is used."""


@dataclass(frozen=True, slots=True)
class Visited:
    """A table with its study days and visits filled in.

    frame       : the rows that have a visit, with the index of the table they came from
    assigned    : visits that came from the day, aligned with `frame`
    """

    frame: pd.DataFrame
    assigned: pd.Series
    findings: tuple[Finding, ...] = ()
    disposition: Disposition = field(default_factory=Disposition)


def days_since_randomisation(frame: pd.DataFrame, participants: pd.DataFrame, date: str) -> pd.Series:
    """Return days from the participant's randomisation to the date in column `date`; NaN where unknown."""
    if not frame[date].notna().any():
        return pd.Series(np.nan, index=frame.index)
    start = participants.drop_duplicates("participant_id").set_index("participant_id")["randomisation_date"]
    begun = pd.Series(start.reindex(frame["participant_id"]).to_numpy(), index=frame.index)
    return (frame[date] - begun).dt.days.astype(float)


def assign_visits(study: Study, study_day: pd.Series) -> pd.Series:
    """Return the visit whose window holds each study day, missing where none does.

    Parameters
    ----------
    study
        The plan; a visit without a window is only its planned day.
    study_day : Series of float
        Days since randomisation.

    Returns
    -------
    Series of str
        The visit planned nearest to the day among those whose window holds it; of two equally near the earlier.

    Examples
    --------
    >>> assign_visits(study, pd.Series([80.0, 300.0])).tolist()  # doctest: +SKIP
    ['week_12', nan]
    """
    order = sorted(study.visits.items(), key=lambda item: item[1].day)
    days = study_day.to_numpy(dtype=float)
    distance = np.full((len(order), len(days)), np.inf)
    for row, (_, visit) in enumerate(order):
        before, after = visit.window or (0, 0)
        inside = (days >= visit.day + before) & (days <= visit.day + after)
        distance[row] = np.where(inside, np.abs(days - visit.day), np.inf)
    chosen = np.where(np.isfinite(distance.min(axis=0)), distance.argmin(axis=0), -1)
    names = pd.array([name for name, _ in order], dtype="str")
    return pd.Series(names.take(chosen, allow_fill=True), index=study_day.index)


def place_visits(study: Study, table: str, frame: pd.DataFrame, participants: pd.DataFrame) -> Visited:
    """Fill in study days from dates, and visits from study days where the data name none.

    Of several forms in one window the one nearest to the planned day is used, or the nearest that gives a score where
    the plan says so (`forms`); the others are left out.

    Parameters
    ----------
    table
        Name of the table, for the findings.
    frame
        Has participant_id, visit, assessment_date, study_day. It is not changed.
    participants
        Has participant_id and randomisation_date.
    """
    elapsed = days_since_randomisation(frame, participants, "assessment_date")
    day = frame["study_day"].fillna(elapsed)
    unnamed = frame["visit"].isna()
    if not unnamed.any():
        return Visited(frame.assign(study_day=day), unnamed)
    found = assign_visits(study, day[unnamed]).reindex(frame.index)
    visits = frame["visit"].astype("str").where(~unnamed, found)
    filled = frame.assign(study_day=day, visit=visits.astype("category") if table == "item_responses" else visits)
    lost = unnamed & filled["visit"].isna() & (table in PLACED)
    undated = lost & day.isna()
    reason = pd.Series("", index=frame.index, dtype=object).mask(lost, "outside every visit window")
    reason = reason.mask(undated, "no visit, and no study day from which to find it")
    assigned = unnamed & filled["visit"].notna()
    findings: tuple[Finding, ...] = ()
    if assigned.any() and table in PLACED:
        choice = choose_forms(study, table, filled, assigned)
        reason, findings = reason.where(choice.reason == "", choice.reason), choice.findings
    kept = reason == ""
    return Visited(
        filled[kept],
        assigned[kept],
        (*_outside(study, table, filled, lost & ~undated), *_undated(table, filled, undated), *findings),
        by_file(STAGE, table, filled, reason[~kept]) if assigned.any() or lost.any() else Disposition(),
    )


def _outside(study: Study, table: str, frame: pd.DataFrame, where: pd.Series) -> list[Finding]:
    return row_findings(
        frame,
        where,
        severity="error",
        table=table,
        field="study_day",
        rule="an assessment without a named visit is in no visit's window",
        remedy=f"Name its visit, or widen a window in the plan. Windows: {describe_windows(study)}.",
        value=frame["study_day"],
    )


def _undated(table: str, frame: pd.DataFrame, where: pd.Series) -> list[Finding]:
    return row_findings(
        frame,
        where,
        severity="error",
        table=table,
        field="visit",
        rule="the visit is not named and cannot be found, because the participant has no randomisation_date",
        remedy="Map `randomisation_date` in participants, or `visit` or `study_day` here.",
    )


def describe_windows(study: Study) -> str:
    """Return the windows of the plan in study days, for a message."""
    spans = []
    for name, visit in sorted(study.visits.items(), key=lambda item: item[1].day):
        if visit.window is None:
            spans.append(f"{name} only day {visit.day} (no window)")
        else:
            spans.append(f"{name} {visit.day + visit.window[0]} to {visit.day + visit.window[1]}")
    return ", ".join(spans)
