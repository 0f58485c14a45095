"""Goals asked for in a plan: simulated rows give back what was drawn."""

from __future__ import annotations

import numpy as np
import pytest

import coxa
from coxa.derive.goals import derive_goals
from coxa.simulate import estimand_frame
from coxa.study.comparative import ComparativeStudy
from coxa.study.reading.read import parse_study

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
