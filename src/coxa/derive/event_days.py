"""Events of one kind as rows with their days, from the table that has them."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.checks.events import has_word
from coxa.cohort.cohort import Cohort
from coxa.derive.flare_events import flare_onsets
from coxa.derive.goals import GOAL, derive_goals
from coxa.derive.study_day import study_days
from coxa.errors import DataError
from coxa.findings import Finding, Findings
from coxa.study.comparative import with_arms
from coxa.study.events import DATES, EventOutcome
from coxa.study.words import RETURN_STATUSES

LINEAGE = ("source_table", "source_file", "source_row")


def event_days(cohort: Cohort, name: str) -> pd.DataFrame:
    """Return every event of one kind: participant_id, day since randomisation, and the row that it was read from.

    Raises
    ------
    DataError
        An event has neither date nor study day.
    """
    event = with_arms(cohort.study, "An event").events[name]
    if event.source.flare:
        return flare_onsets(cohort)
    table, where = event.source.table, dict(event.source.where)
    rows = cohort.table(table)
    if table == "return_to_sport" and len(rows):
        rows = _rows_of_returns(rows, event)
    if table == "outcome_events":
        where = {**where, "outcome": (name,)}
    for column, words in where.items():
        if column not in rows:
            return pd.DataFrame(columns=["participant_id", "day", *LINEAGE])
        rows = rows[has_word(rows[column], words)]
    date = event.source.date or DATES[table]
    if table == "goals":
        return _goals_met(cohort, rows)
    if table == "participants" and date in rows:
        rows = rows[rows[date].notna()]
    day = study_days(rows, cohort.table("participants"), date)
    if len(problems := _undated(rows[day.isna()], table, name, date)):
        raise DataError(f"events of `{name}` cannot be placed in time", problems)
    if table == "outcome_events":
        happened = ~not_observed(rows)
        rows, day = rows[happened], day[happened]
    if event.source.level is not None:
        first = day.sort_values(kind="stable").index
        rows = rows.loc[first].drop_duplicates("participant_id")
        day = day[rows.index]
    columns = {word: rows[word] for word in ("participant_id", "source_file", "source_row") if word in rows}
    return pd.DataFrame({**columns, "day": day.astype(float), "source_table": table}).reset_index(drop=True)


def _goals_met(cohort: Cohort, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the day on which each goal of some rows was met: of its date, else of the visit at which it first was."""
    goals = derive_goals(cohort)
    if goals is None or rows.empty:
        return pd.DataFrame(columns=["participant_id", "day", *LINEAGE])
    first = rows.drop_duplicates(GOAL)[[*GOAL, "source_file", "source_row"]]
    met = goals.goals.loc[goals.goals["met"] & goals.goals["met_day"].notna(), [*GOAL, "met_day"]]
    found = first.merge(met, on=GOAL).rename(columns={"met_day": "day"}).assign(source_table="goals")
    return found.sort_values(["participant_id", "day"], ignore_index=True).drop(columns="goal_number")


def _rows_of_returns(rows: pd.DataFrame, event: EventOutcome) -> pd.DataFrame:
    """Return the rows of a return to sport in which an event can be, without the day on which the status was asked.

    A level is reached by the date of a return to it, or to a higher one; a status without that date says no day.
    """
    date, level = event.source.date or DATES["return_to_sport"], event.source.level
    if date in rows and rows[date].notna().any():
        rows = rows.drop(columns="study_day", errors="ignore")
    if level is None:
        return rows
    place = rows["status"].astype(str).map({status: k for k, status in enumerate(RETURN_STATUSES)})
    reached = place >= RETURN_STATUSES.index(level)
    dated = rows[date].notna() if "study_day" not in rows and date in rows else rows.get("study_day", reached).notna()
    return rows[reached & dated]


def not_observed(rows: pd.DataFrame) -> pd.Series:
    """Return which rows of `outcome_events` are the end of an observation, and no event."""
    known = rows["observed"].astype(object).isin([False]) if "observed" in rows else False
    return pd.Series(known, index=rows.index, dtype=bool)


def _undated(rows: pd.DataFrame, table: str, name: str, date: str) -> Findings:
    dated = rows[date].notna() if date in rows else pd.Series(False, index=rows.index)
    what = not_observed(rows).map({True: "end of observation for", False: "event"})
    lacks = dated.map(
        {
            True: "has a date, and its participant no randomisation date to count from",
            False: "has neither date nor study day",
        }
    )
    remedies = {
        True: "Add `randomisation_date` of the participant, or `study_day` of the row.",
        False: "Add the date, or take the row out with a reason.",
    }
    return Findings.of(
        Finding(
            "error",
            table,
            f"the {what[index]} `{name}` {lacks[index]}",
            remedies[bool(dated[index])],
            row=row["source_row"],
            participant_id=row["participant_id"],
            field=date,
        )
        for index, row in zip(rows.index, rows.to_dict("records"), strict=True)
    )
