"""Goals in a file: what does not fit together is a finding with a remedy."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from coxa.cohort.cohort import Cohort
from tests.spec.cohort_trial import LONG, messages, only, read_tiny

GOOD = {"id": "02", "goal_number": 1, "term": "short", "activity": "stairs", "achieved": ""}


def read_goals(folder: Path, *rows: dict[str, object]) -> Cohort:
    """Read the tiny trial with goals, each row with the fields of `GOOD` unless it has others."""
    pd.DataFrame([{**GOOD, **row} for row in rows]).to_csv(folder / "goals.csv", index=False)
    return read_tiny(folder, data=LONG + "    goals: {file: goals.csv, columns: {participant_id: id}}\n")


def test_visits_are_found_from_the_date_as_elsewhere(tmp_path: Path) -> None:
    made = read_goals(tmp_path, {"assessment_date": "2025-01-10"}, {"assessment_date": "2025-04-02"})
    assert not messages(made)
    assert made.table("goals")["visit"].tolist() == ["baseline", "week_12"]


def test_a_goal_keeps_its_text_and_term(tmp_path: Path) -> None:
    made = read_goals(
        tmp_path,
        {"visit": "baseline"},
        {"visit": "week_6", "activity": "Stairs "},
        {"visit": "week_12", "term": "long"},
    )
    finding = only(made)
    assert (finding.rule, finding.value) == ("a goal has another term than at its first visit", "long")


def test_a_goal_that_comes_later_is_noted(tmp_path: Path) -> None:
    made = read_goals(tmp_path, {"visit": "baseline"}, {"visit": "week_6", "goal_number": 2, "activity": "run"})
    finding = only(made)
    assert (finding.severity, finding.value) == ("note", "2")
    assert finding.rule == "a goal is rated for the first time after Baseline"


def test_dates_of_goals(tmp_path: Path) -> None:
    wrong = {"visit": "week_12", "assessment_date": "2025-04-04", "achieved": "no", "met_date": "2025-03-01"}
    made = read_goals(tmp_path, {**wrong, "set_date": "2025-03-05", "target_date": "2025-03-02"})
    assert [finding.rule for finding in made.findings] == [
        "a goal is met before it is set",
        "the target date of a goal is before it is set",
        "a goal is not achieved at a visit after the date on which it was met",
    ]
    early = only(read_goals(tmp_path, {"visit": "week_12", "met_date": "2025-01-01"}))
    assert early.rule == "the day on which a goal was met is before randomisation"


def test_a_goal_achieved_without_a_date_where_others_have_one(tmp_path: Path) -> None:
    yes = {"visit": "week_12", "achieved": "yes"}
    assert not messages(read_goals(tmp_path, yes))
    made = read_goals(tmp_path, {**yes, "met_date": "2025-03-01"}, {**yes, "id": "01"})
    finding = only(made)
    assert (finding.severity, finding.participant_id, finding.field) == ("note", "01", "met_date")


def test_weights_are_of_all_goals_or_of_none(tmp_path: Path) -> None:
    level = {"visit": "baseline", "attainment": -1}
    made = read_goals(tmp_path, {**level, "weight": 2}, {**level, "goal_number": 2, "activity": "run"})
    finding = only(made)
    assert (finding.field, finding.value) == ("weight", "2")


def test_levels_go_from_minus_two_to_two(tmp_path: Path) -> None:
    assert "attainment" in only(read_goals(tmp_path, {"visit": "baseline", "attainment": 3}), "error").as_text()
