"""Goals asked for in a plan: simulated rows give back what was drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import coxa
from coxa.derive.goals import derive_goals
from coxa.errors import PlanError
from coxa.simulate import estimand_frame
from coxa.study.comparative import ComparativeStudy
from coxa.study.reading.read import parse_study
from tests.sourced import drawn_and_derived, sourced_plan

PAGE = Path(__file__).parents[2] / "docs" / "assessments-and-goals.md"
PLAN = """
study: goals
title: Goals of runners
arms:
  usual: {label: Usual training, reference: true}
  exercise: {label: Exercise therapy}
visits:
  baseline: {day: 0}
  month_3: {day: 91, window: [-20, 20]}
  month_6: {day: 182, window: [-20, 20]}
outcomes:
  pain: {range: [0, 10], higher_is_better: false}
events:
  goal_met: {label: Short-term goal met, higher_is_better: true, source: {table: goals, where: {term: [short]}}}
  goals_met: {label: Long-term goals met, higher_is_better: true, source: {table: goals, where: {term: [long]}}}
estimands:
  time_to_goal:
    treatment: {compare: exercise, against: usual}
    endpoint: {outcome: goal_met, measure: time, visit: month_6}
    summary: hazard_ratio
  goals:
    treatment: {compare: exercise, against: usual}
    endpoint: {outcome: goals_met, measure: count, visit: month_6}
    summary: rate_ratio
analyses:
  time_to_goal: {estimand: time_to_goal, model: cox}
  goals: {estimand: goals, role: secondary, model: counts}
assumptions:
  participants: {usual: 40, exercise: 40}
  outcomes:
    pain: {baseline: {mean: 6, sd: 1.5}, scale: bounded, step: 1}
  dropout: {probability: 0.2}
  happenings:
    goal_met: {probability: {usual: 0.4, exercise: 0.7}}
    goals_met: {number: {usual: 0.8, exercise: 1.4}, variation: 0.2}
"""


def plan() -> ComparativeStudy:
    """Return the plan."""
    study = parse_study(PLAN.encode())
    assert isinstance(study, ComparativeStudy)
    return study


@pytest.mark.parametrize("estimand", ["time_to_goal", "goals"])
def test_goals_met_are_events_on_their_days(estimand: str) -> None:
    trial = coxa.simulate_study(plan(), seed=4, truth_size=500)
    cohort = coxa.read_cohort(trial.study, trial.tables)
    assert not [finding.as_text() for finding in cohort.findings if finding.severity == "error"]
    derived = coxa.derive_dataset(cohort, estimand).frame.sort_values("participant_id", ignore_index=True)
    drawn = estimand_frame(trial.design, trial.drawn, estimand).sort_values("participant_id", ignore_index=True)
    for column in ("count", "time", "status"):
        np.testing.assert_array_equal(derived[column].to_numpy(dtype=float), drawn[column].to_numpy(dtype=float))
    assert derived["count"].sum() > 20


def test_every_participant_sets_a_goal_of_each_kind() -> None:
    trial = coxa.simulate_study(plan(), seed=4, truth_size=500)
    goals = derive_goals(coxa.read_cohort(trial.study, trial.tables))
    assert goals is not None
    by_term = goals.goals.groupby("term")["participant_id"].nunique()
    assert by_term.to_dict() == {"long": 80, "short": 80}
    short = goals.goals[goals.goals["term"] == "short"]
    assert len(short) == 80
    assert 0.2 < short["met"].mean() < 0.9


OUTCOMES = """
function: {source: {table: goals, term: long}, label: Patient-specific function}
reached: {source: {table: goals, take: share_met, term: long}}
attained: {source: {table: goals, take: attainment, term: long}}
soon: {kind: yes_no, source: {table: goals, take: all_met, term: short}}
"""
ASSUMED = """
function: {baseline: {mean: 4, sd: 1.5}, mean_change: {exercise: 2}}
reached: {baseline: {mean: 20, sd: 15}, mean_change: {exercise: 30}}
attained: {baseline: {mean: 35, sd: 8}, mean_change: {exercise: 12}}
soon: {risk: {usual: 0.3, exercise: 0.6}}
"""


@pytest.fixture(scope="module")
def sourced() -> ComparativeStudy:
    return sourced_plan(OUTCOMES, ASSUMED, first="function")


def test_what_is_derived_from_simulated_goals_is_what_was_drawn(sourced: ComparativeStudy) -> None:
    both = drawn_and_derived(sourced)
    assert set(both["outcome"]) == {"function", "reached", "attained", "soon"}
    np.testing.assert_allclose(both["derived"], both["drawn"], atol=2e-4)


def test_ratings_and_levels_are_whole_numbers_of_three_goals(sourced: ComparativeStudy) -> None:
    rows = coxa.simulate_study(sourced, seed=1, truth_size=500).tables["goals"]
    long = rows[rows["term"] == "long"]
    assert sorted(long["goal_number"].unique()) == [1, 2, 3]
    assert long["rating"].between(0, 10).all()
    assert (long["rating"] % 1 == 0).all()
    assert long["attainment"].between(-2, 2).all()


def test_the_planted_difference_of_the_mean_rating_is_in_its_interval(sourced: ComparativeStudy) -> None:
    trial = coxa.simulate_study(sourced, seed=3, participants=300, truth_size=2000)
    report = coxa.analyse(trial)
    main = report.estimates.frame.query("analysis == 'main' and visit == 'week_12' and reference == 'usual'").iloc[0]
    assert main["conf_low"] < trial.truth.value("primary", "exercise").value < main["conf_high"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{table: goals, take: all_met}", "`take: all_met` of goals is not of `kind: score`"),
        ("{table: goals, take: attainment, correlation: 1}", "less than 1"),
        ("{table: goals, take: rating}", "mean_rating"),
    ],
)
def test_a_source_that_does_not_fit_is_refused(source: str, said: str) -> None:
    with pytest.raises(PlanError) as caught:
        sourced_plan(f"function: {{source: {source}}}", "function: {}", first="function")
    assert said in str(caught.value)


def test_the_planted_hazard_ratio_of_the_time_to_a_goal_is_in_its_interval() -> None:
    trial = coxa.simulate_study(plan(), seed=6, participants=300, truth_size=4000)
    rows = coxa.analyse(trial).estimates.frame.query("analysis == 'time_to_goal' and reference == 'usual'")
    ratio = rows[rows["term"] == "hazard_ratio"].iloc[0]
    assert ratio["conf_low"] < trial.truth.value("time_to_goal", "exercise").value < ratio["conf_high"]
    assert ratio["conf_low"] > 1


def test_the_plan_of_the_page_is_a_plan() -> None:
    text = PAGE.read_text(encoding="utf-8").split("```yaml")[1].split("```")[0]
    study = parse_study(text.encode())
    assert isinstance(study, ComparativeStudy)
    assert study.scale("attained").higher_is_better
    assert study.report.measurement_error["abductor_strength"].mdc == 0.2
