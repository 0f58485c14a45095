"""Values of outcomes of other kinds as people hand them over: words, other codes, halves, and codes for missing."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import coxa
from coxa.cohort.cohort import Cohort
from coxa.study.kinds import study_of
from coxa.study.source import DataSource, TableSource

PLAN: dict[str, Any] = {
    "study": "kinds",
    "title": "Every kind of outcome",
    "design": "parallel",
    "arms": {"usual": {"reference": True}, "exercise": {}},
    "visits": {"baseline": {"day": 0}, "month_6": {"day": 182}},
    "outcomes": {
        "fell": {"kind": "yes_no", "higher_is_better": False},
        "groc": {"kind": "ordered", "higher_is_better": True, "levels": {1: "Worse", 2: "Same", 4: "Better"}},
        "flares": {"kind": "count", "higher_is_better": False},
    },
    "estimands": {
        "falls": {
            "treatment": {"compare": "exercise", "against": "usual"},
            "endpoint": {"outcome": "fell", "visit": "month_6"},
            "summary": "risk_difference",
        }
    },
    "analyses": {"falls": {"estimand": "falls", "model": "proportions"}},
}

USUAL = {"fell": [1, 0, 1, 0, 0, 1], "groc": [1, 2, 4, 1, 2, 4], "flares": [0, 1, 2, 3, 1, 0]}


def read(long: bool = False, values: dict[str, Any] | None = None, **columns: list[Any]) -> Cohort:
    """Return the cohort of six participants with some columns as given, side by side or in one long column."""
    ids = [f"P{k}" for k in range(6)]
    people = pd.DataFrame({"participant_id": ids, "arm": ["usual", "exercise"] * 3})
    wide = pd.DataFrame({"participant_id": ids, "visit": "month_6", **USUAL, **columns})
    if long:
        wide = wide.astype(dict.fromkeys(USUAL, "str")).melt(["participant_id", "visit"], var_name="outcome")
    outcomes = {} if long else {name: name for name in USUAL}
    assessed = TableSource(file="assessments", outcomes=outcomes, values=values or {})
    data = DataSource(tables={"participants": TableSource(file="participants"), "assessments": assessed})
    plan = study_of(PLAN).model_copy(update={"data": data})
    return coxa.read_cohort(plan, {"participants": people, "assessments": wide})


def numbers(cohort: Cohort, outcome: str) -> list[float]:
    """Return the values of an outcome, in the order of the participants."""
    frame = cohort.table("assessments")
    return frame.loc[frame["outcome"] == outcome].sort_values("participant_id")["value"].tolist()


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize(
    "answers",
    [
        ["yes", "no", "yes", "no", "no", "yes"],
        ["Yes ", "NO", "y", "n", "No", "YES"],
        ["TRUE", "FALSE", "TRUE", "FALSE", "FALSE", "TRUE"],
        [True, False, True, False, False, True],
        ["1", "0", "1.0", "0", "no", "yes"],
    ],
)
def test_a_yes_or_no_may_be_written_in_words(answers: list[Any], long: bool) -> None:
    cohort = read(long, fell=answers)
    assert not cohort.findings.errors
    assert numbers(cohort, "fell") == USUAL["fell"]


@pytest.mark.parametrize("long", [False, True])
def test_levels_may_be_written_by_their_labels(long: bool) -> None:
    cohort = read(long, groc=["worse", "Same", "BETTER", "1", "2", "Better"])
    assert not cohort.findings.errors
    assert numbers(cohort, "groc") == USUAL["groc"]


@pytest.mark.parametrize("long", [False, True])
def test_an_outcome_has_a_map_of_its_own(long: bool) -> None:
    cohort = read(
        long,
        {"groc": {"verschlechtert": 1, "gleich": "Same", "besser": 4}, "fell": {1: "yes", 2: "no"}},
        groc=["verschlechtert", "gleich", "besser", "verschlechtert", "gleich", "besser"],
        fell=[1, 2, 1, 2, 2, 1],
    )
    assert not cohort.findings.errors
    assert (numbers(cohort, "groc"), numbers(cohort, "fell")) == (USUAL["groc"], USUAL["fell"])
    assert numbers(cohort, "flares") == USUAL["flares"]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (
            {"fell": ["maybe", "no", "yes", "no", "no", "yes"]},
            ("neither yes nor no", '`values: {fell: {"maybe": ...}}`'),
        ),
        ({"groc": ["sam", "Same", "Better", "1", "2", "Better"]}, ("nor the label of a level", "2 (Same)")),
        ({"fell": [0.5, 0, 1, 0, 0, 1]}, ("`fell` is neither 1 nor 0", "Correct it")),
        ({"groc": [2.5, 2, 4, 1, 2, 4]}, ("`groc` is not the code of a level", "4 (Better)")),
        ({"groc": [3, 2, 4, 1, 2, 4]}, ("`groc` is not the code of a level", "4 (Better)")),
        ({"flares": [1.5, 1, 2, 3, 1, 0]}, ("`flares` is not a whole number", "`kind: score`")),
        ({"flares": [-2, 1, 2, 3, 1, 0]}, ("`flares` is below 0 events", "Correct it")),
    ],
)
def test_what_an_outcome_cannot_be_is_an_error_of_its_row(columns: dict[str, Any], said: tuple[str, str]) -> None:
    cohort = read(**columns)
    (error,) = cohort.findings.errors
    assert said[0] in error.rule
    assert said[1] in error.remedy
    assert (error.row, error.participant_id) == (1, "P0")
    assert len(numbers(cohort, next(iter(columns)))) == 5


def test_twos_and_ones_ask_which_of_them_is_yes() -> None:
    ids = [2, 1, 2, 1, 1, 2]
    findings = read(fell=ids).findings.errors
    assert findings
    mapped = read(values={"fell": {2: 1, 1: 0}}, fell=ids)
    assert numbers(mapped, "fell") == USUAL["fell"]


def test_a_count_far_above_all_others_is_suspected_and_kept() -> None:
    cohort = read(flares=[999, 1, 2, 3, 1, 0])
    assert not cohort.findings.errors
    assert any("looks like a code for missing" in finding.rule for finding in cohort.findings.warnings)
    assert numbers(cohort, "flares")[0] == 999


EXPOSED = {**PLAN["outcomes"], "flares": {"kind": "count", "higher_is_better": False, "exposure": "months"}}


def exposed(months: list[float], of_people: bool) -> tuple[Cohort, list[tuple[Any, ...]]]:
    """Return the cohort with months of exposure as a covariate or as an outcome, and what is found of them."""
    ids = [f"P{k}" for k in range(6)]
    outcomes = EXPOSED if of_people else {**EXPOSED, "months": {"higher_is_better": True, "range": [-10, 24]}}
    covariates = {"months": {"type": "number"}} if of_people else {}
    plan = {**PLAN, "outcomes": outcomes, "covariates": covariates}
    people = pd.DataFrame({"participant_id": ids, "arm": ["usual", "exercise"] * 3})
    seen = pd.DataFrame({"participant_id": ids, "visit": "month_6", **USUAL})
    (people if of_people else seen)["months"] = months
    named = {name: name for name in outcomes}
    tables = {
        "participants": TableSource(file="participants"),
        "assessments": TableSource(file="assessments", outcomes=named),
    }
    study = study_of(plan).model_copy(update={"data": DataSource(tables=tables)})
    cohort = coxa.read_cohort(study, {"participants": people, "assessments": seen})
    about = [finding for finding in cohort.findings if "the exposure of `flares`" in finding.rule]
    return cohort, [(one.severity, one.participant_id, one.row, one.field, one.value) for one in about]


@pytest.mark.parametrize("of_people", [True, False])
def test_an_exposure_of_zero_or_below_is_found_with_its_row(of_people: bool) -> None:
    _, found = exposed([0, 0, -3, 6, float("nan"), 6], of_people)
    assert found == [
        ("error", "P2", 3, "months", "-3"),
        ("error", "P1", 2, "months", "0"),
        ("warning", "P0", 1, "months", "0"),
    ]


def test_positive_exposures_are_no_finding() -> None:
    assert exposed([0.5, 1, 2, 6, 6, 6], True)[1] == []
