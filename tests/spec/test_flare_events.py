"""Flares of the diary as an event of a plan: how often, when first, and until when there was anything to see."""

from __future__ import annotations

import pandas as pd
import pytest

import coxa
from coxa.derive.flare_events import diary_flares
from coxa.study.diary import FlareDefinition
from coxa.study.events import EventSource
from coxa.study.kinds import study_of
from coxa.study.source import DataSource, TableSource
from tests.spec.drawn_diary import diary
from tests.spec.test_outcome_values import PLAN

DAYS = diary(
    P0="3 3 3 3 6 6 3 3 6 6 6 3 3 3",  # two flares, on days 5 and 9
    P1="3 3 3 3 6 3 6 3 3 3",  # raised on single days only
    P2="4 4 4 4 4 7 7",  # one, and the diary stops within it
)


def cohort(days: pd.DataFrame = DAYS) -> coxa.Cohort:
    """Return four participants, of whom the last wrote nothing."""
    treatment = {"compare": "exercise", "against": "usual"}
    endpoint = {"outcome": "flare", "measure": "count", "visit": "month_6"}
    first = {"outcome": "flare", "measure": "time", "visit": "month_6"}
    plan = study_of(
        {
            **{key: part for key, part in PLAN.items() if key != "outcomes"},
            "outcomes": {"fell": PLAN["outcomes"]["fell"]},
            "events": {"flare": {"higher_is_better": False, "source": {"table": "daily_diary", "flare": True}}},
            "diary": {"flares": {"reference_days": 4}},
            "estimands": {
                "often": {"treatment": treatment, "endpoint": endpoint, "summary": "rate_ratio"},
                "first": {"treatment": treatment, "endpoint": first, "summary": "hazard_ratio"},
            },
            "analyses": {
                "often": {"estimand": "often", "model": "counts"},
                "first": {"estimand": "first", "model": "cox"},
            },
        }
    )
    ids = [f"P{k}" for k in range(4)]
    frames = {
        "participants": pd.DataFrame({"participant_id": ids, "arm": ["usual", "exercise"] * 2}),
        "assessments": pd.DataFrame({"participant_id": ids, "visit": "month_6", "outcome": "fell", "value": 0.0}),
        "daily_diary": days,
    }
    data = DataSource(tables={name: TableSource(file=name) for name in frames})
    return coxa.read_cohort(plan.model_copy(update={"data": data}), frames).require_clean()


def test_flares_are_found_by_the_definition_of_the_plan() -> None:
    found = diary_flares(cohort())
    assert found[["participant_id", "start", "end"]].to_numpy().tolist() == [["P0", 5, 6], ["P0", 9, 11], ["P2", 6, 7]]


def test_counts_times_and_exposure_follow_from_them() -> None:
    rows = coxa.derive_dataset(cohort(), "often").frame.set_index("participant_id")
    assert rows["count"].tolist() == [2, 0, 1, 0]
    assert rows["exposure"].tolist() == [14, 10, 7, 0]
    assert rows["event_days"].tolist() == [(5.0, 9.0), (), (6.0,), ()]
    first = coxa.derive_dataset(cohort(), "first").frame.set_index("participant_id")
    assert first["time"].tolist() == [5, 10, 6, 0]
    assert first["status"].tolist() == [1, 0, 1, 0]


def test_a_flare_has_the_row_of_its_first_day() -> None:
    rows = coxa.derive_dataset(cohort(), "often").frame.set_index("participant_id")
    assert rows.loc["P0", "source_table"] == "daily_diary"
    assert cohort().table("daily_diary").set_index("source_row").loc[rows.loc["P0", "source_row"], "study_day"] == 5


def test_a_plan_says_flares_of_the_diary_and_nothing_else_with_it() -> None:
    with pytest.raises(ValueError, match="write `table: daily_diary`"):
        EventSource.model_validate({"table": "outcome_events", "flare": True})
    with pytest.raises(ValueError, match="remove `where` and `date`"):
        EventSource.model_validate({"table": "daily_diary", "flare": True, "where": {"note": ["flare"]}})
    with pytest.raises(ValueError, match="`min_recorded` is 9, but the reference has 7 days"):
        FlareDefinition.model_validate({"min_recorded": 9})
