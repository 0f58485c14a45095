"""Tables of what was recorded, by kind of outcome: a yes or no, levels with an order, and counts."""

from __future__ import annotations

import json

import pandas as pd

from coxa import read_cohort
from coxa.cohort import Cohort
from coxa.derive.observed import observed_values
from coxa.report.topics.observed.table import arm_sizes, observed_table
from coxa.report.topics.participants.baseline import baseline_table
from coxa.study.reading.read import parse_study
from coxa.tables.table import Table

PLAN = {
    "study": "kinds",
    "title": "Kinds",
    "design": "parallel",
    "arms": {"usual": {"label": "Usual care", "reference": True}, "exercise": {"label": "Exercise"}},
    "visits": {"baseline": {"day": 0}, "month_3": {"day": 91}},
    "outcomes": {
        "fell": {"kind": "yes_no", "label": "A fall", "higher_is_better": False},
        "groc": {
            "kind": "ordered",
            "label": "Global change",
            "higher_is_better": True,
            "levels": {1: "Worse", 2: "Same", 3: "Better"},
        },
        "flares": {"kind": "count", "label": "Flares", "higher_is_better": False},
    },
    "estimands": {
        "falls": {
            "treatment": {"compare": "exercise", "against": "usual"},
            "endpoint": {"outcome": "fell", "visit": "month_3"},
            "summary": "risk_difference",
        }
    },
    "analyses": {"falls": {"estimand": "falls", "model": "proportions"}},
}


def cohort() -> Cohort:
    study = parse_study(json.dumps(PLAN).encode())
    people = pd.DataFrame({"participant_id": list("abcd"), "arm": ["usual", "exercise"] * 2})
    people["randomisation_date"] = pd.Timestamp("2025-01-06")
    values = {"fell": [1, 0, 0, 1], "groc": [1, 2, 3, 3], "flares": [0, 2, 4, 1]}
    rows = [
        {"participant_id": who, "visit": visit, "outcome": name, "value": float(value)}
        for visit in ("baseline", "month_3")
        for name, column in values.items()
        for who, value in zip("abcd", column, strict=True)
    ]
    return read_cohort(study, {"participants": people, "assessments": pd.DataFrame(rows)})


def texts(table: Table) -> dict[str, list[str]]:
    """Return the label of each row and its cells, those of a group under its heading."""
    return {
        f"{group.label}|{row.label}".strip("|"): [cell.text for cell in row.cells]
        for group in table.groups
        for row in group.rows
    }


def test_baseline_has_levels_as_categories_and_counts_as_numbers() -> None:
    found = texts(baseline_table(cohort()))
    assert found["Yes"] == ["1 (50.0%)", "1 (50.0%)", "2 (50.0%)"]
    assert found["Better"] == ["1 (50.0%)", "1 (50.0%)", "2 (50.0%)"]
    assert "A fall (yes or no, fewer is better), n (%)" in found
    assert found["Flares (a count, fewer is better), mean (SD)"][0] == "2.0 (2.8)"


def test_observed_values_are_described_by_their_kind_and_only_scores_change() -> None:
    made = cohort()
    found = texts(observed_table(made.study, observed_values(made), arm_sizes(made)))
    assert found["A fall (yes or no, fewer is better), n (%) with yes|Month 3"] == ["2", "1 (50.0%)"] * 2
    assert found["Global change (1 to 3, higher is better), median [Q1, Q3]|Month 3"][1] == "2 [2, 2]"
    assert not [label for label in found if "Change" in label]
