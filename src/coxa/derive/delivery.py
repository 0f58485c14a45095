"""What was delivered: sessions, dose, exercise at home, fidelity and co-interventions of each participant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.adherence import diary_adherence
from coxa.derive.analysis_sets import session_counts
from coxa.derive.free_text import unnamed
from coxa.derive.groups import participants_by_group
from coxa.derive.study_day import study_days
from coxa.frames import among

HOME = "home"
NO_REASON = "no reason recorded"
NO_ROW = "no row in the file"


@dataclass(frozen=True, slots=True)
class Delivered:
    """What the participants allocated to an arm got, one row each; columns are missing where nothing is recorded.

    people   : participant_id, arm, other_arm (received another arm's treatment); planned, attended (supervised
               sessions), share (attended of planned); minutes, load, sets_prescribed, sets_done (summed over the
               supervised sessions attended), sets_share; home_planned, home_done, home_share (sessions at home);
               diary_prescribed, diary_done, diary_share (sets of exercise by the diary)
    sessions : participant_id, arm, attended, minutes, load, fidelity, fidelity_source, components; one row per
               supervised session
    missed   : participant_id, arm, reason; one row per planned supervised session that was not attended
    diary_days : days of the diary with exercises, by arm
    """

    people: pd.DataFrame
    sessions: pd.DataFrame
    missed: pd.DataFrame
    diary_days: Mapping[str, int]


def derive_delivered(cohort: Cohort) -> Delivered | None:
    """Return what was delivered to whom; None where neither sessions nor a diary of exercise are recorded.

    Parameters
    ----------
    cohort
        Checked tables: `treatment_sessions` or `session_totals`, `daily_diary`.

    Notes
    -----
    Sessions are those of `coxa.derive.analysis_sets.session_counts`: supervised, planned as the plan says or else as
    listed. A planned session without a row was missed. Everybody allocated to an arm is in it, also who never came.

    Examples
    --------
    >>> import coxa
    >>> trial = coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1)
    >>> delivered = derive_delivered(coxa.read_cohort(trial.study, trial.tables))
    >>> len(delivered.people), delivered.missed["reason"].unique().tolist()
    (40, ['no reason recorded'])
    """
    people = _allocated(cohort)
    diary = _diary(cohort, people)
    counts = session_counts(cohort)
    if counts is None and diary is None:
        return None
    arms = people.set_index("participant_id")["arm"]
    table = cohort.table("treatment_sessions")
    table = table[among(table["participant_id"], people["participant_id"])] if len(table) else table
    at_home = _column(table, "setting").eq(HOME)
    rows = _session_rows(table[~at_home], arms)
    if counts is not None:
        people = people.assign(
            planned=people["participant_id"].map(counts["planned"]).astype(float),
            attended=people["participant_id"].map(counts["attended"]).astype(float),
        )
        people["share"] = people["attended"] / people["planned"].where(people["planned"] > 0)
        people = people.merge(_dose(rows), on="participant_id", how="left")
        people = people.merge(_at_home(table[at_home]), on="participant_id", how="left")
    if diary is not None:
        people = people.merge(diary.drop(columns="days"), on="participant_id", how="left")
    days = {} if diary is None else diary.groupby(diary["participant_id"].map(arms))["days"].sum().astype(int).to_dict()
    return Delivered(people, rows, _missed(people, rows), {str(arm): int(n) for arm, n in days.items()})


def derive_co_interventions(cohort: Cohort) -> tuple[pd.DataFrame, int] | None:
    """Return the co-interventions after randomisation, and how many began before it; None without a table.

    Returns
    -------
    frame : DataFrame
        participant_id, arm (allocated), kind, study_hip (missing where it is not recorded), study_day.
    before : int
        Those that began before randomisation; they are left out. Without a day they are counted as begun after it.

    Examples
    --------
    >>> import coxa
    >>> trial = coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1)
    >>> print(derive_co_interventions(coxa.read_cohort(trial.study, trial.tables)))
    None
    """
    if "co_interventions" not in cohort.tables:
        return None
    arms = _allocated(cohort).set_index("participant_id")["arm"]
    table = cohort.table("co_interventions")
    if table.empty:
        return pd.DataFrame(columns=["participant_id", "arm", "kind", "study_hip", "study_day"]), 0
    day = study_days(table, cohort.table("participants"), "start_date")
    hip = table["study_hip"].astype("boolean") if "study_hip" in table else pd.Series(pd.NA, table.index, "boolean")
    kind = _column(table, "kind")
    frame = pd.DataFrame(
        {
            "participant_id": table["participant_id"],
            "arm": table["participant_id"].map(arms),
            "kind": kind.where(kind != "", "kind not recorded"),
            "study_hip": hip,
            "study_day": day,
        }
    )
    mine = frame[frame["arm"].notna()]
    early = mine["study_day"] < 0
    return mine[~early].reset_index(drop=True), int(early.sum())


def _allocated(cohort: Cohort) -> pd.DataFrame:
    people = participants_by_group(cohort)
    people = people[people["arm"].notna()]
    received = people["arm_received"] if "arm_received" in people else people["arm"]
    other = received.notna() & (received.astype(object) != people["arm"].astype(object))
    frame = pd.DataFrame({"participant_id": people["participant_id"], "arm": people["arm"].astype(object)})
    return frame.assign(other_arm=other).reset_index(drop=True)


def _session_rows(table: pd.DataFrame, arms: pd.Series) -> pd.DataFrame:
    """Return one row per supervised session, with what is recorded of it."""
    reason = unnamed(_column(table, "reason_missed").astype(str).str.strip(), arms.index)
    columns = {
        "participant_id": _column(table, "participant_id"),
        "attended": _flags(table, "attended", empty=False),
        "planned": _flags(table, "planned", empty=True),
        "reason": reason.where(reason != "", NO_REASON),
        "components": unnamed(_column(table, "components"), arms.index),
        "fidelity_source": _column(table, "fidelity_source"),
    }
    for name in ("minutes", "load", "fidelity", "exercises_prescribed", "exercises_done"):
        columns[name] = _numbers(table, name)
    rows = pd.DataFrame(columns, index=table.index).reset_index(drop=True)
    return rows.assign(arm=rows["participant_id"].map(arms))


def _dose(rows: pd.DataFrame) -> pd.DataFrame:
    """Sum what is recorded of the sessions that each participant attended; nothing recorded is missing, not 0."""
    came = rows[rows["attended"]]
    both = came["exercises_prescribed"].notna() & came["exercises_done"].notna()
    sets = came.assign(
        exercises_prescribed=came["exercises_prescribed"].where(both),
        exercises_done=came["exercises_done"].where(both),
    )
    names = {"minutes": "minutes", "load": "load", "exercises_prescribed": "sets_prescribed", "exercises_done":
             "sets_done"}  # fmt: skip
    sums = sets.groupby("participant_id")[list(names)].sum(min_count=1).rename(columns=names).reset_index()
    return sums.assign(sets_share=sums["sets_done"] / sums["sets_prescribed"].where(sums["sets_prescribed"] > 0))


def _at_home(table: pd.DataFrame) -> pd.DataFrame:
    """Return sessions at home planned and done by participant."""
    rows = pd.DataFrame(
        {
            "participant_id": _column(table, "participant_id"),
            "home_planned": _flags(table, "planned", empty=True).astype(float),
            "home_done": _flags(table, "attended", empty=False).astype(float),
        }
    )
    sums = rows.groupby("participant_id", as_index=False).sum()
    return sums.assign(home_share=sums["home_done"] / sums["home_planned"].where(sums["home_planned"] > 0))


def _missed(people: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per planned session that was not attended; those that the file lacks have a reason of their own.

    A session that was attended beside the plan stands for one that was planned.
    """
    listed = rows[~rows["attended"] & rows["planned"]][["participant_id", "arm", "reason"]]
    if "planned" not in people:
        return listed.reset_index(drop=True)
    told = people["participant_id"].map(listed.groupby("participant_id").size()).fillna(0)
    absent = (people["planned"] - people["attended"] - told).fillna(0).clip(lower=0).astype(int)
    reason = NO_REASON if rows.empty else NO_ROW  # totals have no rows that could be absent
    silent = people.loc[people.index.repeat(absent), ["participant_id", "arm"]].assign(reason=reason)
    return pd.concat([listed, silent], ignore_index=True)


def _diary(cohort: Cohort, people: pd.DataFrame) -> pd.DataFrame | None:
    """Return sets of exercise prescribed and done by the diary; None where no diary has them."""
    diary = cohort.table("daily_diary")
    if diary.empty or not {"exercises_prescribed", "exercises_done"} <= set(diary):
        return None
    day = study_days(diary, cohort.table("participants"), "diary_date")
    used = diary.assign(study_day=day)[day.notna() & among(diary["participant_id"], people["participant_id"])]
    used = used[used["exercises_prescribed"].notna() & used["exercises_done"].notna()]
    if used.empty:
        return None
    found = diary_adherence(
        used,
        last_day=int(used["study_day"].max()),
        first_day=int(used["study_day"].min()),
        participants=people["participant_id"],
        filled="exercises_done",
    )
    asked = found["exercises_prescribed"].where(found["exercises_prescribed"] > 0)
    return pd.DataFrame(
        {
            "participant_id": found["participant_id"],
            "days": found["days_filled"],
            "diary_prescribed": asked,
            "diary_done": found["exercises_done"].where(asked.notna()),
            "diary_share": found["exercise_adherence"],
        }
    )


def _column(table: pd.DataFrame, name: str) -> pd.Series:
    found = table[name] if name in table else pd.Series(None, index=table.index, dtype=object)
    return found.astype(object).where(found.notna(), "")


def _numbers(table: pd.DataFrame, name: str) -> pd.Series:
    found = table[name] if name in table else pd.Series(np.nan, index=table.index)
    return pd.to_numeric(found).astype(float)


def _flags(table: pd.DataFrame, name: str, *, empty: bool) -> pd.Series:
    found = table[name] if name in table else pd.Series(empty, index=table.index)
    return found.fillna(empty).astype(bool)
