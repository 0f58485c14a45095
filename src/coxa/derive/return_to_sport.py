"""Return to sport: status at each visit, the day on which each level was reached, recurrences after a return."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.events import end_of_observation
from coxa.derive.groups import participants_by_group
from coxa.derive.once import once
from coxa.derive.study_day import study_days
from coxa.study.events import RETURN_STATUSES

TABLE = "return_to_sport"
NOT_RECORDED = ""
"""Status at a visit by which nothing was recorded."""


@dataclass(frozen=True, slots=True)
class Returns:
    """The returns to sport of the participants in an arm, a group, or a service.

    people      : participant_id, arm; every participant
    statuses    : participant_id, arm, visit, status (the last one recorded by the visit; empty where there is none);
                  one row for each participant who was still followed at the visit
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
    [[40, 30]]
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
    followed = statuses["participant_id"].map(end) >= statuses["visit"].map(_planned(cohort))
    statuses = statuses[statuses["arm"].notna() & followed]
    first = rows.groupby("participant_id")["return_day"].min().dropna()
    at_risk = pd.DataFrame({"participant_id": first.index, "days": (end.reindex(first.index) - first).to_numpy()})
    again = rows.loc[rows["recurrence_day"].notna(), ["participant_id", "recurrence_day"]].drop_duplicates()
    again = again.assign(days=again["recurrence_day"] - again["participant_id"].map(first))
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
    """Return the last status that was recorded by each visit, of every participant.

    Returns
    -------
    DataFrame
        participant_id, visit, status (empty where none is recorded by then), highest (the highest one so far),
        source_file, source_row. A row of the table that names a visit is the status there; else it is the last one on
        or before the day of the visit, which is that of its assessment, or the planned one.
    """
    rows, people = return_rows(cohort), cohort.table("participants")["participant_id"]
    visits = {visit: float(plan.day) for visit, plan in cohort.study.visits.items()}
    grid = pd.DataFrame({"participant_id": people}).merge(pd.DataFrame({"visit": list(visits)}), how="cross")
    grid["day"] = _visit_days(cohort, grid).fillna(grid["visit"].map(visits))
    rows = rows.assign(place=rows["status"].map({status: k for k, status in enumerate(RETURN_STATUSES)}))
    columns = ["participant_id", "day", "visit", "place", "source_file", "source_row"]
    pairs = grid.reset_index(names="cell").merge(
        rows.reindex(columns=columns).rename(columns={"day": "asked", "visit": "at"}), on="participant_id"
    )
    named = pairs["at"].astype(object) == pairs["visit"]
    order = pairs["visit"].map(visits)
    earlier = pairs["at"].notna() & (pairs["at"].astype(object).map(visits) < order)
    by_then = named | (pairs["asked"] <= pairs["day"]) | (pairs["asked"].isna() & earlier)
    by_then &= ~(pairs["at"].notna() & (pairs["at"].astype(object).map(visits) > order))
    pairs = pairs.assign(named=named)[by_then].sort_values(["cell", "named", "asked"], kind="stable",
                                                           na_position="first")  # fmt: skip
    last, highest = pairs.drop_duplicates("cell", keep="last").set_index("cell"), pairs.groupby("cell")["place"].max()
    words = dict(enumerate(RETURN_STATUSES))
    return grid.assign(
        status=last["place"].map(words).reindex(grid.index).fillna(NOT_RECORDED),
        highest=highest.map(words).reindex(grid.index).fillna(NOT_RECORDED),
        source_file=last["source_file"].reindex(grid.index),
        source_row=last["source_row"].reindex(grid.index),
    ).drop(columns="day")


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
    end = end_of_observation(cohort, "").reindex(people)
    return pd.Series(np.fmax(last.to_numpy(dtype=float), end.to_numpy(dtype=float)), people)


def _planned(cohort: Cohort) -> dict[str, float]:
    return {visit: float(plan.day) for visit, plan in cohort.study.visits.items()}


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
