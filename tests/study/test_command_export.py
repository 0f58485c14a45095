"""`coxa export`: what is written, who may read it, and what is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from coxa.cli.main import app
from tests.spec.clinic import clinic
from tests.spec.drawn_trial import drawn_trial

runner = CliRunner()
DAY = "2026-01-15"


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_trial(tmp_path_factory.mktemp("drawn") / "trial", 1, 60)


@pytest.fixture(scope="module")
def report(plan: Path) -> Path:
    """Write the report of the trial; return its folder."""
    out = plan.parent / "out"
    assert runner.invoke(app, ["report", str(plan), "-q", "--out", str(out)]).exit_code == 0
    return out


def export(*args: object) -> tuple[int, str]:
    shown = runner.invoke(app, ["export", *map(str, args)])
    return shown.exit_code, " ".join(shown.output.split())


def test_without_a_standard_they_are_listed(plan: Path) -> None:
    code, shown = export(plan)
    assert code == 2
    assert "Give `--to` one of adam, dataset-json, ars, clinicaltrials, eudract." in shown


@pytest.mark.parametrize(("target", "ending"), [("adam", "csv"), ("dataset-json", "json")])
def test_what_has_participants_is_for_its_owner_alone(plan: Path, tmp_path: Path, target: str, ending: str) -> None:
    code, said = export(plan, "--to", target, "--out", tmp_path)
    assert code == 0, said
    written = sorted(tmp_path.iterdir())
    assert [path.name for path in written] == [f"{name}.{ending}" for name in ("adae", "adqs", "adsl")]
    if os.name == "posix":
        assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
    assert "for its owner alone" in said


@pytest.mark.parametrize("target", ["adam", "dataset-json"])
def test_what_has_participants_is_never_for_others(plan: Path, tmp_path: Path, target: str) -> None:
    code, said = export(plan, "--to", target, "--share", "--out", tmp_path / "out")
    assert code == 2
    assert "has a row for each participant and is not for others" in said
    assert not (tmp_path / "out").exists()


def test_the_same_day_gives_the_same_files(plan: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert export(plan, "--to", "dataset-json", "--date", DAY, "--out", tmp_path / name)[0] == 0
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
        assert json.loads(path.read_text(encoding="utf-8"))["datasetJSONCreationDateTime"] == f"{DAY}T00:00:00"


def test_the_folder_of_a_report_gives_what_its_plan_gives(plan: Path, report: Path, tmp_path: Path) -> None:
    for name, source in (("plan", plan), ("report", report)):
        code, said = export(source, "--to", "ars", "--out", tmp_path / name)
        assert code == 0, said
    assert (tmp_path / "plan" / "ars.json").read_bytes() == (tmp_path / "report" / "ars.json").read_bytes()
    results = pd.read_parquet(report / "results.parquet")
    event = json.loads((tmp_path / "report" / "ars.json").read_text(encoding="utf-8"))
    values = [float(one["rawValue"]) for each in event["analyses"] for one in each["results"] if "rawValue" in one]
    assert set(values) <= set(results["value"])


@pytest.mark.parametrize(("target", "n_files"), [("clinicaltrials", 6), ("eudract", 7)])
def test_tables_of_a_registry_are_files_of_their_own(report: Path, tmp_path: Path, target: str, n_files: int) -> None:
    code, said = export(report, "--to", target, "--share", "--out", tmp_path)
    assert code == 0, said
    files = list(tmp_path.glob("*.csv"))
    assert len(files) == n_files
    assert all(path.name.startswith(f"{target}_") for path in files)
    assert all(len(pd.read_csv(path).columns) > 3 for path in files)


def test_a_plan_that_was_changed_since_the_report_is_refused(tmp_path: Path) -> None:
    plan = drawn_trial(tmp_path / "trial", 1, 40)
    out = tmp_path / "trial" / "out"
    assert runner.invoke(app, ["report", str(plan), "-q", "--out", str(out)]).exit_code == 0
    plan.write_text(plan.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    code, said = export(out, "--to", "ars", "--out", tmp_path / "exported")
    assert code == 1
    assert "is not the plan of the report. Make the report again" in said


def test_a_service_has_adam_and_is_refused_for_the_rest_in_a_sentence(tmp_path: Path) -> None:
    plan = clinic(tmp_path)
    assert export(plan, "--to", "adam", "--out", tmp_path / "adam")[0] == 0
    for target in ("ars", "clinicaltrials", "eudract"):
        code, said = export(plan, "--to", target, "--out", tmp_path / target)
        assert code == 2
        assert "needs a plan with arms, and hip-clinic is of `design: service`, which has none." in said


def test_wrong_use_is_answered_with_what_there_is(plan: Path) -> None:
    assert "did you mean eudract" in export(plan, "--to", "eudra")[1]
    code, said = export(plan, "--to", "ars", "--date", DAY)
    assert code == 2
    assert "has no day in it. Leave out the date." in said


def test_help_has_an_example() -> None:
    assert "Example: coxa export study.yaml --to ars --out exported" in export("--help")[1]
