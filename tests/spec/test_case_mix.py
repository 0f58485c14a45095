"""Case mix: conditions and risk factors of participants, by arm."""

from __future__ import annotations

import pandas as pd
import pytest

import coxa
from coxa.derive.case_mix import derive_case_mix, derive_risk_factors
from coxa.report.topics.case_mix.conditions import conditions_table
from coxa.report.topics.case_mix.risk_factors import risk_factors_table
from coxa.study.reading.read import parse_study
from coxa.tables.table import Table

PLAN = """
study: tiny
title: A tiny trial
arms: {usual_care: {reference: true}, exercise: {}}
visits: {baseline: {day: 0}, week_12: {day: 84}}
outcomes: {pain: {range: [0, 100], higher_is_better: false}}
covariates: {family_history: {type: category, levels: [no, yes]}}
estimands:
  primary:
    treatment: {compare: exercise, against: usual_care}
    endpoint: {outcome: pain, visit: week_12}
analyses:
  primary: {estimand: primary, model: ancova, adjust: [baseline]}
data:
  tables:
    participants: {file: participants}
    assessments: {file: assessments, outcomes: {pain: pain}}
"""
PEOPLE = pd.DataFrame(
    {
        "participant_id": ["1", "2", "3", "4"],
        "arm": ["usual_care", "usual_care", "exercise", "exercise"],
        "age": [30, 40, 50, 70],
        "height": [200, 200, 200, 200],
        "weight": [80, 100, 80, 120],
        "previous_injury": ["yes", "no", "yes", ""],
        "family_history": ["no", "no", "yes", "yes"],
        "sitting_hours": [None, None, None, 8],
        "randomisation_date": "2024-01-01",
    }
)
CONDITIONS = pd.DataFrame(
    {
        "participant_id": ["1", "1", "2", "3", "3"],
        "condition": ["labral_tear", "fai_cam", "labral_tear", "fai_cam", "labral_tear"],
        "side": ["left", "right", "right", "both", "both"],
        "main": ["yes", "no", "", "", ""],
        "mechanism": ["traumatic", "overuse", "overuse", "", ""],
        "duration": [10, 99, 20, None, None],
    }
)
SPORT = pd.DataFrame(
    {
        "participant_id": ["1", "1", "2", "3"],
        "visit": ["baseline", "week_12", "baseline", "baseline"],
        "sport": ["running", "running", "running", "football"],
        "level": ["recreational", "recreational", "professional", "recreational"],
        "distance": [20, 90, 40, None],
    }
)
PAIN = pd.DataFrame(
    {
        "participant_id": ["1", "2", "3", "4"] * 2,
        "visit": ["baseline"] * 4 + ["week_12"] * 4,
        "assessment_date": ["2024-01-01"] * 4 + ["2024-03-25"] * 4,
        "pain": [50, 60, 70, 40, 50, 60, 50, 60],
    }
)


def cohort(**tables: pd.DataFrame) -> coxa.Cohort:
    given = {"participants": PEOPLE, "assessments": PAIN, **tables}
    data = "".join(f"    {name}: {{file: {name}}}\n" for name in tables if name != "participants")
    return coxa.read_cohort(parse_study((PLAN + data).encode()), given)


def lines(table: Table) -> dict[tuple[str, str], list[str]]:
    rows = [(group.label, row) for group in table.groups for row in group.rows]
    return {(heading, row.label): [cell.text for cell in row.cells] for heading, row in rows}


def test_conditions_are_counted_as_the_main_one_and_as_any() -> None:
    data = cohort(conditions=CONDITIONS)
    mix = derive_case_mix(data)
    assert mix is not None
    assert mix.people.set_index("participant_id")["side"].tolist()[:3] == ["both", "right", "both"]
    table = conditions_table(data.study, mix)
    shown, several = lines(table), "Conditions per participant, n (%)"
    assert [(row.label, *(cell.text for cell in row.cells)) for row in table.groups[0].rows] == [
        ("Femoroacetabular impingement, cam", "1 (50.0%)", "1 (50.0%)"),
        ("as the main condition", "0 (0.0%)", "0 (0.0%)"),
        ("not as the main one", "1 (50.0%)", "1 (50.0%)"),
        ("Labral tear", "2 (100.0%)", "1 (50.0%)"),
        ("as the main condition", "2 (100.0%)", "0 (0.0%)"),
        ("not as the main one", "0 (0.0%)", "1 (50.0%)"),
    ]
    assert shown[several, "None"] == ["0 (0.0%)", "1 (50.0%)"]
    assert shown[several, "Two"] == ["1 (50.0%)", "1 (50.0%)"]
    assert shown["How the main condition came about, n (%)", "Traumatic"] == ["1 (50.0%)", "0 (0.0%)"]
    duration = shown["Symptoms of the main condition", "Duration, months, median [Q1, Q3]"]
    assert duration[0].startswith("15.0 [12.5")
    assert not any(heading.startswith("Certainty") for heading, _ in shown)


def test_risk_factors_are_of_those_in_whom_they_are_known() -> None:
    data = cohort(sport_training=SPORT)
    factors = derive_risk_factors(data)
    assert factors is not None
    assert factors["bmi"].tolist() == pytest.approx([20, 25, 20, 30])
    shown = lines(risk_factors_table(data.study, factors))
    person, sport = "Participant", "Main sport at entry"
    assert shown[person, "Age, years, mean (SD)"][0].startswith("35.0 (7.1")
    assert shown[person, "Earlier injury of hip, groin or thigh, n/N (%)"] == ["1/2 (50.0%)", "1/1 (100.0%)"]
    assert shown[person, "Hip complaint in parents or siblings, n/N (%)"] == ["0/2 (0.0%)", "2/2 (100.0%)"]
    assert shown[sport, "Distance, km a week, median [Q1, Q3]"][0].startswith("30.0 [")
    assert shown[sport, "Level: professional, n/N (%)"] == ["1/2 (50.0%)", "0/1 (0.0%)"]
    assert shown[sport, "Sport: football, n/N (%)"] == ["0/2 (0.0%)", "1/1 (100.0%)"]
    assert not {label for _, label in shown if "shoes" in label or "Surface" in label}


def test_without_rows_there_is_no_case_mix() -> None:
    bare = cohort(participants=PEOPLE[["participant_id", "arm", "age", "randomisation_date"]].assign(family_history=""))
    assert derive_case_mix(bare) is None
    assert derive_risk_factors(bare) is None
