"""Estimands of the per-protocol and the safety set in a simulated trial: who is in, and what the value is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import betabinom

from coxa.cli.trial_files import trial_files
from coxa.cohort.read import read_cohort
from coxa.derive import derive_dataset
from coxa.derive.analysis_sets import FLAGS, derive_analysis_sets
from coxa.design.by_simulation.simulated import simulated_power
from coxa.errors import OptionError
from coxa.simulate import estimand_frame, simulate_study, trial_design, true_values
from coxa.simulate.from_plan.sets import set_members
from coxa.simulate.identifiers import participant_ids
from coxa.study import Study, read_study
from coxa.study.reading.read import parse_study
from tests.spec.assumed_trial import ASSUMED, SMALL

ROUNDED = 1e-3
"""Values are written with three decimals; a change has two of them."""

SETS = """\
  protocol:
    population: per_protocol_set
    treatment: {compare: exercise, against: usual_care}
    endpoint: {outcome: pain, measure: change, visit: week_12}
    intercurrent_events: {surgery: hypothetical, stopping: treatment_policy}
  treated:
    population: safety_set
    treatment: {compare: exercise, against: usual_care}
    endpoint: {outcome: pain, measure: change, visit: week_12}
    intercurrent_events: {surgery: hypothetical, stopping: treatment_policy}
analyses:
  protocol: {estimand: protocol, role: supplementary, model: mmrm}
  treated: {estimand: treated, role: supplementary, model: mmrm}
"""
RULE = "per_protocol: {min_attendance: 0.75, without_events: [surgery]}"
EVENTFUL = """\
  not_started: {exercise: 0.25}
  sessions: {attendance: 0.7, consistency: 3}
  dropout: {probability: 0.2, mechanism: mar, odds_ratio: 1.5}
  events: {surgery: {probability: 0.15, effect: -10, ends_treatment: true}, stopping: {probability: 0.1, leaves: 0.5}}
"""


def plan_text(more: str, rule: str = RULE) -> str:
    quiet = ASSUMED.replace("sd: 15}", "sd: 8}").replace("{week_6: 15, week_12: 17}", "8")
    return SMALL.replace("DESIGN", rule).replace("analyses:\n", SETS) + quiet + more


def plan(more: str, rule: str = RULE) -> Study:
    return parse_study(plan_text(more, rule).encode())


def test_who_is_in_a_set_is_what_the_derivations_find_in_the_written_files(tmp_path: Path) -> None:
    source = tmp_path / "plan.yaml"
    source.write_text(plan_text(EVENTFUL), encoding="utf-8")
    trial = simulate_study(read_study(source), seed=3, truth_size=400)
    cohort = read_cohort(read_study(trial_files(trial, source, tmp_path / "out", ("csv",))[0])).require_clean()
    derived = derive_analysis_sets(cohort).set_index("participant_id").loc[participant_ids(trial.design.n)]
    for population, flag in FLAGS.items():
        found = set_members(trial.design, trial.drawn, population)
        assert found.tolist() == derived[flag].tolist()
    assert 10 < derived["in_per_protocol_set"].sum() < 110
    assert 80 < derived["in_safety_set"].sum() < 120
    for name in ("protocol", "treated"):
        arrays, files = estimand_frame(trial.design, trial.drawn, name), derive_dataset(cohort, name).frame
        assert arrays["participant_id"].tolist() == files["participant_id"].tolist()
        assert arrays["arm"].astype(str).tolist() == files["arm"].astype(str).tolist()
        assert arrays["change"].to_numpy() == pytest.approx(
            files["change"].to_numpy(dtype=float), abs=ROUNDED, nan_ok=True
        )


def test_a_set_of_those_who_got_their_treatment_has_the_whole_effect_of_it() -> None:
    """A quarter does not start: everybody gains 3/4 of 7 points, whoever is treated as allocated all of them."""
    study = plan("  not_started: {exercise: 0.25}\n", "per_protocol: {received_allocated_arm: true}")
    truth = true_values(trial_design(study), n=40_000)
    assert truth.value("primary", "exercise", "week_12").value == pytest.approx(0.75 * -7)
    for name in ("protocol", "treated"):
        item = truth.value(name, "exercise")
        assert item.obtained == "simulation"
        assert 0 < item.monte_carlo_error < 0.15
        assert item.value == pytest.approx(-7, abs=4 * item.monte_carlo_error)
    assert "those who would be in the set" in truth.how


def test_who_comes_often_enough_has_the_dose_of_many_sessions() -> None:
    """With 12 sessions, 70% attended, and -0.5 a session: the mean dose of those with 9 or more, beta-binomial."""
    more = "  sessions: {attendance: 0.7, consistency: 3}\n  dose_response: -0.5\n"
    item = true_values(trial_design(plan(more)), n=40_000).value("protocol", "exercise")
    sessions = betabinom(12, 0.7 * 3, 0.3 * 3)
    enough = np.arange(9, 13)
    mean = (enough * sessions.pmf(enough)).sum() / sessions.pmf(enough).sum()
    assert item.value == pytest.approx(-7 - 0.5 * (mean - 12 * 0.7), abs=4 * item.monte_carlo_error)


def test_power_of_an_analysis_of_the_per_protocol_set() -> None:
    """A quarter of the participants of an arm less, the whole effect: unbiased for the set, not for everybody."""
    study = plan("  not_started: {exercise: 0.25}\n", "per_protocol: {received_allocated_arm: true}")
    found = simulated_power(study, replicates=100, seed=4, analyses=["protocol", "treated"]).frame
    for row in found.to_dict("records"):
        assert row["truth"] == pytest.approx(-7, abs=0.2)
        assert abs(row["bias"]) < 4 * row["bias_error"]
        assert row["power"] > 0.9


def test_a_set_without_members_is_refused_by_name() -> None:
    study = plan("  sessions: {attendance: 0.0}\n", "per_protocol: {min_attendance: 0.5}")
    with pytest.raises(OptionError, match=r"None of 400 simulated participants of exercise .* estimand protocol"):
        true_values(trial_design(study), n=400)
