"""A study day finds its visit by the plan's windows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coxa.cohort.visits import assign_visits
from coxa.study.reading.read import parse_study
from tests.spec.cohort_trial import LONG, PLAN, assessments, messages, read_tiny

STUDY = parse_study(PLAN.encode())


@pytest.mark.parametrize(
    ("day", "visit"),
    [(-29, None), (-28, "baseline"), (0, "baseline"), (1, None), (27, None), (28, "week_6"), (56, "week_6"),
     (69, None), (70, "week_12"), (105, "week_12"), (106, None), (np.nan, None)],
)  # fmt: skip
def test_windows_include_their_ends(day: float, visit: str | None) -> None:
    found = assign_visits(STUDY, pd.Series([day])).iloc[0]
    assert (None if pd.isna(found) else found) == visit


def test_a_visit_without_a_window_is_its_planned_day() -> None:
    study = parse_study(PLAN.replace(", window: [-14, 14]", "").encode())
    assert assign_visits(study, pd.Series([42.0, 43.0])).isna().tolist() == [False, True]


def test_of_two_assessments_in_a_window_the_nearer_is_kept(tmp_path: Path) -> None:
    values = assessments().drop(columns="visit")
    extra = values.iloc[[2]].assign(date="2025-03-02", value="77")
    cohort = read_tiny(tmp_path, values=pd.concat([values, extra], ignore_index=True))
    assert messages(cohort) == []
    lost = cohort.disposition.left_out
    assert lost[["stage", "source_row", "visit", "outcome", "reason"]].to_numpy().tolist() == [
        ["placing visits", 26, "week_6", "pain", "another assessment is nearer to the planned day"]
    ]
    assert 77.0 not in set(cohort.table("assessments")["value"])


def test_of_two_equally_near_the_earlier_is_kept(tmp_path: Path) -> None:
    values = assessments().drop(columns="visit")
    values.loc[2, "date"] = "2025-02-23"
    extra = values.iloc[[2]].assign(date="2025-02-19", value="77")
    cohort = read_tiny(tmp_path, values=pd.concat([values, extra], ignore_index=True))
    assert cohort.disposition.left_out["source_row"].tolist() == [4]


def test_two_on_one_day_are_duplicates(tmp_path: Path) -> None:
    values = assessments().drop(columns="visit")
    cohort = read_tiny(tmp_path, values=pd.concat([values, values.iloc[[2]]], ignore_index=True))
    assert [item.value for item in cohort.findings.errors] == ["week_6, pain, rows 4 and 26, identical"]


def test_no_visit_and_no_randomisation_date(tmp_path: Path) -> None:
    people = pd.DataFrame(
        {"id": ["01", "02", "03", "04"], "arm": ["usual_care", "exercise"] * 2, "age": "60", "sex": "male"}
    )
    cohort = read_tiny(tmp_path, people, values=assessments().drop(columns="visit"))
    assert "Map `randomisation_date` in participants" in cohort.findings.items[0].remedy
    assert cohort.table("assessments").empty


def test_recorded_study_day_that_is_not_the_date(tmp_path: Path) -> None:
    values = assessments().assign(
        study_day=[{"baseline": "0", "week_6": "42", "week_12": "84"}[v] for v in assessments()["visit"]]
    )
    values.loc[2, "study_day"] = "40"
    data = LONG.replace("assessment_date: date", "assessment_date: date, study_day: study_day")
    finding = read_tiny(tmp_path, values=values, data=data).findings.items[0]
    assert (finding.severity, finding.row, finding.value) == ("warning", 4, "recorded 40, from dates 42")
