"""A trial simulated from the plan of the worked example, checked and analysed as any other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import Result
from typer.testing import CliRunner

from coxa.cli.main import app
from coxa.cli.trial_files import trial_files
from coxa.cohort.read import read_cohort
from coxa.derive import derive_dataset
from coxa.report.analyse import analyse_cohort, primary_rows
from coxa.report.report import Report
from coxa.simulate import SimulatedTrial, estimand_frame, simulate_study
from coxa.study import read_study
from tests.spec.assumed_trial import ASSUMED, SMALL, hip_oa_text

SEED = 1


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[SimulatedTrial, Path]:
    folder = tmp_path_factory.mktemp("trial")
    plan = folder / "plan.yaml"
    plan.write_text(hip_oa_text(), encoding="utf-8")
    trial = simulate_study(read_study(plan), seed=SEED, truth_size=20_000)
    return trial, trial_files(trial, plan, folder / "out", ("csv",))[0]


@pytest.fixture(scope="module")
def report(simulated: tuple[SimulatedTrial, Path]) -> Report:
    return analyse_cohort(read_cohort(read_study(simulated[1])).require_clean())


def test_the_data_are_clean_and_every_row_is_kept(report: Report) -> None:
    people = report.cohort.table("participants")
    never_treated = people.loc[people["arm"] != people["arm_received"], "participant_id"]
    worth_knowing = [item for item in report.cohort.findings if item.severity != "note"]
    # who was given another arm has no therapist of the own one, which the analysis with therapists asks for
    assert {(item.severity, item.field) for item in worth_knowing} == {("warning", "therapist_id")}
    assert {item.participant_id for item in worth_knowing} <= set(never_treated)
    assert report.cohort.disposition.imbalance().empty


def test_the_truth_lies_in_the_intervals(simulated: tuple[SimulatedTrial, Path], report: Report) -> None:
    both = simulated[0].truth.beside(primary_rows(report))
    assert set(both["estimand"]) == set(simulated[0].design.study.estimands)
    mine = both[both["analysis"].isin(["primary", "function", "pain_intensity", "pain_responders"])]
    assert len(mine) == 8
    assert mine["inside"].all(), mine.to_string()


def test_what_an_estimand_is_estimated_from_is_the_same_from_arrays_and_from_files(
    simulated: tuple[SimulatedTrial, Path], report: Report
) -> None:
    """One set of rules for intercurrent events, in the simulator and in the derivations."""
    trial = simulated[0]
    for name in ("pain_intensity", "pain_treatment_policy", "pain_responders"):
        arrays = estimand_frame(trial.design, trial.drawn, name)
        files = derive_dataset(report.cohort, name).frame
        assert arrays["participant_id"].tolist() == files["participant_id"].tolist()
        assert arrays["arm"].astype(str).tolist() == files["arm"].astype(str).tolist()
        response = "responder" if name == "pain_responders" else "change"
        if name == "pain_intensity":
            assert arrays[response].to_numpy() == pytest.approx(files[response].to_numpy(dtype=float), nan_ok=True)
        else:  # a few scores lack an item, so that they differ a little from the score of the whole form
            differ = arrays[response] - files[response]
            assert (arrays[response].isna() == files[response].isna()).mean() > 0.99
            assert (differ.abs() > 4).mean() < 0.01


SMALL_PLAN = SMALL.replace("DESIGN", "# a comment that is kept") + ASSUMED.replace("sd: 15}", "sd: 8}").replace(
    "{week_6: 15, week_12: 17}", "8"
)
"""So that no value on the continuous scale lies outside its range."""


def simulate(folder: Path, *options: str, plan: str = SMALL_PLAN) -> Result:
    (folder / "study.yaml").write_text(plan, encoding="utf-8")
    return CliRunner().invoke(app, ["simulate", str(folder / "study.yaml"), *options])


def test_the_command_writes_a_trial_that_can_be_checked_and_analysed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    shown = simulate(tmp_path, "--out", str(out), "--seed", "2", "--participants", "80")
    assert shown.exit_code == 0, shown.output
    assert "Usual care 40, Exercise 40" in shown.output
    assert "exact" in shown.output
    assert {path.name for path in out.iterdir()} == {"README.md", "data", "dictionary.csv", "study.yaml", "truth.json"}
    text = (out / "study.yaml").read_text()
    assert "# a comment that is kept" in text
    checked = CliRunner().invoke(app, ["check", str(out / "study.yaml")])
    assert checked.exit_code == 0, checked.output
    truth = {(item["estimand"], item["visit"]): item for item in json.loads((out / "truth.json").read_text())["values"]}
    assert truth["primary", "week_12"]["value"] == -7
    listed = pd.read_csv(out / "dictionary.csv")
    assert listed["description"].notna().all()
    for path in (out / "data").iterdir():
        columns = list(pd.read_csv(path).columns)
        assert listed.loc[listed["file"] == path.stem, "column"].tolist() == columns
    again = simulate(tmp_path, "--out", str(out))
    assert again.exit_code == 2
    assert "not empty" in again.output


def test_the_same_seed_gives_the_same_bytes_and_parquet_the_same_values(tmp_path: Path) -> None:
    for name, form in (("a", "csv"), ("b", "csv,parquet"), ("c", "parquet")):
        shown = simulate(tmp_path, "--out", str(tmp_path / name), "--format", form, "-q")
        assert shown.exit_code == 0, shown.output
    csv = (tmp_path / "a" / "data" / "assessments.csv").read_bytes()
    assert csv == (tmp_path / "b" / "data" / "assessments.csv").read_bytes()
    tables = [read_cohort(read_study(tmp_path / name / "study.yaml")).table("assessments") for name in ("a", "c")]
    assert np.array_equal(tables[0]["value"], tables[1]["value"])


def test_wrong_use_and_faulty_plans_have_their_exit_codes(tmp_path: Path) -> None:
    assert simulate(tmp_path, "--format", "xlsx", "--out", str(tmp_path / "x")).exit_code == 2
    few = simulate(tmp_path, "--participants", "3", "--out", str(tmp_path / "x"))
    assert few.exit_code == 2
    assert "Give every arm 2 or more." in few.output
    faulty = simulate(tmp_path, "--out", str(tmp_path / "x"), plan=SMALL_PLAN.replace("sd: 8}", "sd: -8}"))
    assert faulty.exit_code == 1
    without = simulate(tmp_path, "--out", str(tmp_path / "x"), plan=SMALL.replace("DESIGN", ""))
    assert without.exit_code == 1
    assert not (tmp_path / "x").exists()


def test_values_outside_the_range_of_a_continuous_scale_are_told(tmp_path: Path) -> None:
    plan = SMALL_PLAN.replace("mean: 55", "mean: 95")
    shown = simulate(tmp_path, "--out", str(tmp_path / "out"), plan=plan)
    assert shown.exit_code == 0
    assert "values of pain lie outside its range; `scale: bounded` cuts them" in " ".join(shown.output.split())


def test_json_has_the_files_and_the_truth(tmp_path: Path) -> None:
    shown = simulate(tmp_path, "--out", str(tmp_path / "out"), "--json")
    told = json.loads(shown.output)
    assert told["truth"][0]["estimand"] == "primary"
    assert all(Path(path).is_file() for path in told["written"])


def test_the_truth_of_a_factorial_trial_is_told_by_its_factors(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["new", str(tmp_path), "--preset", "moa-2013"]).exit_code == 0
    done = CliRunner().invoke(app, ["simulate", str(tmp_path / "study.yaml"), "--out", str(tmp_path / "simulated")])
    assert done.exit_code == 0, done.output
    told = " ".join(done.output.split())
    assert "Manual and exercise therapy against Usual care" in told
    assert "manual therapy against without manual therapy" in told
    assert "manual therapy with exercise therapy against the sum of both" in told
