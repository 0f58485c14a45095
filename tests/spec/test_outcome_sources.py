"""Outcomes from clinical measures: what is derived from simulated rows is what was drawn, and sides are right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coxa
from coxa.derive.scores import derive_scores
from coxa.errors import PlanError
from coxa.instruments.measures import load_measures
from tests.sourced import drawn_and_derived, sourced_plan

OUTCOMES = """
affected: {source: {table: clinical_measures, measure: abductor_strength}, higher_is_better: true}
symmetry: {source: {table: clinical_measures, measure: abductor_strength, side: symmetry}, higher_is_better: true}
walk: {source: {table: clinical_measures, measure: six_minute_walk}, higher_is_better: true}
thomas: {kind: yes_no, source: {table: clinical_measures, measure: thomas_sign}, higher_is_better: false}
"""
ASSUMED = """
affected: {baseline: {mean: 1.2, sd: 0.2}, mean_change: {exercise: 0.2}, scale: bounded}
symmetry: {baseline: {mean: 85, sd: 8}, mean_change: {exercise: 5}, scale: bounded}
walk: {baseline: {mean: 500, sd: 60}, mean_change: {exercise: 30}, scale: bounded, step: 1}
thomas: {risk: {usual: 0.5, exercise: 0.3}}
"""


@pytest.fixture(scope="module")
def plan():
    return sourced_plan(OUTCOMES, ASSUMED, first="affected")


def test_derived_is_drawn(plan):
    both = drawn_and_derived(plan)
    assert set(both["outcome"]) == {"affected", "symmetry", "walk", "thomas"}
    np.testing.assert_allclose(both["derived"], both["drawn"], atol=2e-4)


def test_a_plan_takes_the_scale_of_the_measure(plan):
    scale = plan.scale("walk")
    assert (scale.low, scale.high, scale.unit) == (0.0, 1200.0, "m")
    assert plan.scale("symmetry").unit == "%"


def test_the_analysis_finds_the_planted_difference(plan):
    trial = coxa.simulate_study(plan, seed=3, participants=400, truth_size=2000)
    report = coxa.analyse(trial)
    main = report.estimates.frame.query("analysis == 'main' and visit == 'week_12' and reference == 'usual'").iloc[0]
    truth = trial.truth.to_frame().iloc[0]["value"]
    assert main["conf_low"] < truth < main["conf_high"]


SIDES = {
    # side asked for: value of A (left affected: left 1.0, right 2.0), of B (right affected), of C (both affected)
    "affected": [1.0, 2.0, None],
    "other": [2.0, 1.0, None],
    "left": [1.0, 1.0, 1.0],
    "right": [2.0, 2.0, 2.0],
    "mean": [1.5, 1.5, 1.5],
    "symmetry": [50.0, 200.0, None],
}


@pytest.mark.parametrize("side", SIDES)
def test_left_and_right_become_affected_and_other(side):
    study = sourced_plan(
        f"strength: {{source: {{table: clinical_measures, measure: abductor_strength, side: {side}}}, "
        "higher_is_better: true}",
        "strength: {baseline: {mean: 1.2, sd: 0.2}}",
        first="strength",
    )
    people = pd.DataFrame(
        {"participant_id": ["A", "B", "C"], "arm": "usual", "affected_side": ["left", "right", "both"]}
    ).assign(randomisation_date="2024-01-01")
    rows = pd.DataFrame(
        [
            {"participant_id": who, "visit": "baseline", "measure": "abductor_strength", "side": word, "value": value}
            for who in "ABC"
            for word, value in (("left", 1.0), ("right", 2.0))
        ]
    )
    cohort = coxa.read_cohort(study, {"participants": people, "clinical_measures": rows})
    derived, findings = derive_scores(cohort)
    values = derived.set_index("participant_id")["value"]
    assert [values.get(who) for who in "ABC"] == SIDES[side]
    assert len(findings) == (SIDES[side][2] is None)


@pytest.mark.parametrize(("trials", "value"), [("mean", 1.2), ("highest", 1.5), ("lowest", 0.9), ("first", 1.2)])
def test_several_trials_are_one_value(trials, value):
    study = sourced_plan(
        f"strength: {{source: {{table: clinical_measures, measure: abductor_strength, trials: {trials}}}, "
        "higher_is_better: true}",
        "strength: {baseline: {mean: 1.2, sd: 0.2}}",
        first="strength",
    )
    people = pd.DataFrame({"participant_id": ["A"], "arm": "usual", "randomisation_date": "2024-01-01"})
    rows = pd.DataFrame({"trial_number": [3, 2, 1], "value": [1.5, 0.9, 1.2]}).assign(
        participant_id="A", visit="baseline", measure="abductor_strength", side="affected"
    )
    derived, _ = derive_scores(coxa.read_cohort(study, {"participants": people, "clinical_measures": rows}))
    assert derived["value"].tolist() == pytest.approx([value])


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        (
            "{source: {table: clinical_measures, measure: abductor_strenght}, higher_is_better: true}",
            "abductor_strength",
        ),
        ("{source: {table: clinical_measures, measure: thomas_sign}, higher_is_better: false}", "kind: yes_no"),
        (
            "{kind: yes_no, source: {table: clinical_measures, measure: hip_flexion}, higher_is_better: false}",
            "kind: score",
        ),
        ("{instrument: nprs, source: {table: clinical_measures, measure: hip_flexion}}", "Remove one of them"),
        ("{source: {table: nowhere, measure: hip_flexion}}", "clinical_measures"),
    ],
)
def test_a_wrong_source_is_refused_with_its_remedy(outcome, message):
    with pytest.raises(PlanError, match=message):
        sourced_plan(f"strength: {outcome}", "strength: {baseline: {mean: 1.2, sd: 0.2}}", first="strength")


def test_a_table_without_a_row_of_the_measure_is_an_error():
    study = sourced_plan(
        "strength: {source: {table: clinical_measures, measure: abductor_strength}, higher_is_better: true}",
        "strength: {baseline: {mean: 1.2, sd: 0.2}}",
        first="strength",
    )
    people = pd.DataFrame({"participant_id": ["A"], "arm": "usual", "randomisation_date": "2024-01-01"})
    rows = pd.DataFrame({"participant_id": ["A"], "visit": "baseline", "measure": "hip_flexion", "value": 100.0})
    _, findings = derive_scores(coxa.read_cohort(study, {"participants": people, "clinical_measures": rows}))
    assert [finding.severity for finding in findings] == ["error"]
    assert any(
        finding.field == "strength" for finding in coxa.read_cohort(study, {"participants": people}).findings.errors
    )


def test_a_measure_of_which_nothing_is_assumed_begins_in_the_middle_of_its_usual_range():
    outcomes = (
        OUTCOMES + "turn: {source: {table: clinical_measures, measure: hip_internal_rotation}, range: [-20, 80]}\n"
    )
    plan = sourced_plan(outcomes, "walk: {baseline: {mean: 500, sd: 60}}", first="walk")
    design = coxa.simulate.trial_design(plan, 40)
    means = dict(zip(design.outcomes, design.means[0, :, 0], strict=True))
    low, high = load_measures()["abductor_strength"].soft
    assert means["affected"] == pytest.approx((low + high) / 2)
    assert means["symmetry"] == 100.0
    assert means["turn"] == 30.0  # the plan has a range of its own
