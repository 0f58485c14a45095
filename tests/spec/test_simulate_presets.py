"""Presets as study files: what they hold, how they are listed, copied, and simulated; and figures of a plan's own."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import coxa
from coxa.cli.main import app
from coxa.errors import OptionError, PlanError
from coxa.simulate import draw_outcomes, trial_design
from coxa.simulate.ends import at_the_ends, before_the_ends, change_spread, correlation_for_change
from coxa.simulate.from_plan.exact import exact_mean
from coxa.simulate.from_plan.trial import simulate_study
from coxa.simulate.presets import preset_bytes
from coxa.simulate.published import comparison_frame
from coxa.study.reading.read import parse_study
from tests.spec.small_trial import plan

NAMES = coxa.simulate.preset_names()
PLAN = """
study: tiny
title: A tiny trial
arms: {usual_care: {reference: true}, exercise: {}}
visits: {baseline: {day: 0}, week_12: {day: 84}}
outcomes: {pain: {range: [0, 100], higher_is_better: false}}
estimands:
  primary:
    treatment: {compare: exercise, against: usual_care}
    endpoint: {outcome: pain, visit: week_12}
analyses:
  primary: {estimand: primary, model: ancova}
assumptions:
  participants: 40
  outcomes: {pain: {baseline: {mean: 50, sd: 10}, mean_change: {exercise: -5}}}
source:
  trial: Somebody 2026
  paper: nowhere
  figures: FIGURES
"""
runner = CliRunner()


def tiny(figures: str, text: str = PLAN) -> coxa.Study:
    return parse_study(text.replace("FIGURES", figures).encode())


def faults(figures: str) -> str:
    with pytest.raises(PlanError) as found:
        tiny(figures)
    return found.value.findings.as_text()


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_says_where_its_figures_and_its_working_values_come_from(name: str) -> None:
    study = coxa.preset(name)
    source = study.source
    assert study.study == name
    assert source is not None
    assert source.paper
    assert source.addresses
    assert source.working
    assert source.left_out
    assert len(source.figures) >= 1
    assert all(figure.tag in ("read", "secondary", "computed") for figure in source.figures)
    assert b"working" in preset_bytes(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_is_simulated_as_it_stands(name: str) -> None:
    trial = simulate_study(coxa.preset(name), seed=1, truth_size=2000)
    assert {"participants", "assessments"} <= set(trial.tables)
    assert len(trial.truth.values) >= 1


def test_a_copy_of_a_preset_is_the_preset_and_can_be_simulated_and_reported(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    made = runner.invoke(app, ["new", str(folder), "--preset", "krauss-2014"])
    assert made.exit_code == 0, made.output
    assert (folder / "study.yaml").read_bytes() == preset_bytes("krauss-2014")
    assert list(folder.iterdir()) == [folder / "study.yaml"]
    out = tmp_path / "simulated"
    simulated = runner.invoke(app, ["simulate", str(folder / "study.yaml"), "--out", str(out), "-q"])
    assert simulated.exit_code == 0, simulated.output
    reported = runner.invoke(app, ["report", str(out / "study.yaml"), "--out", str(tmp_path / "out"), "-q"])
    assert reported.exit_code == 0, reported.output
    assert coxa.read_study(out / "study.yaml").source == coxa.preset("krauss-2014").source


def test_a_wrong_preset_is_answered_with_the_nearest() -> None:
    with pytest.raises(OptionError, match="did you mean harris-hayes-2020"):
        coxa.preset("harris-hays-2020")
    shown = runner.invoke(app, ["new", "x", "--preset", "moa"])
    assert shown.exit_code == 2
    both = runner.invoke(app, ["new", "x", "--preset", "moa-2013", "--template", "parallel-trial"])
    assert both.exit_code == 2
    assert not Path("x").exists()


def test_a_full_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    shown = runner.invoke(app, ["new", str(tmp_path), "--preset", "moa-2013"])
    assert shown.exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_presets_are_listed_with_their_sources() -> None:
    shown = runner.invoke(app, ["presets"])
    assert shown.exit_code == 0
    assert all(name in shown.output for name in NAMES)
    rows = pd.DataFrame(json.loads(runner.invoke(app, ["presets", "--json"]).output))
    assert rows["preset"].tolist() == list(NAMES)
    assert rows.set_index("preset").loc["moa-2013", "n"] == 206
    assert rows["paper"].str.len().min() > 10


def test_one_preset_is_shown_with_published_and_simulated_figures() -> None:
    shown = runner.invoke(app, ["presets", "poulsen-2013"])
    assert shown.exit_code == 0, shown.output
    assert "-1.90 (-2.9 to -0.9)" in shown.output
    assert "working values, not of the paper" in shown.output
    rows = json.loads(runner.invoke(app, ["presets", "poulsen-2013", "--json"]).output)
    assert rows[0]["value"] == -1.9
    assert all(row["within"] for row in rows)
    assert runner.invoke(app, ["presets", "poulsen-2013", "--markdown"]).exit_code == 2


def test_a_plan_of_ones_own_is_compared_in_the_same_way() -> None:
    study = tiny(
        "[{kind: difference, outcome: pain, visit: week_12, arm: exercise, against: usual_care, value: -5, "
        "rounding: 0.05}, {kind: mean, outcome: pain, visit: week_12, arm: exercise, value: 60, rounding: 0.5}]"
    )
    told = coxa.simulate.compare_published(study, per_arm=4000)
    assert [one.within for one in told] == [True, False]
    assert told[1].deviation == pytest.approx(-15, abs=0.5)
    frame = comparison_frame(told)
    assert {"kind", "outcome", "value", "tag", "simulated", "error", "allowed", "within"} <= set(frame.columns)
    with pytest.raises(OptionError, match="no published figures"):
        coxa.simulate.compare_published(tiny("[]"))


def test_a_participant_is_the_same_under_every_arm_so_that_a_difference_is_exact() -> None:
    figures = "[{kind: difference, outcome: pain, visit: week_12, arm: exercise, against: usual_care, value: -5, "
    told = coxa.simulate.compare_published(tiny(figures + "rounding: 0.0}]"), per_arm=500)
    assert told[0].simulated == pytest.approx(-5, abs=1e-3)


def test_faults_of_figures_name_what_is_missing() -> None:
    assert 'no visit "week_13"' in faults("[{kind: retention, visit: week_13, value: 0.9, rounding: 0.005}]")
    assert "needs its visit and arm and against" in faults(
        "[{kind: difference, outcome: pain, value: 1, rounding: 0.5}]"
    )
    assert "says how" in faults("[{kind: retention, visit: week_12, value: 0.9, rounding: 0.005, tag: computed}]")
    assert "says why" in faults("[{kind: retention, visit: week_12, value: 0.9, rounding: 0.005, allow: 0.01}]")
    assert "no `responder` rule" in faults(
        "[{kind: responders, outcome: pain, visit: week_12, arm: exercise, value: 0.5, rounding: 0.005}]"
    )
    assert "factorial" in faults("[{kind: interaction, outcome: pain, visit: week_12, value: 1, rounding: 0.5}]")


def test_an_arm_may_have_a_spread_of_its_own() -> None:
    text = PLAN.replace("mean_change:", "sd: 12, sd_by_arm: {exercise: 6}, correlation: 0.5, mean_change:")
    study = tiny("[]", text.replace("sd: 10}", "sd: 10}, scale: continuous"))
    design = trial_design(study, {"usual_care": 40_000, "exercise": 40_000})
    drawn = draw_outcomes(design, seed=3)
    for place, sd in enumerate((12.0, 6.0)):
        before, after = drawn.value[drawn.arm == place, 0].T
        assert after.std() == pytest.approx(sd, rel=3 / math.sqrt(2 * 40_000))
        assert before.std() == pytest.approx(10, rel=3 / math.sqrt(2 * 40_000))
        assert np.corrcoef(before, after)[0, 1] == pytest.approx(0.5, abs=3 * 0.75 / 200)


def test_the_exact_mean_at_an_end_of_the_scale_goes_by_the_spread_of_the_arm() -> None:
    text = PLAN.replace("mean: 50, sd: 10}", "mean: 20, sd: 10}, sd: 5, sd_by_arm: {exercise: 25}")
    study = tiny("[]", text)
    design = trial_design(study)
    found = [exact_mean(design, study.estimands["primary"], arm, 1) for arm in (0, 1)]
    assert found[0] == pytest.approx(at_the_ends(20, 5, 0, 100)[0], abs=1e-4)
    assert found[1] == pytest.approx(at_the_ends(15, 25, 0, 100)[0], abs=1e-3)


def test_an_unknown_arm_or_visit_of_a_spread_is_a_fault() -> None:
    text = PLAN.replace("mean_change:", "sd_by_arm: {exercize: 6}, mean_change:").replace("FIGURES", "[]")
    with pytest.raises(PlanError, match='no arm "exercize"'):
        parse_study(text.encode())
    with pytest.raises(PlanError, match='no visit after baseline "week_2"'):
        parse_study(text.replace("{exercize: 6}", "{exercise: {week_2: 6}}").encode())


@pytest.mark.parametrize(("mean", "sd", "step"), [(95.7, 6.2, 0.0), (1.0, 1.4, 1.0), (50.0, 10.0, 0.0)])
def test_what_is_cut_at_the_ends_has_the_mean_and_spread_that_were_asked_for(
    mean: float, sd: float, step: float
) -> None:
    high = 10.0 if step else 100.0
    found = before_the_ends(mean, sd, 0, high, step)
    assert at_the_ends(*found, 0, high, step) == pytest.approx((mean, sd), abs=1e-5)
    rng = np.random.default_rng(1)
    value = np.clip(found[0] + found[1] * rng.standard_normal(400_000), 0, high)
    if step:
        value = step * np.floor(value / step + rng.random(len(value)))
    assert value.mean() == pytest.approx(mean, abs=4 * sd / math.sqrt(400_000))
    assert value.std() == pytest.approx(sd, rel=0.01)


def test_an_impossible_spread_is_refused() -> None:
    with pytest.raises(OptionError, match="Lower the standard deviation"):
        before_the_ends(50, 60, 0, 100)
    with pytest.raises(OptionError, match="No correlation"):
        correlation_for_change((50, 10), (50, 10), 30, 0, 100)


def test_the_correlation_behind_a_spread_of_change_by_drawing() -> None:
    first, second = (66.0, 16.0), (90.0, 18.0)
    r = correlation_for_change(first, second, 14.0, 0, 100)
    rng = np.random.default_rng(2)
    z, e = rng.standard_normal((2, 400_000))
    change = np.clip(second[0] + second[1] * (r * z + math.sqrt(1 - r * r) * e), 0, 100) - np.clip(
        first[0] + first[1] * z, 0, 100
    )
    assert change.std() == pytest.approx(14.0, rel=0.005)
    assert change_spread(first, second, r, 0, 100) == pytest.approx(14.0, abs=1e-4)


def test_small_trials_have_no_source_and_need_none() -> None:
    assert plan().source is None
