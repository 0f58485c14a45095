"""Scales of confidence and fear as outcomes, and their baseline as a covariate, in a simulated trial."""

from __future__ import annotations

import numpy as np
import pytest

import coxa
from coxa.report.topics.methods.analyses import unconfirmed_scoring
from coxa.study.comparative import ComparativeStudy
from coxa.study.reading.read import parse_study
from tests.sourced import drawn_and_derived, sourced_plan, sourced_text

OUTCOMES = """
confidence: {instrument: pseq}
arthritis: {instrument: ases_8}
fear: {instrument: tsk_11}
readiness: {instrument: hip_rsi, version: "0_10"}
nerves: {instrument: sas_2, scale: worry}
worries: {instrument: pcs, scale: total}
"""
ASSUMED = """
confidence: {baseline: {mean: 35, sd: 8}, mean_change: {exercise: 6}, scale: items}
arthritis: {baseline: {mean: 5.5, sd: 1.5}, mean_change: {exercise: 1}, scale: items}
fear: {baseline: {mean: 26, sd: 5}, mean_change: {exercise: -4}, scale: items}
readiness: {baseline: {mean: 50, sd: 15}, mean_change: {exercise: 10}, scale: items}
nerves: {baseline: {mean: 11, sd: 2}, mean_change: {exercise: -1}, scale: items}
worries: {baseline: {mean: 22, sd: 8}, mean_change: {exercise: -5}, step: 1}
"""
COVARIATE = """
covariates:
  fear_at_start: {type: number, source: {table: assessments, outcome: fear}}
estimands:
"""


@pytest.fixture(scope="module")
def plan() -> ComparativeStudy:
    return sourced_plan(OUTCOMES, ASSUMED, first="confidence")


def test_answers_to_the_items_give_the_drawn_scores(plan: ComparativeStudy) -> None:
    both = drawn_and_derived(plan)
    assert set(both["outcome"]) == {"confidence", "arthritis", "fear", "readiness", "nerves", "worries"}
    np.testing.assert_allclose(both["derived"], both["drawn"], atol=2e-4)


def test_directions_are_those_of_the_scales(plan: ComparativeStudy) -> None:
    better = {name: plan.scale(name).higher_is_better for name in plan.outcomes}
    assert better == {
        "confidence": True, "arthritis": True, "fear": False, "readiness": True, "nerves": False, "worries": False,
    }  # fmt: skip
    assert (plan.scale("readiness").low, plan.scale("readiness").high) == (0.0, 100.0)


def test_a_plan_says_what_of_its_scoring_was_not_confirmed(plan: ComparativeStudy) -> None:
    (said,) = unconfirmed_scoring(plan)
    assert said.startswith("items of Readiness (the range 0 to 100 was read")
    other = sourced_plan("hip: {instrument: ihot_12}", "hip: {baseline: {mean: 50, sd: 15}}", first="hip")
    assert unconfirmed_scoring(other) == (
        "missing items of International Hip Outcome Tool, 12 items (iHOT-12) (at least half of the items)",
    )


def test_fear_at_baseline_is_a_covariate_of_an_analysis() -> None:
    """The report adjusts by the baseline score, and the planted difference of 6 points is in the interval."""
    text = sourced_text(OUTCOMES, ASSUMED, first="confidence").replace("estimands:\n", COVARIATE, 1)
    text = text.replace("model: mmrm}", "model: mmrm, adjust: [baseline, fear_at_start]}")
    study = parse_study(text.encode())
    assert isinstance(study, ComparativeStudy)
    trial = coxa.simulate_study(study, seed=5, participants=200, truth_size=2000)
    report = coxa.analyse(trial)
    main = report.estimates.frame.query("analysis == 'main' and visit == 'week_12' and reference == 'usual'").iloc[0]
    assert main["conf_low"] < trial.truth.value("primary", "exercise").value < main["conf_high"]
    frame = report.datasets["primary"].frame
    scores = report.cohort.table("item_responses")
    assert frame["fear_at_start"].between(11, 44).all()
    assert scores["instrument"].nunique() == 5
