"""Outcomes from diary and training: what is derived from simulated rows is what was drawn; windows drawn by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coxa
from coxa.cohort.dictionary import load_table
from coxa.derive.flare_events import diary_flares
from coxa.derive.scores import derive_scores
from coxa.errors import OptionError, PlanError
from coxa.simulate.from_plan.diary import daily_course
from coxa.simulate.from_plan.windows import with_count, with_end, with_total
from coxa.study.diary import DIARY_SCALES
from coxa.study.kinds import study_of
from coxa.study.outcome_sources.sport_training import SPORT_SCALES
from tests.sourced import drawn_and_derived, sourced_plan
from tests.spec.drawn_diary import diary

OUTCOMES = """
pain: {source: {table: daily_diary, field: pain}}
worst: {source: {table: daily_diary, field: pain_during, take: max, window: week}}
load: {source: {table: daily_diary, field: training_load, take: sum}, higher_is_better: false}
slept: {source: {table: daily_diary, field: sleep_hours, take: share, within: [7, 9]}, higher_is_better: true}
pills: {source: {table: daily_diary, field: medication, take: days, days: 14}, higher_is_better: false}
far: {source: {table: sport_training, field: distance, weeks: 4}, higher_is_better: true}
often: {source: {table: sport_training, field: sessions}, higher_is_better: true}
"""
ASSUMED = """
pain: {baseline: {mean: 5, sd: 1.5}, mean_change: {exercise: -1}, scale: bounded}
worst: {baseline: {mean: 7, sd: 1.5}, mean_change: {exercise: -1}, scale: bounded}
load: {baseline: {mean: 1500, sd: 400}, scale: bounded}
slept: {baseline: {mean: 60, sd: 20}, scale: bounded}
pills: {baseline: {mean: 5, sd: 3}, mean_change: {exercise: -2}, scale: bounded}
far: {baseline: {mean: 30, sd: 8}, scale: bounded}
often: {baseline: {mean: 3, sd: 1}, scale: bounded}
"""


def plan(outcomes: str = OUTCOMES, assumed: str = ASSUMED, first: str = "pain"):
    """Return a plan with the outcomes."""
    return sourced_plan(outcomes, assumed, first=first)


def test_derived_is_drawn() -> None:
    both = drawn_and_derived(plan())
    assert set(both["outcome"]) == {"pain", "worst", "load", "slept", "pills", "far", "often"}
    np.testing.assert_allclose(both["derived"], both["drawn"], atol=1e-5)


def test_days_of_an_assumed_diary_agree_with_what_was_drawn() -> None:
    one = "pain: {source: {table: daily_diary, field: pain}}"
    assumed = "pain: {baseline: {mean: 5, sd: 1.5}, mean_change: {exercise: -1}, scale: bounded}\n"
    study = sourced_plan(one, assumed, first="pain")
    keys = study.model_dump(exclude_unset=True)
    keys["assumptions"]["diary"] = {"last_day": 84, "pain": {"start": 5.0}}
    with_diary = study_of(keys)
    both = drawn_and_derived(with_diary)
    np.testing.assert_allclose(both["derived"], both["drawn"], atol=1e-5)
    days = coxa.simulate_study(with_diary, seed=1, truth_size=2000).tables["daily_diary"]
    assert days["pain"].dropna().between(0, 10).all()
    assert days["training_load"].notna().sum() > 4000  # the rest of the diary is still there


def test_flares_that_are_planted_in_an_assumed_diary_are_recovered_where_an_outcome_is_taken_of_it() -> None:
    one = "pain: {source: {table: daily_diary, field: pain}}"
    study = sourced_plan(one, "pain: {baseline: {mean: 4, sd: 1}, mean_change: {exercise: -1}}", first="pain")
    keys = study.model_dump(exclude_unset=True)
    calm = {"single": 0.0, "run": 0.0, "blank": 0.0}
    keys["diary"] = {"flares": {"rise": 2, "days": 2, "reference": "rolling_median"}}
    keys["assumptions"]["diary"] = {
        "last_day": 84,
        "pain": {"start": 4.0, "sd": 0.8, "day_sd": 0.4},
        "flares": {"per_week": 0.08, "rise": 3.5, "days": 3},
        "missing": calm,
    }
    with_flares = study_of(keys)
    trial = coxa.simulate_study(with_flares, seed=5, truth_size=2000)
    course = daily_course(trial.design, trial.drawn, with_flares.assumptions.diary)
    ids = trial.tables["participants"]["participant_id"].to_numpy()
    gone = np.where(np.isnan(trial.drawn.left), 84, trial.drawn.left)
    person, day = np.nonzero(course.begins)
    seen = (
        (day + 1 > 8)
        & (day + 3 < gone[person])
        & (course.latent[person, day] < 10)
        & ~_soon(course.begins)[person, day]
    )
    planted = set(zip(ids[person[seen]], (day[seen] + 1).tolist(), strict=True))
    found = diary_flares(coxa.read_cohort(trial.study, trial.tables))
    derived = set(zip(found["participant_id"], found["start"], strict=True))
    assert len(planted) > 30
    assert len(planted & derived) / len(planted) > 0.9


def _soon(begins: np.ndarray) -> np.ndarray:
    """Return whether another flare began on one of the ten days before."""
    found = np.zeros_like(begins)
    for later in range(1, 11):
        found[:, later:] |= begins[:, :-later]
    return found


DRAWN = diary(first_day=36, A="2 4 . . 6 8 5", B="2 4 . . . . 6")
PEOPLE = pd.DataFrame({"participant_id": ["A", "B"], "arm": "usual", "randomisation_date": "2024-01-01"})


@pytest.mark.parametrize(
    ("taken", "value"),
    [
        ("take: mean", 5.0),
        ("take: max", 8.0),
        ("take: min", 2.0),
        ("take: sum", 25.0),
        ("take: share, within: [4, 6]", 60.0),
        ("take: days, within: [4, 6]", 3.0),
        ("take: mean, days: 3, min_days: 1", 19 / 3),
        ("take: mean, window: week", 5.0),
    ],
)
def test_what_is_taken_of_a_window(taken: str, value: float) -> None:
    better = ", higher_is_better: false" if "share" in taken or "days, within" in taken else ""
    outcome = f"pain: {{source: {{table: daily_diary, field: pain, {taken}}}{better}}}"
    study = sourced_plan(outcome, "pain: {baseline: {mean: 5, sd: 1}}", first="pain")
    derived, findings = derive_scores(coxa.read_cohort(study, {"participants": PEOPLE, "daily_diary": DRAWN}))
    found = derived[(derived["visit"] == "week_6") & (derived["participant_id"] == "A")]
    assert found["value"].tolist() == pytest.approx([value])
    assert found["source_row"].notna().all()
    if "min_days" not in taken:  # B wrote on three of seven days
        assert "B" not in set(derived["participant_id"])
        assert "fewer than 4 of 7 days" in findings.to_frame()["rule"].str.cat()


def test_weeks_before_a_visit_are_averaged_over_sports() -> None:
    outcome = "far: {source: {table: sport_training, field: distance, weeks: 2}, higher_is_better: true}"
    study = sourced_plan(outcome, "far: {baseline: {mean: 30, sd: 8}}", first="far")
    weeks = pd.DataFrame(
        [
            ("A", "2024-01-29", "running", 20),  # days 28 to 34
            ("A", "2024-02-05", "running", 30),  # days 35 to 41
            ("A", "2024-02-05", "cycling", 10),
            ("B", "2024-02-05", "running", 50),
        ],
        columns=["participant_id", "week_start", "sport", "distance"],
    )
    derived, _ = derive_scores(coxa.read_cohort(study, {"participants": PEOPLE, "sport_training": weeks}))
    assert derived[["participant_id", "visit", "value"]].to_numpy().tolist() == [["A", "week_6", 30.0]]


def test_totals_are_reached_within_the_ends() -> None:
    x = np.array([[9.0, 9.5, 0.2], [1.0, 1.0, 1.0]])
    made = with_total(x, np.array([28.3, 0.4]), 0.0, 10.0, 0.1)
    assert made.sum(axis=1).tolist() == pytest.approx([28.3, 0.4])
    assert (made.min(), made.max()) >= (0.0, 0.0)
    assert made.max() <= 10.0


def test_ends_and_counts_are_reached() -> None:
    x = np.array([[3.0, 6.0, 8.0]])
    assert with_end(x, np.array([9.0]), 0, 10, 0.1, top=True).max() == 9.0
    assert with_end(x, np.array([4.5]), 0, 10, 0.1, top=False).min() == 4.5
    for count in range(4):
        made = with_count(x, np.array([float(count)]), (7, 9), 0, 24, 0.1)
        assert ((made >= 7) & (made <= 9)).sum() == count


def test_the_scales_of_plans_are_those_of_the_dictionary() -> None:
    fields = load_table("daily_diary").fields
    assert {name: (fields[name].hard, fields[name].unit) for name in DIARY_SCALES} == {
        name: ((scale.low, scale.high), scale.unit) for name, scale in DIARY_SCALES.items()
    }
    fields = load_table("sport_training").fields
    assert {name: (fields[name].hard, fields[name].unit) for name in SPORT_SCALES} == {
        name: ((low, high), unit) for name, (low, high, unit, _) in SPORT_SCALES.items()
    }


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("field: medication", "take: share"),
        ("field: sleep_hours, take: share", "within: [7, 9]"),
        ("field: pain, within: [1, 2]", "Remove it"),
        ("field: pain, days: 3, min_days: 5", "Lower it"),
        ("field: hunger", "not one of the known words"),
    ],
)
def test_a_source_that_makes_no_sense_is_refused(source: str, message: str) -> None:
    with pytest.raises(PlanError) as refused:
        sourced_plan(
            f"pain: {{source: {{table: daily_diary, {source}}}, higher_is_better: false}}",
            "pain: {baseline: {mean: 5, sd: 1}}",
            first="pain",
        )
    assert message in str(refused.value.findings.to_frame()[["rule", "remedy"]].to_numpy())


def test_outcomes_that_would_contradict_each_other_are_not_simulated_together() -> None:
    two = OUTCOMES + "low: {source: {table: daily_diary, field: pain, take: min}}\n"
    assumed = ASSUMED + "low: {baseline: {mean: 3, sd: 1}, scale: bounded}\n"
    with pytest.raises(OptionError, match="are both of `pain`"):
        coxa.simulate_study(plan(two, assumed), seed=1, truth_size=2000)
    long = "pain: {source: {table: daily_diary, field: pain, days: 60}}"
    with pytest.raises(OptionError, match="overlap"):
        coxa.simulate_study(plan(long, "pain: {baseline: {mean: 3, sd: 1}}"), seed=1, truth_size=2000)
