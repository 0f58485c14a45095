"""Case mix: the conditions of each participant, and the risk factors recorded at entry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.covariates import main_conditions, main_sport, sport_at_entry
from coxa.derive.groups import participants_by_group
from coxa.derive.once import once

OF_MAIN = ("mechanism", "certainty", "duration")
"""What is described of the main condition."""

RISKS_OF_PEOPLE = ("age", "sex", "bmi", "previous_injury", "previous_injuries", "family_history", "sitting_hours")
RISKS_OF_SPORT = ("sport", "level", "sessions", "distance", "years", "surface", "footwear", "footwear_distance")
"""Risk factors, of the participants and of their main sport; in order."""

DESCRIBE_ANYBODY = ("age", "sex", "bmi")
"""What is known of participants anyhow, and makes no table of risk factors by itself."""


@dataclass(frozen=True, slots=True)
class CaseMix:
    """The conditions of participants.

    people : one row per participant in an arm or group: participant_id, arm, main (condition; missing where it is not
             known which), number (of different conditions), side (left, right, both), and of the main condition
             mechanism, certainty, duration (months)
    rows   : participant_id, arm, condition; each condition of a participant once
    """

    people: pd.DataFrame
    rows: pd.DataFrame


@once
def derive_case_mix(cohort: Cohort) -> CaseMix | None:
    """Return the conditions of the participants; None where the cohort has no table of conditions.

    Parameters
    ----------
    cohort
        Checked tables. The main condition is that which is marked, or the only one; conditions of both sides, or of
        left and right, make the participant's side `both`.
    """
    table = cohort.table("conditions")
    if table.empty:
        return None
    people = participants_by_group(cohort)[["participant_id", "arm"]].dropna()
    people = people.drop_duplicates("participant_id").astype({"arm": "str"})
    mine = table[table["participant_id"].isin(people["participant_id"])]
    once_each = mine.drop_duplicates(["participant_id", "condition"])[["participant_id", "condition"]]
    person = people.set_index("participant_id")
    person["main"] = main_conditions(mine).astype(object).reindex(person.index)
    person["number"] = once_each.groupby("participant_id").size().reindex(person.index, fill_value=0)
    person["side"] = _sides(mine).reindex(person.index)
    is_main = mine["condition"].astype(object) == mine["participant_id"].map(person["main"])
    first = mine[is_main].drop_duplicates("participant_id").set_index("participant_id")
    for name in OF_MAIN:
        person[name] = first[name].reindex(person.index) if name in first else np.nan
    return CaseMix(person.reset_index(), once_each.merge(people, on="participant_id"))


def _sides(rows: pd.DataFrame) -> pd.Series:
    """Return participant_id -> left, right or both."""
    known = rows[rows["side"].notna()].astype({"side": "str"}).groupby("participant_id")["side"].agg(set)
    return known.map(lambda sides: next(iter(sides)) if len(sides) == 1 else "both")


@once
def derive_risk_factors(cohort: Cohort) -> pd.DataFrame | None:
    """Return the risk factors that were recorded at entry; None where there is none beyond age, sex and BMI.

    Parameters
    ----------
    cohort
        Checked tables. Of sport and training the main sport at entry counts; BMI is that recorded, else weight over
        height squared.

    Returns
    -------
    DataFrame or None
        One row per participant in an arm or group: participant_id, arm, and a column for each risk factor that is
        known of at least one; yes or no are 1.0 and 0.0.
    """
    people = participants_by_group(cohort).dropna(subset=["arm"]).drop_duplicates("participant_id")
    found = people[["participant_id", "arm"]].astype({"arm": "str"}).reset_index(drop=True)
    people = people.reset_index(drop=True)
    for name in RISKS_OF_PEOPLE:
        if name in people:
            found[name] = _yes_no(people[name]) if name in ("previous_injury", "family_history") else people[name]
    if {"height", "weight"} <= set(people):
        metres = people["height"].astype(float) / 100
        found["bmi"] = (people["bmi"] if "bmi" in people else metres * np.nan).astype(float).fillna(
            people["weight"].astype(float) / metres**2
        )  # fmt: skip
    sport = main_sport(sport_at_entry(cohort)).set_index("participant_id")
    for name in RISKS_OF_SPORT:
        found[name] = sport[name].reindex(found["participant_id"]).to_numpy()
    known = [name for name in (*RISKS_OF_PEOPLE, *RISKS_OF_SPORT) if name in found and found[name].notna().any()]
    if not set(known) - set(DESCRIBE_ANYBODY):
        return None
    return found[["participant_id", "arm", *known]]


def _yes_no(values: pd.Series) -> pd.Series:
    """Return 1.0 and 0.0 of yes and no, however the plan has them: as booleans, or as levels of a covariate."""
    words = {"true": 1.0, "yes": 1.0, "1": 1.0, "false": 0.0, "no": 0.0, "0": 0.0}
    return values.astype(object).map(lambda value: words.get(str(value).lower(), np.nan)).astype(float)
