"""Events as people hand them over: words and columns that do not exist, no dates, days that disagree or come late."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

import coxa
from coxa.cohort.checks.events import has_word
from coxa.derive.event_days import event_days
from coxa.derive.events import before_start, on_one_day
from coxa.derive.findings import derived_findings
from coxa.derive.observed import observed_values
from coxa.findings import Finding
from coxa.study.kinds import study_of
from coxa.study.source import DataSource, TableSource
from tests.spec.test_outcome_values import PLAN

EVENT = {"outcome": "injury", "study_day": 30.0, "observed": True}
TREATMENT = {"compare": "exercise", "against": "usual"}


def read(
    rows: list[dict[str, Any]], source: dict[str, Any] | None = None, competing: str = "", **people: Any
) -> coxa.Cohort:
    """Return the cohort of four participants with some rows of events in the table of their source."""
    table = (source or {}).get("table", "outcome_events")
    event = {"higher_is_better": False, **({"source": source} if source else {})}
    events = {"injury": event}
    if competing:
        events = {"injury": {**event, "competing": competing}, competing: {"higher_is_better": False}}
    endpoint = {"outcome": "injury", "measure": "count", "visit": "month_6"}
    plan = study_of(
        {
            **{key: part for key, part in PLAN.items() if key != "outcomes"},
            "outcomes": {"fell": PLAN["outcomes"]["fell"]},
            "events": events,
            "estimands": {"injuries": {"treatment": TREATMENT, "endpoint": endpoint, "summary": "rate_ratio"}},
            "analyses": {"injuries": {"estimand": "injuries", "model": "counts"}},
        }
    )
    ids = [f"P{k}" for k in range(4)]
    frames = {
        "participants": pd.DataFrame(
            {"participant_id": ids, "arm": ["usual", "exercise"] * 2, "randomisation_date": pd.Timestamp("2025-01-06")}
        ).assign(**people),
        "assessments": pd.DataFrame(
            {"participant_id": ids, "visit": "month_6", "outcome": "fell", "value": [0.0, 1.0, 1.0, 0.0]}
        ),
        table: pd.DataFrame(rows),
    }
    data = DataSource(tables={name: TableSource(file=name) for name in frames})
    return coxa.read_cohort(plan.model_copy(update={"data": data}), frames)


def only(cohort: coxa.Cohort, severity: str, part: str) -> Finding:
    """Return the one finding of a severity, those of data sets included, whose rule has some words in it."""
    found = [*cohort.findings, *(() if cohort.findings.errors else derived_findings(cohort))]
    (finding,) = [each for each in found if each.severity == severity and part in each.rule]
    return finding


def harm(term: str = "Fall", **columns: Any) -> dict[str, Any]:
    """Return a row of the adverse events."""
    return {"participant_id": "P0", "kind": "adverse_event", "term": term, "study_day": 9.0, **columns}


def test_a_column_of_where_that_does_not_exist_is_an_error() -> None:
    cohort = read([harm()], {"table": "adverse_events", "where": {"trem": ["fall"]}})
    error = only(cohort, "error", "`where` of the event `injury` names `trem`")
    assert "did you mean term?" in error.remedy


def test_a_date_that_does_not_exist_is_an_error() -> None:
    cohort = read([harm()], {"table": "adverse_events", "date": "begin"})
    assert "start_date" in only(cohort, "error", "names `begin`, which is no date").remedy


def test_a_level_that_does_not_exist_is_an_error() -> None:
    cohort = read([harm()], {"table": "adverse_events", "where": {"severity": ["terrible"]}})
    assert "severe" in only(cohort, "error", "names `terrible`, which is no level of `severity`").remedy


def test_a_word_that_no_row_has_is_a_warning_with_the_words_that_there_are() -> None:
    cohort = read([harm()], {"table": "adverse_events", "where": {"term": ["fal"]}})
    assert "`term` has Fall" in only(cohort, "warning", "the data have no event `injury`").remedy


@pytest.mark.parametrize("word", ["fall", "FALL", " Fall"])
def test_words_of_where_are_found_in_capitals_or_not(word: str) -> None:
    cohort = read([harm(), harm("flare", participant_id="P1")], {"table": "adverse_events", "where": {"term": [word]}})
    assert list(event_days(cohort, "injury")["participant_id"]) == ["P0"]


def test_truth_values_and_numbers_are_the_words_that_they_are() -> None:
    truth = pd.Series([True, False, None], dtype="boolean")
    assert has_word(truth, ["yes"]).tolist() == [True, False, False]
    assert has_word(truth, ["false"]).tolist() == [False, True, False]
    assert has_word(pd.Series([1.0, 2.0]), ["2"]).tolist() == [False, True]


def test_a_date_without_randomisation_is_told_apart_from_no_date() -> None:
    dated = {"outcome": "injury", "event_date": pd.Timestamp("2025-02-01"), "observed": True}
    starts = pd.Series([pd.NaT, *[pd.Timestamp("2025-01-06")] * 3])
    cohort = read([{**dated, "participant_id": f"P{k}"} for k in (0, 1)], randomisation_date=starts)
    error = only(cohort, "error", "the event `injury` has a date, and its participant no randomisation date")
    assert (error.participant_id, "`randomisation_date`" in error.remedy) == ("P0", True)


def test_an_end_of_observation_without_a_day_is_an_error() -> None:
    end = {"participant_id": "P1", "outcome": "injury", "study_day": None, "observed": False}
    cohort = read([{**EVENT, "participant_id": "P0"}, end])
    error = only(cohort, "error", "the end of observation for `injury` has neither date nor study day")
    assert error.participant_id == "P1"


def test_a_study_day_that_its_date_contradicts_is_a_warning() -> None:
    row = {**EVENT, "participant_id": "P0", "event_date": pd.Timestamp("2025-03-01")}
    assert only(read([row]), "warning", "the study day is not `event_date`").value == "recorded 30, from dates 54"


def test_an_event_after_the_end_of_observation_is_counted_and_a_warning() -> None:
    end = {**EVENT, "participant_id": "P0", "study_day": 20.0, "observed": False}
    cohort = read([{**EVENT, "participant_id": "P0"}, end])
    warning = only(cohort, "warning", "the event `injury` is after the end of observation")
    assert warning.value == "day 30, observed until day 20"
    counted = coxa.derive_dataset(cohort, "injuries").frame.set_index("participant_id")
    assert (counted.at["P0", "count"], counted.at["P0", "exposure"]) == (1.0, 30.0)


def test_a_trial_of_events_alone_is_derived_without_assessments() -> None:
    cohort = read([{**EVENT, "participant_id": "P0"}])
    tables = {name: frame for name, frame in cohort.tables.items() if name != "assessments"}
    alone = replace(cohort, tables=tables)
    assert observed_values(alone).empty
    assert list(coxa.derive_dataset(alone, "injuries").frame["count"]) == [1.0, 0.0, 0.0, 0.0]


def test_a_competing_event_before_randomisation_is_a_warning() -> None:
    early = pd.DataFrame({"participant_id": ["P0"], "day": [-3.0], "source_table": "outcome_events", "source_row": [2]})
    (warning,) = before_start("surgery", early)
    assert (warning.row, "`surgery` is before randomisation" in warning.rule) == (2, True)


def test_a_competing_event_on_the_day_of_the_event_is_a_note_that_says_which_counts() -> None:
    lineage = {"source_table": "outcome_events", "source_file": "events"}
    own = pd.DataFrame({"participant_id": ["P0", "P1", "P2"], "day": [30.0, 40.0, 50.0], "source_row": [1, 2, 3]})
    other = pd.DataFrame({"participant_id": ["P0", "P1", "P1"], "day": [30.0, 35.0, 40.0], "source_row": [4, 5, 6]})
    (note,) = on_one_day("injury", own.assign(**lineage), "surgery", other.assign(**lineage))
    assert (note.severity, note.row, note.participant_id, note.value) == ("note", 1, "P0", "day 30")
    assert note.rule == "the event `injury` and the competing event `surgery` are on the same day"
    assert note.remedy.startswith("`injury` counts as first.")


def test_the_note_is_among_the_findings_of_the_data_set() -> None:
    rows = [{**EVENT, "participant_id": "P0"}, {**EVENT, "participant_id": "P0", "outcome": "surgery"}]
    competing = read(rows, competing="surgery")
    assert only(competing, "note", "are on the same day").participant_id == "P0"
    assert coxa.derive_dataset(competing, "injuries").frame["status"].iloc[0] == 1
