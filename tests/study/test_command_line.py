"""The commands as a user meets them: what is printed, what is written, which exit code."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from coxa.cli.main import app

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "analyses" / "hip_oa_trial" / "study.yaml"
COMMANDS = ["demo", "new", "schema", "check", "score", "analyse", "report"]

runner = CliRunner()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "trial"
    made = runner.invoke(app, ["new", str(folder), "--template", "parallel-trial"])
    assert made.exit_code == 0, made.output
    return folder


def run_apart(*arguments: str) -> tuple[subprocess.CompletedProcess[str], float]:
    """Run coxa as a process of its own; return what it printed and the seconds of processor time it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "coxa.cli.main", *arguments]
    shown = subprocess.run(command, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return shown, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def test_help_lists_every_command_in_under_half_a_second() -> None:
    shown, seconds = run_apart("--help")
    assert shown.returncode == 0
    assert all(name in shown.stdout for name in COMMANDS)
    assert seconds < 0.5


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    shown = runner.invoke(app, [command, "--help"])
    assert shown.exit_code == 0
    assert "Usage" in shown.output


def test_a_new_trial_can_be_checked_and_reported(template: Path, tmp_path: Path) -> None:
    checked = runner.invoke(app, ["check", str(template / "study.yaml")])
    assert checked.exit_code == 0, checked.output
    assert "0 error(s)" in checked.output
    reported = runner.invoke(app, ["report", str(template / "study.yaml"), "--out", str(tmp_path)])
    assert reported.exit_code == 0, reported.output
    assert (tmp_path / "report.html").stat().st_size > 10_000
    assert {"estimates.csv", "findings.csv", "left_out.csv", "disposition.csv", "run.json"} <= {
        path.name for path in tmp_path.iterdir()
    }


def test_new_does_not_write_into_a_folder_with_something_in_it(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    refused = runner.invoke(app, ["new", str(tmp_path)])
    assert refused.exit_code == 2
    assert "not empty" in refused.output
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_faulty_plan_exits_with_one_and_shows_line_and_remedy(template: Path, tmp_path: Path) -> None:
    text = (template / "study.yaml").read_text()
    plan = tmp_path / "study.yaml"
    plan.write_text(text.replace("arms:", "armz:", 1))
    shown = runner.invoke(app, ["check", str(plan)])
    assert shown.exit_code == 1
    assert "unknown key `armz`" in " ".join(shown.output.split())
    assert "line" in shown.output


def test_bad_data_exit_with_one_and_a_table(template: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for file in (template / "data").iterdir():
        (data / file.name).write_bytes(file.read_bytes())
    people = pd.read_csv(data / "participants.csv", dtype=str)
    people.loc[0, "arm"] = "chiropractic"
    people.to_csv(data / "participants.csv", index=False)
    for command in ("check", "analyse"):
        arguments = [command, str(template / "study.yaml"), "--data", str(data)]
        if command == "analyse":
            arguments += ["--out", str(tmp_path / "out")]
        shown = runner.invoke(app, arguments)
        assert shown.exit_code == 1, shown.output
        assert "chiropractic" in shown.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", [["check", "nowhere.yaml"], ["schema", "stdy"], ["report"], ["frobnicate"]])
def test_wrong_use_is_told_apart_and_never_a_stack_trace(arguments: list[str]) -> None:
    shown = runner.invoke(app, arguments)
    assert shown.exit_code in (1, 2)
    assert "Traceback" not in shown.output


def test_a_wrong_option_is_answered_with_the_nearest() -> None:
    shown = runner.invoke(app, ["schema", "stdy"])
    assert shown.exit_code == 2
    assert "did you mean 'study'?" in shown.output


def test_json_is_json(template: Path, tmp_path: Path) -> None:
    shown = runner.invoke(app, ["analyse", str(template / "study.yaml"), "--json", "--out", str(tmp_path)])
    assert shown.exit_code == 0, shown.output
    rows = json.loads(shown.stdout)
    assert {"estimand", "estimate", "std_error", "df", "p_value"} <= set(rows[0])


def test_schema_prints_json_and_the_dictionary() -> None:
    assert json.loads(runner.invoke(app, ["schema", "study"]).stdout)["title"] == "coxa study file"
    assert "participants" in runner.invoke(app, ["schema", "data"]).stdout
    assert "hoos" in runner.invoke(app, ["schema", "instruments"]).stdout


def test_score_reads_a_spreadsheet_export(tmp_path: Path) -> None:
    items = tmp_path / "items.csv"
    header = "id;" + ";".join(f"hoos_p{k}" for k in range(1, 11))
    items.write_text(f"{header}\n007;1;1;1;1;1;;;;;\n8;1;99;;;;;;;;\n", encoding="cp1252")
    out = tmp_path / "scores.csv"
    options = ["--instrument", "hoos", "--prefix", "hoos_", "--participant", "id", "--out", str(out)]
    shown = runner.invoke(app, ["score", str(items), *options, "--missing", "99"])
    assert shown.exit_code == 0, shown.output
    scores = pd.read_csv(out, dtype={"participant_id": str}).query("scale == 'pain'").set_index("participant_id")
    assert scores.loc["007", "value"] == 75.0
    assert "1 of 10 items answered" in scores.loc["8", "reason"]
    undeclared = runner.invoke(app, ["score", str(items), *options])
    assert undeclared.exit_code == 1
    assert "row 3" in undeclared.output
    assert "an answer is between 0 and 4" in " ".join(undeclared.output.split())


def test_the_demonstration_runs_in_fifteen_seconds(tmp_path: Path) -> None:
    shown, seconds = run_apart("demo", "--out", str(tmp_path))
    assert shown.returncode == 0, shown.stderr
    assert str(tmp_path / "report.html") in shown.stdout
    assert seconds < 15


def test_the_same_plan_and_data_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        shown = runner.invoke(app, ["report", str(DEMO), "--out", str(tmp_path / name), "-q"])
        assert shown.exit_code == 0, shown.output
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name
