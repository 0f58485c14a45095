"""`coxa power` and `coxa rehearse` as a user meets them: what is printed, what is written, which exit code."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import Result
from typer.testing import CliRunner

from coxa.cli.main import app

PLAN = """\
study: hip-exercise
title: Exercise for hip pain
arms:
  usual_care: {reference: true}
  exercise: {delivers: [exercise_therapy]}
visits:
  baseline: {day: 0}
  week_6: {day: 42}
  week_12: {day: 84}
outcomes:
  pain: {range: [0, 100], unit: points, higher_is_better: true}
estimands:
  primary:
    treatment: {compare: exercise, against: usual_care}
    endpoint: {outcome: pain, measure: change, visit: week_12}
  protocol:
    population: per_protocol_set
    treatment: {compare: exercise, against: usual_care}
    endpoint: {outcome: pain, measure: change, visit: week_12}
per_protocol: {received_allocated_arm: true}
analyses:
  primary:
    estimand: primary
    model: mmrm
    adjust: [baseline * visit]
    random: {therapist_id: {only_in: exercise}}
    few_clusters: accept
  plain: {estimand: primary, role: sensitivity, model: mmrm, adjust: [baseline * visit], relaxes: therapists}
  protocol: {estimand: protocol, role: supplementary, model: mmrm}
assumptions:
  participants: 80
  outcomes:
    pain: {baseline: {mean: 50, sd: 12}, mean_change: {exercise: 8}}
  clusters:
    therapist_id: {number: 6, icc: 0.05, arms: exercise}
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "study.yaml"
    path.write_text(PLAN, encoding="utf-8")
    return path


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_power_with_random_effects_of_therapists(plan: Path) -> None:
    done = run("power", plan, "--replicates", 4, "--analyses", "primary", "--vary", "therapist_id=0.01,0.2", "--json")
    assert done.exit_code == 0, done.output
    rows = pd.DataFrame(json.loads(done.output))
    assert rows["setting"].tolist() == ["therapist_id=0.01", "therapist_id=0.2"]
    assert (rows["converged"] == 1).all()


def test_table_figure_and_pieces(plan: Path, tmp_path: Path) -> None:
    out = tmp_path / "power"
    done = run("power", plan, "--n", "40,60", "--replicates", 50, "--analyses", "plain,protocol", "--out", out)
    assert done.exit_code == 0, done.output
    assert "50 trials each, seed 1" in done.output
    written = {path.name for path in out.iterdir()}
    assert written == {"power.csv", "power.json", "power.svg", "power.html", "pieces"}
    table = pd.read_csv(out / "power.csv")
    assert list(zip(table["n"], table["analysis"], strict=True)) == [
        (40, "plain"), (40, "protocol"), (60, "plain"), (60, "protocol")
    ]  # fmt: skip


def test_a_number_is_found(plan: Path) -> None:
    done = run("power", plan, "--power", 0.8, "--replicates", 200, "--analyses", "plain")
    assert done.exit_code == 0, done.output
    assert "Monte Carlo interval" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--n", "sixty"], "`--n` has 'sixty', which is not a number"),
        (["--vary", "dropout"], "Write for example dropout=0.1,0.2"),
        (["--assurance", "6"], "Give mean and standard deviation"),
        (["--analyses", "plane"], "did you mean plain"),
        (["--jobs", "0"], "at least 1"),
    ],
)
def test_wrong_words_are_answered(plan: Path, words: list[str], said: str) -> None:
    done = run("power", plan, *words)
    assert done.exit_code == 2
    assert said in done.output


def test_a_rehearsal_of_a_simulated_trial(plan: Path, tmp_path: Path) -> None:
    made = run("simulate", plan, "--out", tmp_path / "trial", "--seed", 2, "--participants", 50)
    assert made.exit_code == 0, made.output
    study = tmp_path / "trial" / "study.yaml"
    done = run("rehearse", study, study.parent / "data", "--replicates", 60, "--analyses", "plain", "--power", 0.99)
    assert done.exit_code == 1, done.output
    assert "FAIL" in done.output
    assert "the allocation was not read" in done.output
    assert "+-" in done.output
    therapists = run("rehearse", study, "--replicates", 3, "--analyses", "primary", "--json")
    assert json.loads(therapists.output)[0]["converged"] == 1.0


def test_a_rehearsal_is_written_as_tables_and_a_record(plan: Path, tmp_path: Path) -> None:
    made = run("simulate", plan, "--out", tmp_path / "trial", "--seed", 2, "--participants", 50)
    assert made.exit_code == 0, made.output
    study = tmp_path / "trial" / "study.yaml"
    words = ["rehearse", study, "--replicates", 60, "--analyses", "plain,protocol", "--power", 0.99, "--seed", 4]
    done = run(*words, "--out", tmp_path / "one")
    assert done.exit_code == 1, done.output
    written = {path.name for path in (tmp_path / "one").iterdir()}
    assert written == {"estimands.csv", "comparisons.csv", "rehearsal.json"}
    table = pd.read_csv(tmp_path / "one" / "estimands.csv")
    assert table["estimand"].tolist() == ["primary"]
    assert table["verdict"].tolist() == ["FAIL"]
    assert table["decided_by"].tolist() == ["power"]
    assert table["reason"].str.contains("Monte Carlo error").all()
    assert (table["power_error"] > 0).all()
    record = json.loads((tmp_path / "one" / "rehearsal.json").read_text())
    assert record["verdict"] == "FAIL"
    assert record["seed"] == 4
    assert record["left_out"] == ["protocol"]
    held = (study.parent / "data" / "assessments.csv").read_bytes()
    assert record["data_sha256"]["assessments.csv"] == hashlib.sha256(held).hexdigest()
    again = run(*words, "--out", tmp_path / "two")
    assert again.exit_code == 1
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
