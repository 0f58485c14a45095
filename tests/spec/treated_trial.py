"""Seven participants with every session and every event written down: the numbers in the tests are counted by hand.

u1, u2, u3 were allocated to usual care (2 sessions planned), e1, e2, e3 to exercise (4 planned), n1 to nothing.
u3 came to nothing, e3 got usual care instead.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.cohort.disposition import Disposition
from coxa.findings import Findings
from coxa.study.kinds import study_of
from coxa.study.plan import Study

PEOPLE = [
    ("u1", "usual_care", "usual_care"),
    ("u2", "usual_care", "usual_care"),
    ("u3", "usual_care", "usual_care"),
    ("e1", "exercise", "exercise"),
    ("e2", "exercise", "exercise"),
    ("e3", "exercise", "usual_care"),
    ("n1", None, None),
]

# participant, attended, reason missed, minutes, setting, components, sets prescribed, done, fidelity
SESSIONS = [
    ("u1", True, None, 30, "supervised", "education", None, None, None),
    ("u1", True, None, 30, "supervised", "education", None, None, None),
    ("u2", True, None, 30, "supervised", "education", None, None, None),
    ("u2", False, "holiday", None, "supervised", "education", None, None, None),
    ("u3", False, None, None, "supervised", "education", None, None, None),
    ("u3", False, " ", None, "supervised", "education", None, None, None),
    ("e1", True, None, 60, "supervised", "exercise_therapy; education", 10, 10, 80),
    ("e1", True, None, 60, "supervised", "exercise_therapy", 10, 8, 100),
    ("e1", True, None, 60, "supervised", "exercise_therapy", 10, 6, None),
    ("e1", True, None, 60, "supervised", "exercise_therapy", 10, None, None),
    ("e2", True, None, 50, "supervised", "exercise_therapy", 10, 5, None),
    ("e2", True, None, None, "supervised", "exercise_therapy", None, None, None),
    ("e2", False, "illness", None, "supervised", "exercise_therapy", None, None, None),
    ("e3", True, None, 30, "supervised", "education", None, None, None),
    ("e1", True, None, 20, "home", "exercise_therapy", None, None, None),
    ("e1", True, None, 20, "home", "exercise_therapy", None, None, None),
    ("e1", True, None, 20, "home", "exercise_therapy", None, None, None),
    ("e1", False, None, None, "home", "exercise_therapy", None, None, None),
    ("e2", True, None, 20, "home", "exercise_therapy", None, None, None),
    ("e2", False, None, None, "home", "exercise_therapy", None, None, None),
]

# participant, kind, term, study day, severity, serious, relatedness, expected, action
EVENTS = [
    ("u1", "flare", "Flare", 10, "mild", False, "possible", None, "none"),
    ("u1", "flare", "flare ", 20, "moderate", False, "unrelated", None, None),
    ("e1", "soreness", "sore thigh", 5, "mild", False, "definite", True, "none"),
    ("e1", "soreness", "sore for a week", 6, "moderate", False, "definite", False, "treatment_paused"),
    ("e2", "flare", "flare, in hospital", 30, "severe", True, "probable", None, "treatment_stopped"),
    ("e2", "adverse_event", "knee  pain", 40, None, None, None, True, None),
    ("e1", "adverse_event", "Knee pain", -3, "mild", False, "unlikely", None, None),
    ("u3", "adverse_event", "cold", 12, "mild", False, "unrelated", None, None),
    ("e3", None, "fall", None, "mild", False, "unlikely", None, None),
]

LAST = {"u1": 84, "u2": 80, "u3": 84, "e1": 90, "e2": 42, "e3": 56}
"""Study day of the last assessment."""


def plan(**arms: dict[str, Any]) -> Study:
    """Return the plan; keyword arguments add to an arm."""
    return study_of(
        {
            "study": "treated",
            "title": "A tiny trial",
            "arms": {
                "usual_care": {"label": "Usual care", "reference": True, "sessions_planned": 2}
                | arms.get("usual_care", {}),
                "exercise": {"label": "Exercise", "sessions_planned": 4} | arms.get("exercise", {}),
            },
            "visits": {"baseline": {"day": 0}, "week_12": {"day": 84}},
            "outcomes": {"pain": {"range": [0, 100], "higher_is_better": False}},
            "per_protocol": {"min_attendance": 0.67},
            "estimands": {
                "primary": {
                    "treatment": {"compare": "exercise", "against": "usual_care"},
                    "endpoint": {"outcome": "pain", "visit": "week_12"},
                }
            },
            "analyses": {"primary": {"estimand": "primary", "model": "ancova"}},
        }
    )


def sessions() -> pd.DataFrame:
    """Return the treatment sessions."""
    names = (
        "participant_id attended reason_missed minutes setting components exercises_prescribed exercises_done fidelity"
    )
    return pd.DataFrame(SESSIONS, columns=names.split()).assign(planned=True, fidelity_source="observer")


def events() -> pd.DataFrame:
    """Return the adverse events."""
    names = "participant_id kind term study_day severity serious relatedness expected action"
    return pd.DataFrame(EVENTS, columns=names.split()).astype({"study_day": float, "expected": "boolean"})


def cohort(study: Study | None = None, **tables: pd.DataFrame | None) -> Cohort:
    """Return the checked tables; a keyword replaces one, None leaves it out."""
    people = pd.DataFrame(PEOPLE, columns=["participant_id", "arm", "arm_received"])
    assessments = pd.DataFrame(
        {"participant_id": list(LAST), "visit": "week_12", "outcome": "pain", "value": 40.0, "study_day": LAST.values()}
    ).astype({"study_day": float})
    every: dict[str, pd.DataFrame | None] = {
        "participants": people,
        "assessments": assessments,
        "treatment_sessions": sessions(),
        "adverse_events": events(),
        **tables,
    }
    kept = {name: frame for name, frame in every.items() if frame is not None}
    return Cohort(study or plan(), kept, Findings(()), Disposition(), ())
