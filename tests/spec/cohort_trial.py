"""A tiny trial, written to a folder: four participants, three visits, two outcomes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.cohort.read import read_cohort
from coxa.findings import Finding
from coxa.study.reading.read import parse_study

PLAN = """
study: tiny
title: A tiny trial
data_cut: 2025-12-31
arms:
  usual_care: {label: Usual care, reference: true}
  exercise: {label: Exercise therapy}
visits:
  baseline: {day: 0, window: [-28, 0]}
  week_6: {day: 42, window: [-14, 14]}
  week_12: {day: 84, window: [-14, 21]}
outcomes:
  pain: {range: [0, 100], unit: points, higher_is_better: false}
  function: {range: [0, 80], unit: points, higher_is_better: true}
covariates:
  age: {type: number, unit: years, range: [18, 95]}
  sex: {type: category, levels: [female, male]}
intercurrent_events:
  hip_surgery: {label: Hip surgery}
estimands:
  primary:
    treatment: {compare: [exercise], against: usual_care}
    endpoint: {outcome: pain, visit: week_12}
    intercurrent_events: {hip_surgery: treatment_policy}
analyses:
  primary: {estimand: primary, model: mmrm}
"""

LONG = """
data:
  tables:
    participants: {file: participants.csv, columns: {participant_id: id}}
    assessments: {file: assessments.csv, columns: {participant_id: id, assessment_date: date}}
"""

PARTICIPANTS = pd.DataFrame(
    {
        "id": ["01", "02", "03", "04"],
        "arm": ["usual_care", "exercise", "usual_care", "exercise"],
        "age": ["61", "58", "70", "66"],
        "sex": ["female", "male", "female", "female"],
        "birth_date": ["1964-01-01", "1967-01-01", "1955-01-01", "1959-01-01"],
        "randomisation_date": ["2025-01-10"] * 4,
    }
)

DAY = {"baseline": "2025-01-10", "week_6": "2025-02-21", "week_12": "2025-04-04"}


def assessments() -> pd.DataFrame:
    """Return a value of both outcomes for every participant and visit."""
    rows = [
        (person, visit, DAY[visit], outcome, str(40 + 5 * who + step - (30 if outcome == "function" else 0)))
        for who, person in enumerate(PARTICIPANTS["id"])
        for step, visit in enumerate(DAY)
        for outcome in ("pain", "function")
    ]
    return pd.DataFrame(rows, columns=["id", "visit", "date", "outcome", "value"])


def read_tiny(
    folder: Path,
    people: pd.DataFrame | None = None,
    values: pd.DataFrame | None = None,
    data: str = LONG,
    plan: str = PLAN,
) -> Cohort:
    """Write the two files of the tiny trial and read them."""
    (PARTICIPANTS if people is None else people).to_csv(folder / "participants.csv", index=False)
    (assessments() if values is None else values).to_csv(folder / "assessments.csv", index=False)
    return read_with(folder, data, plan)


def read_with(folder: Path, data: str, plan: str = PLAN) -> Cohort:
    """Read the files of a folder under the tiny plan."""
    cohort = read_cohort(parse_study((plan + data).encode(), folder=str(folder)))
    assert cohort.disposition.imbalance().empty
    return cohort


def messages(cohort: Cohort, severity: str | None = None) -> list[str]:
    """Return the findings as text."""
    return [item.as_text() for item in cohort.findings if severity in (None, item.severity)]


def only(cohort: Cohort, severity: str | None = None) -> Finding:
    """Return the one finding there is."""
    found = [item for item in cohort.findings if severity in (None, item.severity)]
    assert len(found) == 1, "\n".join(messages(cohort))
    return found[0]
