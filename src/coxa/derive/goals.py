"""Goals of participants: which were set, which were met and when, and one number of all goals at a visit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.goal_attainment import CORRELATION, score_of_sums
from coxa.derive.groups import participants_by_group
from coxa.derive.once import once
from coxa.derive.study_day import study_days

GoalStatistic = Literal["mean_rating", "share_met", "all_met", "any_met", "attainment"]
"""One number of the goals of a participant at a visit."""

GOAL = ["participant_id", "goal_number"]
RATED = ("term", "rating", "target", "attainment", "weight", "achieved", "set_date", "met_date")
PERCENT = 100.0
COLUMNS = {"mean_rating": "rating", "attainment": "attainment"}
"""Statistic -> the column that it sums up; the others are of goals met."""


@dataclass(frozen=True, slots=True)
class Goals:
    """The goals of a cohort.

    people : participant_id, arm; everybody in an arm or a group
    rows   : participant_id, arm, goal_number, visit, day, term (empty where it is not recorded), rating, attainment,
             weight, met (of a rating; missing where nothing says so); at planned visits
    goals  : participant_id, arm, goal_number, term, set_day, met (at any visit, or by its date), met_day (of the date,
             else of the first visit at which it was met), dated (whether `met_day` is that of a date)
    """

    people: pd.DataFrame
    rows: pd.DataFrame
    goals: pd.DataFrame


@once
def derive_goals(cohort: Cohort) -> Goals | None:
    """Return the goals of a cohort; None where there is no table of them, or no row.

    Parameters
    ----------
    cohort
        Checked tables.

    Notes
    -----
    A goal is met at a visit where `achieved` says so; where that is empty, by its level of goal attainment scaling (0
    or more), else by its rating (at least the target). A goal with a `met_date` is met. The term of a goal is that of
    its first row.

    Examples
    --------
    >>> import coxa
    >>> trial = coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1)
    >>> print(derive_goals(coxa.read_cohort(trial.study, trial.tables)))
    None
    """
    table = cohort.table("goals")
    if table.empty:
        return None
    people = participants_by_group(cohort)[["participant_id", "arm"]].dropna().astype(str)
    known = table.reindex(columns=[*dict.fromkeys([*table, *RATED])])
    planned = known["visit"].map({name: float(visit.day) for name, visit in cohort.study.visits.items()}).astype(float)
    registered = cohort.table("participants")
    rows = known.assign(
        day=study_days(known, registered, "assessment_date", planned),
        met=is_met(known),
        met_on=_days(known, registered, "met_date"),
        set_on=_days(known, registered, "set_date"),
    )
    ordered = people.merge(rows, on="participant_id").sort_values([*GOAL, "day"], kind="stable", ignore_index=True)
    terms = ordered.groupby(GOAL)["term"].transform("first")
    ordered = ordered.assign(term=terms.astype(object).where(terms.notna(), ""))
    at_visits = ordered[ordered["visit"].isin(list(cohort.study.visits))].astype({"visit": str})
    columns = [
        *GOAL,
        "arm",
        "visit",
        "day",
        "term",
        "rating",
        "attainment",
        "weight",
        "met",
        "source_file",
        "source_row",
    ]
    at_visits = at_visits.reindex(columns=columns).reset_index(drop=True)
    return Goals(people, at_visits.astype({"rating": float, "attainment": float}), _one_by_one(ordered))


def is_met(rows: pd.DataFrame) -> pd.Series:
    """Return whether each rated goal is met: true, false, or missing where nothing says so.

    Examples
    --------
    >>> rows = pd.DataFrame({"achieved": [True, None, None, None], "attainment": [None, -1, None, None],
    ...                      "rating": [2, 9, 8, 8], "target": [9, 8, 8, None]})
    >>> is_met(rows).tolist()
    [True, False, True, <NA>]
    """
    said = rows["achieved"].astype("boolean")
    level = pd.to_numeric(rows["attainment"]).astype("Float64")
    rating, target = (pd.to_numeric(rows[name]).astype("Float64") for name in ("rating", "target"))
    return said.fillna(level.ge(0)).fillna(rating.ge(target)).astype("boolean")


def _days(rows: pd.DataFrame, people: pd.DataFrame, date: str) -> pd.Series:
    """Return days since randomisation of a date of the rows, missing where there is none."""
    return study_days(rows.drop(columns="study_day", errors="ignore"), people, date)


def _one_by_one(ordered: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each goal, from its rows by day."""
    goals = ordered.groupby(GOAL, sort=True)
    first = goals[["arm", "term"]].first()
    seen = ordered[ordered["met"].fillna(False).astype(bool)].groupby(GOAL)["day"].min()
    dated = goals["met_on"].min()
    met_day = dated.fillna(seen.reindex(first.index))
    known = ordered["met"].fillna(False).astype(bool) | ordered["met_on"].notna()
    met = known.groupby([ordered[name] for name in GOAL]).any()
    set_day = goals["set_on"].min().fillna(goals["day"].min())
    made = first.assign(set_day=set_day, met=met, met_day=met_day, dated=dated.notna())
    return made.reset_index()[[*GOAL, "arm", "term", "set_day", "met", "met_day", "dated"]]


def goal_values(
    goals: Goals, statistic: GoalStatistic, term: str | None = None, correlation: float = CORRELATION
) -> pd.DataFrame:
    """Return one number of the goals of each participant at each visit.

    Parameters
    ----------
    goals
        From `derive_goals`.
    statistic
        mean_rating: mean of the ratings (Patient-Specific Functional Scale); attainment: T-score of goal attainment
        scaling; share_met: goals met, in percent; all_met, any_met: 1 or 0.
    term
        "short" or "long": of these goals alone.
    correlation
        Between the goals of a person, in the T-score.

    Returns
    -------
    DataFrame
        participant_id, visit, value, reason (why there is none), source_file, source_row (of the first goal); a row for
        each visit at which a goal of the participant was rated.

    Notes
    -----
    Ratings and levels are of the goals of a participant's first visit, all of them: the mean of some would be of other
    goals. Goals met are those of the goals set until the visit; a goal met earlier that is not rated again stays met.
    """
    rows = goals.rows if term is None else goals.rows[goals.rows["term"] == term]
    grid = _goals_by_visit(rows, until=statistic not in COLUMNS)
    if statistic in COLUMNS:
        grid = grid.assign(number=grid[COLUMNS[statistic]])
    else:
        grid = grid.assign(number=_met_so_far(grid, goals.goals))
    weight = grid["weight"].astype(float)
    grid = grid.assign(w=weight.fillna(1.0), heavy=weight.notna())
    grid = grid.assign(wx=grid["w"] * grid["number"], ww=grid["w"] ** 2)
    found = grid.groupby(["participant_id", "visit"], sort=True).agg(
        mean=("number", "mean"), lowest=("number", "min"), highest=("number", "max"), known=("number", "count"),
        total=("goal_number", "size"), levels=("wx", "sum"), weights=("w", "sum"), squares=("ww", "sum"),
        heavy=("heavy", "sum"), source_file=("source_file", "first"), source_row=("source_row", "first"),
    ).reset_index()  # fmt: skip
    numbers = {
        "mean_rating": found["mean"],
        "attainment": score_of_sums(found["levels"], found["weights"], found["squares"], correlation),
        "share_met": PERCENT * found["mean"],
        "all_met": found["lowest"],
        "any_met": found["highest"],
    }
    unknown = found["known"] < found["total"]
    uneven = (found["heavy"] % found["total"] > 0) & (statistic == "attainment")
    rated = "with a rating" if statistic == "mean_rating" else "with a level" if statistic == "attainment" else "known"
    partly = found["known"].astype(str) + " of " + found["total"].astype(str) + f" goals {rated}"
    reason = partly.where(unknown, "some goals have a weight and others none").where(unknown | uneven, None)
    value = pd.Series(numbers[statistic], index=found.index, dtype=float).mask(unknown | uneven)
    made = found.assign(value=value, reason=reason)
    return made[["participant_id", "visit", "value", "reason", "source_file", "source_row"]]


def _goals_by_visit(rows: pd.DataFrame, *, until: bool) -> pd.DataFrame:
    """Return a row for each goal at each visit of its participant: those of the first visit, or those set until then.

    `day` is that of the visit.
    """
    visits = rows.groupby(["participant_id", "visit"], as_index=False)["day"].min()
    since = rows.groupby(GOAL)["day"].min().rename("since").reset_index()
    grid = visits.merge(since, on="participant_id")
    limit = grid["day"] if until else grid.groupby("participant_id")["since"].transform("min")
    grid = grid[grid["since"] <= limit]
    return grid.merge(rows.drop(columns=["day", "arm"]), on=[*GOAL, "visit"], how="left").sort_values(
        ["participant_id", "day", "goal_number"], ignore_index=True
    )


def _met_so_far(grid: pd.DataFrame, goals: pd.DataFrame) -> pd.Series:
    """Return 1 for a goal that is met at a visit, 0 for one that is not, missing where nothing says so."""
    status = grid["met"].astype("Float64").astype(float)
    earlier = status.groupby([grid[name] for name in GOAL]).ffill().eq(1.0)
    dated = grid[GOAL].merge(goals.loc[goals["dated"], [*GOAL, "met_day"]], on=GOAL, how="left")["met_day"]
    reached = pd.Series(dated.to_numpy(), index=grid.index) <= grid["day"]
    return status.mask(status.isna() & (earlier | reached), 1.0)
