"""Red flags: who was screened for them and when, what was found, what was done about it, and after how many days."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.cohort.visits import assign_visits
from coxa.derive.groups import participants_by_group
from coxa.derive.once import once
from coxa.derive.study_day import study_days

NO_ACTION = "none"
REFERRED = "referred_"
"""How the actions that refer a participant to another service begin."""


@dataclass(frozen=True, slots=True)
class RedFlags:
    """The screening for red flags of the participants in an arm, a group, or a service.

    people   : participant_id, arm; every participant, screened or not
    screened : participant_id, arm, visit (empty where the screening belongs to none), day (of screening, since
               randomisation), asked, found (numbers of flags); one row per participant and day of screening
    asked    : participant_id, arm, visit, flag, present; one row per flag that was asked
    found    : participant_id, arm, visit, flag, action, acted_on, referred, days_to_action, days_to_referral (from the
               screening), days_to_seen (from the referral); one row per flag that was present. Days are missing where
               one of the two dates is, or where they are in the wrong order
    """

    people: pd.DataFrame
    screened: pd.DataFrame
    asked: pd.DataFrame
    found: pd.DataFrame


@once
def derive_red_flags(cohort: Cohort) -> RedFlags | None:
    """Return the screening for red flags; None where the table has no row of a participant in a group.

    Parameters
    ----------
    cohort
        Checked tables; `red_flag_screening` has a row for each flag that was asked.

    Notes
    -----
    A flag is acted on where an action is recorded that is not `none`; `monitored` is one. A screening without a visit
    belongs to the visit whose window holds its day, if there is one.

    Examples
    --------
    >>> import coxa
    >>> from coxa.study.kinds import study_of
    >>> plan = coxa.preset("moa-2013").model_dump(exclude_unset=True)
    >>> plan["assumptions"]["red_flags"] = {"screened": 1.0}
    >>> trial = coxa.simulate_study(study_of(plan), participants=40, truth_size=2000, seed=1)
    >>> flags = derive_red_flags(coxa.read_cohort(trial.study, trial.tables))
    >>> len(flags.people), flags.screened["participant_id"].nunique(), len(flags.found)
    (40, 40, 10)
    """
    people = participants_by_group(cohort)[["participant_id", "arm"]].dropna()
    people = people.astype({"arm": str}).reset_index(drop=True)
    rows = cohort.table("red_flag_screening")
    rows = rows.merge(people, on="participant_id") if len(rows) else rows
    if rows.empty:
        return None
    every = _with_days(rows, cohort)
    keys = ["participant_id", "arm", "visit", "screening_date", "day"]
    screened = every.groupby(keys, dropna=False, sort=False)["present"].agg(asked="size", found="sum").reset_index()
    present = every[every["present"]]
    shown = ["participant_id", "arm", "visit", "flag"]
    days = ["action", "acted_on", "referred", "days_to_action", "days_to_referral", "days_to_seen"]
    return RedFlags(
        people,
        screened.drop(columns="screening_date"),
        every[[*shown, "present"]].reset_index(drop=True),
        present[[*shown, *days]].reset_index(drop=True),
    )


def _with_days(rows: pd.DataFrame, cohort: Cohort) -> pd.DataFrame:
    """Return flags with visit, day, what was done, and the days that it took."""
    day = study_days(rows, cohort.table("participants"), "screening_date")
    visit = _column(rows, "visit").fillna(assign_visits(cohort.study, day).astype(object))
    action = _column(rows, "action")
    referred = action.astype(str).str.startswith(REFERRED) & action.notna()
    acted = action.notna() & (action != NO_ACTION)
    screening, done, seen = (_dates(rows, name) for name in ("screening_date", "action_date", "seen_date"))
    referral = _dates(rows, "referral_date").fillna(done.where(referred))
    return pd.DataFrame(
        {
            "participant_id": rows["participant_id"],
            "arm": rows["arm"],
            "visit": visit.fillna(""),
            "flag": rows["flag"].astype(str),
            "present": rows["present"].fillna(False).astype(bool),
            "screening_date": screening,
            "day": day,
            "action": action.fillna(""),
            "acted_on": acted | referral.notna(),
            "referred": referred | referral.notna(),
            "days_to_action": _days(screening, done),
            "days_to_referral": _days(screening, referral),
            "days_to_seen": _days(referral, seen),
        }
    )


def _days(first: pd.Series, then: pd.Series) -> pd.Series:
    """Return days between two dates; missing where they are in the wrong order, which is a finding of its own."""
    days = (then - first).dt.days.astype(float)
    return days.where(days >= 0)


def _column(rows: pd.DataFrame, name: str) -> pd.Series:
    return rows[name].astype(object) if name in rows else pd.Series(None, index=rows.index, dtype=object)


def _dates(rows: pd.DataFrame, name: str) -> pd.Series:
    return pd.to_datetime(_column(rows, name))
