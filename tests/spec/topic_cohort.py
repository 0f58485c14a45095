"""Cohorts of six participants in two arms, or of one clinic, read with the checks of every reader."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.cohort.read import read_cohort
from coxa.study.kinds import study_of
from coxa.study.plan import Study
from coxa.study.source import DataSource, TableSource

PEOPLE = ["u1", "u2", "u3", "e1", "e2", "e3"]
START = "2024-01-01"


def plan(design: str = "parallel", **more: object) -> Study:
    """Return a plan with two arms, or of a service; visits at days 0, 42 and 84 and one outcome."""
    given: dict[str, object] = {
        "study": "tiny",
        "title": "A tiny study",
        "design": design,
        "visits": {
            "baseline": {"day": 0, "window": [-14, 14]},
            "week_6": {"day": 42, "window": [-14, 14]},
            "week_12": {"day": 84, "window": [-14, 14]},
        },
        "outcomes": {"pain": {"range": [0, 10], "higher_is_better": False}},
    }
    if design != "service":
        treatment = {"compare": "exercise", "against": "usual_care"}
        given |= {
            "arms": {"usual_care": {"label": "Usual care", "reference": True}, "exercise": {"label": "Exercise"}},
            "estimands": {"primary": {"treatment": treatment, "endpoint": {"outcome": "pain", "visit": "week_12"}}},
            "analyses": {"primary": {"estimand": "primary", "model": "ancova"}},
        }
    return study_of({**given, **more})


def read(study: Study | None = None, **tables: pd.DataFrame) -> Cohort:
    """Return the cohort of some tables; participants and a baseline are there unless given."""
    study = study or plan()
    people = pd.DataFrame({"participant_id": PEOPLE, "randomisation_date": START})
    if "arms" in type(study).model_fields:
        people["arm"] = ["usual_care"] * 3 + ["exercise"] * 3
    pain = pd.DataFrame(
        {
            "participant_id": PEOPLE * 2,
            "visit": ["baseline"] * 6 + ["week_12"] * 6,
            "assessment_date": [START] * 6 + ["2024-03-25"] * 6,
            "pain": [6, 7, 5, 6, 7, 5, 5, 6, 6, 3, 2, 4],
        }
    )
    every = {"participants": people, "assessments": pain, **tables}
    sources = {
        name: TableSource(file=name, **({"outcomes": {"pain": "pain"}} if name == "assessments" else {}))
        for name in every
    }
    return read_cohort(study.model_copy(update={"data": DataSource(tables=sources)}), every)


def rules(cohort: Cohort, table: str) -> list[tuple[str, str | None]]:
    """Return rule and participant of what was found in a table."""
    return [(item.rule, item.participant_id) for item in cohort.findings if item.table == table]
