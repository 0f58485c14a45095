"""`diary: variability` of a plan: what is planted comes back in the report, and what cannot be asked is named."""

from __future__ import annotations

from pathlib import Path

import pytest

import coxa
from coxa.errors import CoxaError, PlanError
from coxa.report.topics.diary.variability import sd_of_arm, variability_fit
from coxa.study.reading.read import parse_study

PLAN = """
study: steady
title: Steadier days
arms: {usual: {reference: true, label: Usual care}, exercise: {label: Exercise}}
visits: {baseline: {day: 0}, week_4: {day: 28}}
outcomes: {pain: {label: Pain, source: {table: daily_diary, field: pain}}}
diary: {variability: {pain: {outcome: pain}}}
estimands: {e: {treatment: {compare: exercise, against: usual}, endpoint: {outcome: pain, visit: week_4}}}
analyses: {a: {estimand: e, role: primary, model: ancova}}
assumptions:
  participants: 40
  diary:
    first_day: -6
    last_day: 28
    pain: {day_sd: 1.2, day_sd_by_arm: {exercise: 0.8}, day_correlation: 0.0}
    training: {days: 0}
"""


def simulated(text: str = PLAN) -> coxa.simulate.SimulatedTrial:
    return coxa.simulate_study(parse_study(text.encode()), seed=3, truth_size=300)


def test_the_planted_ratio_of_sds_is_in_the_report(tmp_path: Path) -> None:
    report = coxa.analyse(simulated())
    found = variability_fit(report.cohort, "pain")
    assert not isinstance(found, CoxaError)
    ratio = found.sd_ratio("arm[exercise]")
    assert ratio["conf_low"] < 0.8 / 1.2 < ratio["conf_high"]
    sd, low, high = sd_of_arm(found, "usual", "usual")
    assert low < 1.2 < high
    assert sd_of_arm(found, "exercise", "usual")[0] == pytest.approx(sd * ratio["estimate"])
    page = report.write(tmp_path)[0].read_text(encoding="utf-8")
    assert "How variable the days of participants are" in page
    assert "this shows that days are less variable" in page
    assert "SD of a participant" in page


def test_a_column_that_is_not_there_is_named() -> None:
    report = coxa.analyse(simulated(PLAN.replace("{outcome: pain}}", "{outcome: sleep_hours}}")))
    found = variability_fit(report.cohort, "pain")
    assert isinstance(found, CoxaError)
    assert "no values of sleep_hours" in str(found)


def test_an_unknown_arm_is_a_fault() -> None:
    with pytest.raises(PlanError, match="fault"):
        parse_study(PLAN.replace("{exercise: 0.8}", "{excercise: 0.8}").encode())
