"""Diary and training in a report: what the sections have, what they are called in a service, what is shared."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import coxa
from coxa.report.build import build_document
from coxa.report.document import Document, Section
from coxa.report.report import Report
from coxa.study.kinds import study_of
from coxa.study.source import DataSource, TableSource
from coxa.tables.table import Table

N, DAYS = 40, 42
DIARY = {
    "last_day": DAYS,
    "flares": {"rise": 2, "days": 2},
    "standards": {"sleep_hours": {"range": [7, 9], "source": "the standard of the protocol"}},
    "models": {
        "pain": {"outcome": "pain", "yesterday": "training_load", "per": {"training_load": 100}},
        "fasting": {"outcome": "pain", "same_day": "protein"},
    },
}
TREATMENT = {"compare": "exercise", "against": "usual"}
TRIAL = {
    "study": "diary",
    "title": "Days",
    "arms": {"usual": {"reference": True, "label": "Usual care"}, "exercise": {"label": "Exercise"}},
    "visits": {"baseline": {"day": 0}, "week_6": {"day": 42}},
    "outcomes": {"function": {"range": [0, 100], "higher_is_better": True}},
    "diary": DIARY,
    "estimands": {"main": {"treatment": TREATMENT, "endpoint": {"outcome": "function", "visit": "week_6"}}},
    "analyses": {"main": {"estimand": "main", "model": "ancova", "adjust": ["baseline"]}},
}


def tables() -> dict[str, pd.DataFrame]:
    """Return a small trial with a diary in which the first participant of each arm never wrote."""
    rng = np.random.default_rng(5)
    ids = [f"P{k:02d}" for k in range(N)]
    people = pd.DataFrame(
        {"participant_id": ids, "arm": ["usual", "exercise"] * (N // 2), "randomisation_date": "2024-01-01"}
    )
    values = pd.DataFrame(
        [(who, visit, "function", float(rng.integers(30, 80))) for who in ids for visit in ("baseline", "week_6")],
        columns=["participant_id", "visit", "outcome", "value"],
    )
    days = pd.DataFrame({"participant_id": np.repeat(ids, DAYS), "study_day": np.tile(np.arange(1, DAYS + 1), N)})
    trains = rng.random(len(days)) < 0.5
    days = days.assign(
        pain=(4 + rng.normal(0, 1.2, len(days))).clip(0, 10).round(1),
        pain_next_morning=(2 + rng.normal(0, 1, len(days))).clip(0, 10).round(1),
        training_minutes=np.where(trains, 40, 0),
        perceived_exertion=np.where(trains, rng.integers(3, 8, len(days)), np.nan),
        sleep_hours=(7.5 + rng.normal(0, 1, len(days))).round(1),
        medication=rng.random(len(days)) < 0.1,
    )
    kept = (rng.random(len(days)) < 0.9) & ~days["participant_id"].isin(ids[:2])
    sport = pd.DataFrame(
        {"participant_id": ids, "visit": "baseline", "sport": "running", "distance": 20.0, "surface": "road"}
    )
    return {"participants": people, "assessments": values, "daily_diary": days[kept], "sport_training": sport}


@cache
def report(design: str = "parallel") -> Report:
    """Return the report of the trial, or of a service with the same data."""
    plan, frames = dict(TRIAL), tables()
    if design == "service":
        plan = {key: part for key, part in plan.items() if key not in ("arms", "estimands", "analyses")}
        plan["design"] = "service"
        frames["participants"] = frames["participants"].drop(columns="arm")
    data = DataSource(tables={name: TableSource(file=name) for name in frames})
    study = study_of(plan).model_copy(update={"data": data})
    return coxa.analyse(coxa.read_cohort(study, frames))


def section(document: Document, name: str) -> Section:
    """Return a section by its id."""
    return next(one for one in document.walk() if one.id == name)


def table(document: Document, name: str) -> Table:
    """Return a table by its id."""
    return next(one for one in document.tables() if one.id == name)


def cells(one: Table, label: str) -> list[str]:
    """Return the texts of a row."""
    return [cell.text for row in one.rows() if row.label == label for cell in row.cells]


def test_the_sections_are_there_with_everybody_in_them() -> None:
    document = build_document(report())
    kept = table(document, "diary-kept")
    assert cells(kept, "Wrote on no day, participants (%)") == ["1 (5.0%)", "1 (5.0%)"]
    assert cells(kept, "Days due per participant, mean (SD)") == ["42.0 (0.0)", "42.0 (0.0)"]
    assert [row.label for row in kept.rows() if row.label.startswith("Week ")] == [f"Week {k}" for k in range(1, 7)]
    assert cells(kept, "Monday")[0].split("/")[1].startswith("120 ")  # six Mondays of twenty participants
    ids = [one.id for one in document.tables()]
    named = ["diary-kept", "diary-recorded", "diary-progression", "diary-flares", "diary-model-pain", "training-weeks"]
    assert [name for name in ids if name in named] == named
    assert {"training-ratios", "sport-training"} <= set(ids)


def test_a_standard_is_printed_with_its_source_and_only_where_the_plan_has_one() -> None:
    recorded = table(build_document(report()), "diary-recorded")
    assert cells(recorded, "Sleep hours of 7 to 9 h") != []
    assert any("the standard of the protocol" in str(note.text) for note in recorded.footnotes)
    assert not [row for row in recorded.rows() if row.label.startswith("Protein of")]


def test_a_model_that_cannot_be_fitted_says_why() -> None:
    said = [str(block.text) for block in section(build_document(report()), "diary-models-section").blocks
            if hasattr(block, "text")]  # fmt: skip
    assert any("needs `protein`, of which the data have no value" in text for text in said)


def test_numbers_of_the_tables_are_those_of_the_functions() -> None:
    cohort = report().cohort
    rows = cohort.table("daily_diary").merge(cohort.table("participants")[["participant_id", "arm"]])
    own = rows[rows["arm"] == "usual"].groupby("participant_id")["sleep_hours"].mean()
    shown = cells(table(build_document(report()), "diary-recorded"), "Sleep hours")[0]
    assert shown == f"{own.mean():.1f} ({own.std():.1f})"


def test_single_participants_are_never_shared() -> None:
    whole, shared = build_document(report()), build_document(report(), share=True)
    figure = next(one for one in whole.figures() if one.id == "diary-people")
    assert figure.of_people
    assert len(figure.data) > N
    assert next(one for one in shared.figures() if one.id == "diary-people").data.empty
    assert cells(table(shared, "diary-kept"), "Wrote on no day, participants (%)") == ["*", "*"]
    bands = next(one for one in shared.figures() if one.id == "diary-bands").data
    assert "count" not in bands
    assert ((bands["share"] * 10).round(9) % 1 == 0).all()  # tenths, from which no count of days follows


def test_each_measure_of_load_has_its_fault_below_it() -> None:
    document = build_document(report())
    notes = " ".join(
        str(note.text) for name in ("training-weeks", "training-ratios") for note in table(document, name).footnotes
    )
    for measure in ("Rule of 10%:", "Monotony is", "Coupled ratio:", "Uncoupled ratio:", "weighted ratio:", "Week on"):
        assert measure in notes


@pytest.mark.parametrize("name", ["diary", "training"])
def test_a_service_has_the_sections_in_its_own_words(name: str) -> None:
    document = build_document(report("service"))
    one = section(document, name)
    assert one.part == "main"
    kept = table(document, "diary-kept")
    assert str(kept.columns[0].label) == "All participants (N\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}40)"
    said = " ".join(str(note.text) for table in document.tables() for note in table.footnotes)
    assert "random" not in said.replace("randomised trial (20.8%", "").replace("random intercepts", "")
