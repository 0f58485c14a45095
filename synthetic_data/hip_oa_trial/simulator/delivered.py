"""How treatment was delivered, and what came with it: fidelity, soreness after sessions, co-interventions.

Each part has a seed of its own name, so that it moves nothing else.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.simulate.events import draw_event_counts
from coxa.simulate.seeds import generator
from synthetic_data.hip_oa_trial.simulator.course import Course
from synthetic_data.hip_oa_trial.simulator.design import ARMS, DAYS

LAST_MISSED = 0.25
"""Share of the planned sessions, the last ones, of which somebody attended none and has stopped treatment."""

# Share and words of reasons for stopping treatment; made up, and not always recorded.
STOPS = ((0.4, "no time for the sessions"), (0.3, "hip pain got worse"), (0.3, ""))

RATED = 0.25
"""Share of the supervised sessions of the active arms that were recorded and rated."""
FIDELITY = (88.0, 9.0)
"""Mean and spread of the share of a session's protocol that was delivered, per cent, before it is cut at 100."""

SORE = {"usual_care": 0.0, "exercise": 0.06, "manual_therapy": 0.03}
"""Probability of soreness after a supervised session that was attended."""

BESIDE = {"usual_care": 0.55, "exercise": 0.30, "manual_therapy": 0.30}
"""Mean number of co-interventions per participant."""
FIRST_DAY = -30
"""Study day from which co-interventions may begin; those before randomisation are not the trial's."""

# Share, kind and words of co-interventions; made up.
CO_INTERVENTIONS = (
    (0.55, "analgesic", "pain tablets on most days"),
    (0.20, "physiotherapy", "physiotherapy outside the trial"),
    (0.15, "exercise", "exercise class"),
    (0.10, "other_conservative", "acupuncture"),
)
FOR_THE_HIP = 0.8


def with_fidelity(sessions: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the sessions with the fidelity of those that were rated, and how it was."""
    rng = generator("fidelity", seed)
    chosen = rng.random(len(sessions)) < RATED
    percent = np.clip(5 * np.round(rng.normal(*FIDELITY, len(sessions)) / 5), 50, 100)
    active = sessions["components"].ne("education") & sessions["setting"].eq("supervised")
    rated = chosen & active & sessions["attended"].eq("yes")
    return sessions.assign(
        fidelity=pd.Series(percent, index=sessions.index).where(rated).astype("Int64"),
        fidelity_source=np.where(rated, "recording", ""),
    )


def with_treatment_stops(participants: pd.DataFrame, sessions: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the participants with the day on which those stopped treatment who came to none of its last sessions."""
    came = sessions["date"].where(sessions["attended"].eq("yes"))
    last = came.groupby(sessions["participant_id"]).max()
    missed = sessions["date"].gt(sessions["participant_id"].map(last).fillna(""))
    share = missed.groupby(sessions["participant_id"]).mean()
    person = participants["participant_id"]
    stopped = person.map(share).fillna(0).ge(LAST_MISSED) & participants["arm_received"].ne("usual_care")
    why = generator("treatment stops", seed).choice(len(STOPS), len(participants), p=[one[0] for one in STOPS])
    return participants.assign(
        stopped_on=person.map(last).where(stopped).fillna(""),
        stopped_why=np.where(stopped, np.array([one[1] for one in STOPS])[why], ""),
    )


def with_soreness(events: pd.DataFrame, sessions: pd.DataFrame, participants: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the adverse events with soreness after sessions among them, numbered anew by date."""
    received = sessions["participant_id"].map(participants.set_index("participant_id")["arm_received"])
    risk = received.map(SORE).to_numpy(dtype=float)
    sore = generator("soreness", seed).random(len(sessions)) < risk
    here = sessions[sore & sessions["setting"].eq("supervised") & sessions["attended"].eq("yes")]
    more = pd.DataFrame(
        {
            "participant_id": here["participant_id"],
            "kind": "soreness",
            "term": "muscle soreness after a session",
            "date": here["date"],
            "severity": "mild",
            "serious": "no",
            "related": "probable",
            "expected": "yes",
        }
    )
    every = pd.concat([events.assign(expected="no"), more]).sort_values(
        ["participant_id", "date"], kind="stable", ignore_index=True
    )
    return every.assign(number=every.groupby("participant_id").cumcount() + 1)


def co_interventions(course: Course, seed: int) -> tuple[NDArray[np.int64], NDArray[np.float64], pd.DataFrame]:
    """Draw treatments beside those of the trial; none after a participant left.

    Returns
    -------
    person, day : (k,) arrays
        Places of the participants, in order, and study days.
    frame : DataFrame
        number, kind, co_intervention and study_hip; k rows.
    """
    rng = generator("co-interventions", seed)
    rate = np.array([BESIDE[arm] for arm in ARMS])[course.received]
    person = np.repeat(np.arange(len(course.received)), draw_event_counts(rng, rate, spread=0.5))
    day = rng.integers(FIRST_DAY, DAYS[-1], len(person)).astype(float)
    chosen = rng.choice(len(CO_INTERVENTIONS), len(person), p=[row[0] for row in CO_INTERVENTIONS])
    hip = np.where(rng.random(len(person)) < FOR_THE_HIP, "yes", "no")
    kept = ~(day > course.left_day[person])
    order = np.lexsort((day[kept], person[kept]))
    person, day, chosen, hip = person[kept][order], day[kept][order], chosen[kept][order], hip[kept][order]
    frame = pd.DataFrame(
        {
            "number": pd.Series(person).groupby(person).cumcount() + 1,
            "kind": [CO_INTERVENTIONS[place][1] for place in chosen],
            "co_intervention": [CO_INTERVENTIONS[place][2] for place in chosen],
            "study_hip": hip,
        }
    )
    return person, day, frame
