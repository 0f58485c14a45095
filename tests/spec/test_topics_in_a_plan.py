"""Plans as a researcher writes them who knows the pages alone: what such plans met once and must not meet again."""

from __future__ import annotations

import numpy as np
import pytest

import coxa
from coxa.errors import PlanError
from coxa.study.comparative import ComparativeStudy
from coxa.study.reading.read import parse_study
from tests.sourced import drawn_and_derived

PLAN = """
study: topics
title: Exercise at home for hip pain
arms:
  wait: {label: Wait list, reference: true, delivers: [wait_list]}
  home:
    label: Exercise at home
    delivers: [strengthening]
    delivery: {home_per_week: 3, exercises: [{exercise: EXERCISE, sets: 3, reps: 10}]}
visits:
  baseline: {day: 0}
  week_6: {day: 42, window: [-10, 10]}
outcomes:
  pain: {range: [0, 10], higher_is_better: false}
  function: {label: Patient-specific function, source: {table: goals}}
  reached: {label: Long-term goals met, source: {table: goals, take: share_met, term: long}}
  adherence: {label: Adherence, source: {table: exercise_log}}
covariates:
  injury: {label: Previous injury, levels: {"no": No, "yes": Yes}}
  again: {label: Injury again, levels: {"no": No, "yes": Yes}}
estimands:
  primary:
    treatment: {compare: home, against: wait}
    endpoint: {outcome: pain, measure: change, visit: week_6}
analyses:
  main: {estimand: primary, model: ancova, adjust: [baseline]}
assumptions:
  participants: 60
"""


def plan(exercise: str = "fire_hydrant") -> ComparativeStudy:
    study = parse_study(PLAN.replace("EXERCISE", exercise).encode())
    assert isinstance(study, ComparativeStudy)
    return study


def test_exercises_are_logged_in_the_arms_that_the_plan_prescribes_them_to() -> None:
    trial = coxa.simulate_study(plan(), seed=1, truth_size=500)
    log = trial.tables["exercise_log"]
    arms = trial.tables["participants"].set_index("participant_id")["arm"]
    assert set(log["exercise"]) == {"fire_hydrant"}
    assert set(arms[log["participant_id"]]) == {"home"}
    assert (log["sets_prescribed"] == 3).all()


def test_goals_of_one_term_and_of_all_are_simulated_together_and_give_what_was_drawn() -> None:
    both = drawn_and_derived(plan()).query("outcome in ('function', 'reached')")
    assert set(both["outcome"]) == {"function", "reached"}
    np.testing.assert_allclose(both["derived"], both["drawn"], atol=2e-4)


def test_a_covariate_with_levels_is_a_category() -> None:
    assert plan().covariates["injury"].type == "category"


def test_who_names_an_exercise_that_is_not_there_reads_how_to_add_it() -> None:
    with pytest.raises(PlanError, match="added under `exercises:` of the plan"):
        plan("wall_walk")


def test_a_subgroup_that_cannot_be_fitted_is_named() -> None:
    changed = PLAN.replace("EXERCISE", "bridge").replace(
        "adjust: [baseline]", "adjust: [baseline, again], subgroups: [injury]"
    )
    study = parse_study(changed.encode())
    trial = coxa.simulate_study(study, seed=1, truth_size=500)
    people = trial.tables["participants"]
    trial.tables["participants"] = people.assign(again=people["injury"])
    (lost,) = [one for parts in coxa.analyse(trial).parts_not_fitted.values() for one in parts]
    assert (lost.part, lost.name) == ("subgroup", "injury")
    assert lost.remedies[0] == "Take injury out of `subgroups`, or what it repeats out of `adjust`."
