"""Return to sport: status at each visit, the day on which each level was reached, recurrences after a return."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.events import last_contacts, stated_end
from coxa.derive.groups import participants_by_group
from coxa.derive.once import once
from coxa.derive.study_day import study_days
from coxa.study.words import RETURN_STATUSES

TABLE = "return_to_sport"
NOT_RECORDED = ""
"""Status at a visit by which nothing was recorded."""


@dataclass(frozen=True, slots=True)
class Returns:
    """The returns to sport of the participants in an arm, a group, or a service.

    people      : participant_id, arm; every participant
    statuses    : participant_id, arm, visit, status (as `statuses_at_visits` has it; empty where there is none); a row
                  for each participant who was followed until the visit
    levels      : participant_id, arm, level, time, status; of each level with a dated return one row per participant:
                  the day of the first return to it or a higher one (status 1), or the end of observation (0)
    at_risk     : participant_id, arm, days (from the first return to the end of observation); those who returned
    recurrences : participant_id, arm, days (from the first return)
    """

    people: pd.DataFrame
    statuses: pd.DataFrame
    levels: pd.DataFrame
    at_risk: pd.DataFrame
    recurrences: pd.DataFrame


@once
def derive_returns(cohort: Cohort) -> Returns | None:
    """Return the returns to sport; None where the table has no row of a participant in a group.

    Parameters
    ----------
    cohort
        Checked tables; `return_to_sport` has a row for each status of a participant on a day.

    Notes
    -----
    A participant who never returned is not at risk of a recurrence, and adds no time. Observation ends with
    follow-up, or else with the last visit or the last row of the table.

    Examples
    --------
    >>> import coxa
    >>> from coxa.study.kinds import study_of
    >>> plan = coxa.preset("moa-2013").model_dump(exclude_unset=True)
    >>> plan["events"] = {"run": {"higher_is_better": True, "source": {"table": TABLE, "level": "first_run"}}}
    >>> plan["assumptions"]["happenings"] = {"run": {"probability": 0.8}}
    >>> trial = coxa.simulate_study(study_of(plan), participants=40, truth_size=2000, seed=1)
    >>> returns = derive_returns(coxa.read_cohort(trial.study, trial.tables))
    >>> returns.levels.groupby("level")["status"].agg(["size", "sum"]).to_numpy().tolist()
    [[40, 28]]
    """
    people = participants_by_group(cohort)[["participant_id", "arm"]].dropna()
    people = people.astype({"arm": str}).reset_index(drop=True)
    rows = return_rows(cohort)
    rows = rows[rows["participant_id"].isin(people["participant_id"])]
    if rows.empty:
        return None
    end = _ends(cohort, rows)
    arms = people.set_index("participant_id")["arm"]
    statuses = statuses_at_visits(cohort)
    statuses = statuses.assign(arm=statuses["participant_id"].map(arms))
    statuses = statuses[statuses["arm"].notna()]
    first = rows.groupby("participant_id")["return_day"].min().dropna()
    at_risk = pd.DataFrame({"participant_id": first.index, "days": (end.reindex(first.index) - first).to_numpy()})
    again = rows.loc[rows["recurrence_day"].notna(), ["participant_id", "recurrence_day"]].drop_duplicates()
    again = again.assign(days=again["recurrence_day"] - again["participant_id"].map(first).astype(float))
    again = again[again["days"] >= 0]
    return Returns(
        people,
        statuses[["participant_id", "arm", "visit", "status"]].reset_index(drop=True),
        _levels(people, rows, end),
        at_risk.assign(arm=at_risk["participant_id"].map(arms)),
        again.assign(arm=again["participant_id"].map(arms)).drop(columns="recurrence_day").reset_index(drop=True),
    )


@once
def statuses_at_visits(cohort: Cohort) -> pd.DataFrame:
    """Return the status of every participant at each visit until which they were followed.

    Returns
    -------
    DataFrame
        participant_id, visit, status (empty where none is recorded by then), source_file, source_row. A row of the
        table that names a visit is the status there, and at no other visit. Elsewhere it is the last row without a
        visit on or before the day of the visit, which is that of its assessment, or the planned one, if the participant
        was followed until the planned day.
    """
    rows, people = return_rows(cohort), cohort.table("participants")["participant_id"]
    visits = {visit: float(plan.day) for visit, plan in cohort.study.visits.items()}
    grid = pd.DataFrame({"participant_id": people}).merge(pd.DataFrame({"visit": list(visits)}), how="cross")
    planned = grid["visit"].map(visits)
    grid = grid.assign(day=_visit_days(cohort, grid).fillna(planned))
    columns = ["participant_id", "day", "visit", "status", "source_file", "source_row"]
    pairs = grid.reset_index(names="cell").merge(
        rows.reindex(columns=columns).rename(columns={"day": "asked", "visit": "at"}), on="participant_id"
    )
    pairs["named"] = pairs["at"].astype(object) == pairs["visit"]
    pairs = pairs[pairs["named"] | (pairs["at"].isna() & (pairs["asked"] <= pairs["day"]))]
    pairs = pairs.sort_values(["cell", "named", "asked"], kind="stable", na_position="first")
    last = pairs.drop_duplicates("cell", keep="last").set_index("cell").reindex(grid.index)
    followed = grid["participant_id"].map(_ends(cohort, rows)) >= planned
    found = grid.drop(columns="day").assign(
        status=last["status"].fillna(NOT_RECORDED), source_file=last["source_file"], source_row=last["source_row"]
    )
    return found[followed | last["named"].eq(True)].reset_index(drop=True)


@once
def return_rows(cohort: Cohort) -> pd.DataFrame:
    """Return the rows of the table with days since randomisation: day (of the status), return_day, recurrence_day.

    Also participant_id, visit, status, source_file and source_row. A status without a day of its own has that of its
    return or recurrence.
    """
    rows, people = cohort.table(TABLE), cohort.table("participants")
    if rows.empty:
        names = ("participant_id", "visit", "status", "day", "return_day", "recurrence_day")
        return pd.DataFrame({name: pd.Series(dtype=object if name in names[:3] else float) for name in names})
    dated = rows.drop(columns="study_day", errors="ignore")
    returned, again = (study_days(dated, people, name) for name in ("return_date", "recurrence_date"))
    day = study_days(rows, people, "assessment_date").fillna(again).fillna(returned)
    kept = rows.reindex(columns=["participant_id", "visit", "status", "source_file", "source_row"])
    return kept.assign(
        visit=kept["visit"].astype(object),
        status=kept["status"].astype(object),
        day=day,
        return_day=returned,
        recurrence_day=again,
    )


def _levels(people: pd.DataFrame, rows: pd.DataFrame, end: pd.Series) -> pd.DataFrame:
    """Return time and status of the first return to each level that somebody returned to, or above."""
    dated = rows[rows["return_day"].notna()]
    place = dated["status"].map({status: k for k, status in enumerate(RETURN_STATUSES)})
    parts = []
    for k, level in enumerate(RETURN_STATUSES):
        if k == 0 or not (place == k).any():
            continue
        first = dated[place >= k].groupby("participant_id")["return_day"].min()
        day = people["participant_id"].map(first)
        followed = people["participant_id"].map(end)
        parts.append(people.assign(level=level, time=day.fillna(followed), status=day.notna().astype(int)))
    columns = ["participant_id", "arm", "level", "time", "status"]
    every = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    return every[every["time"] >= 0].reset_index(drop=True)


def _ends(cohort: Cohort, rows: pd.DataFrame) -> pd.Series:
    """Return, by participant, the day on which observation ended: the last one known."""
    people = pd.Index(cohort.table("participants")["participant_id"])
    last = rows.groupby("participant_id")[["day", "return_day", "recurrence_day"]].max().max(axis=1).reindex(people)
    end, contacts = stated_end(cohort, ""), last_contacts(cohort)
    end = (end.fillna(contacts) if (contacts > 0).any() else end).reindex(people)
    return pd.Series(np.fmax(last.to_numpy(dtype=float), end.to_numpy(dtype=float)), people)


def _visit_days(cohort: Cohort, grid: pd.DataFrame) -> pd.Series:
    """Return the study day on which each participant was assessed at each visit, missing where nothing says it."""
    seen = cohort.table("assessments")
    if seen.empty:
        seen = cohort.table("item_responses")
    if seen.empty:
        return pd.Series(np.nan, grid.index)
    day = study_days(seen, cohort.table("participants"), "assessment_date")
    days = pd.DataFrame({"participant_id": seen["participant_id"], "visit": seen["visit"].astype(object), "known": day})
    first = days.dropna().groupby(["participant_id", "visit"], as_index=False)["known"].max()
    return grid.merge(first, on=["participant_id", "visit"], how="left")["known"].set_axis(grid.index)
