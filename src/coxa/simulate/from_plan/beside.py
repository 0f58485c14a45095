"""What comes with treatment: fidelity of sessions, soreness after them, treatments beside those of the trial.

Each part has a seed of its own name, so that it moves nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coxa.simulate.events import draw_event_counts
from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.follow import DrawnTrial
from coxa.simulate.from_plan.strategies import participant_ids
from coxa.simulate.from_plan.tables import PRONENESS, Calendar
from coxa.simulate.seeds import generator
from coxa.study.assumptions.numbers import Probabilities, by_name

if TYPE_CHECKING:
    import pandas as pd

RATED = 0.2
"""Share of the sessions that are rated for fidelity."""
FIDELITY_SD = 10.0
"""Spread of the fidelity of sessions, in per cent, before it is cut at 0 and 100."""

SORENESS = ("muscle soreness after a session", "mild", "probable")

# Share, kind and words of co-interventions; plain words, made up.
CO_INTERVENTIONS = (
    (0.60, "analgesic", "pain tablets on most days"),
    (0.25, "physiotherapy", "physiotherapy outside the trial"),
    (0.15, "exercise", "exercise class"),
)
FOR_THE_HIP = 0.8


def with_fidelity(design: TrialDesign, drawn: DrawnTrial, sessions: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the sessions with the fidelity of those that were rated; as they are, where the plan assumes none."""
    import pandas as pd

    part = design.assumptions.sessions
    if part is None or part.fidelity is None or sessions.empty:
        return sessions
    rng = generator("fidelity", seed)
    rated = (rng.random(len(sessions)) < RATED) & sessions["attended"].eq("yes").to_numpy()
    mean = 100 * _of_arms(design, drawn, sessions["participant_id"], part.fidelity)
    percent = np.clip(np.round(rng.normal(mean, FIDELITY_SD)), 0, 100)
    return sessions.assign(
        fidelity=pd.Series(percent, index=sessions.index).where(rated).astype("Int64"),
        fidelity_source=pd.Series("observer", index=sessions.index).where(rated),
    )


def with_soreness(
    design: TrialDesign, drawn: DrawnTrial, events: pd.DataFrame, sessions: pd.DataFrame | None, seed: int
) -> pd.DataFrame:
    """Return the adverse events with soreness after sessions among them, numbered anew by date."""
    import pandas as pd

    risk = design.assumptions.soreness
    if sessions is None or sessions.empty or not _any(risk):
        return events
    happens = generator("soreness", seed).random(len(sessions))
    sore = happens < _of_arms(design, drawn, sessions["participant_id"], risk)
    here = sessions[sore & sessions["attended"].eq("yes")]
    term, severity, related = SORENESS
    more = pd.DataFrame(
        {
            "participant_id": here["participant_id"],
            "kind": "soreness",
            "term": term,
            "start_date": here["session_date"],
            "severity": severity,
            "serious": "no",
            "relatedness": related,
            "expected": "yes",
        }
    )
    every = pd.concat([events.assign(expected="no"), more], ignore_index=True)
    every = every.sort_values(["participant_id", "start_date"], kind="stable", ignore_index=True)
    return every.assign(event_number=every.groupby("participant_id").cumcount() + 1)


def co_interventions_table(design: TrialDesign, drawn: DrawnTrial, when: Calendar, seed: int) -> pd.DataFrame:
    """Return one row per treatment beside those of the trial, from randomisation until a participant left."""
    import pandas as pd

    rng = generator("co-interventions", seed)
    n, rates = len(drawn.arm), design.assumptions.co_interventions
    rate = np.array([by_name(rates, arm) for arm in design.arms])[drawn.received]
    person = np.repeat(np.arange(n), draw_event_counts(rng, rate, PRONENESS))
    frame = pd.DataFrame(
        {
            "person": person,
            "day": rng.integers(0, max(int(design.days[-1]), 1), len(person)).astype(float),
            "chosen": rng.choice(len(CO_INTERVENTIONS), len(person), p=[row[0] for row in CO_INTERVENTIONS]),
            "study_hip": np.where(rng.random(len(person)) < FOR_THE_HIP, "yes", "no"),
        }
    )
    frame = frame[~(frame["day"] > drawn.left[frame["person"]])]
    frame = frame.sort_values(["person", "day"], kind="stable", ignore_index=True)
    rows = frame["person"].to_numpy()
    return pd.DataFrame(
        {
            "participant_id": participant_ids(n)[rows],
            "co_intervention_number": frame.groupby("person").cumcount() + 1,
            "kind": [CO_INTERVENTIONS[place][1] for place in frame["chosen"]],
            "co_intervention": [CO_INTERVENTIONS[place][2] for place in frame["chosen"]],
            "start_date": when(rows, frame["day"].to_numpy()),
            "study_hip": frame["study_hip"],
        }
    )


def _of_arms(design: TrialDesign, drawn: DrawnTrial, participants: pd.Series, given: Probabilities) -> np.ndarray:
    """Return, for each row, the assumed number of the arm that its participant received."""
    import pandas as pd

    received = pd.Series(drawn.received, index=participant_ids(len(drawn.arm)))
    return np.array([by_name(given, arm) for arm in design.arms])[participants.map(received).to_numpy(dtype=int)]


def _any(given: Probabilities) -> bool:
    return any(given.values()) if isinstance(given, dict) else bool(given)
