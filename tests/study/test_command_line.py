"""The commands as a user meets them: what is printed, what is written, which exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from coxa.cli.edge import can_move
from coxa.cli.main import app
from tests.spec.drawn_trial import drawn_trial

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "analyses" / "hip_oa_trial" / "study.yaml"
PINNED = b"".join(path.read_bytes() for path in (ROOT / "pyproject.toml", *sorted(ROOT.glob("requirements/*.txt"))))
COMMANDS = [
    "demo",
    "new",
    "presets",
    "schema",
    "simulate",
    "twin",
    "power",
    "rehearse",
    "check",
    "lock",
    "score",
    "randomise",
    "analyse",
    "report",
    "export",
    "flow",
    "why",
    "verify",
    "compare",
]

runner = CliRunner()
COMMAND_GROUP = get_command(app)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "trial"
    made = runner.invoke(app, ["new", str(folder), "--template", "parallel-trial"])
    assert made.exit_code == 0, made.output
    return folder


def run_apart(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run coxa as a process of its own; return what it printed."""
    return subprocess.run([sys.executable, "-m", "coxa.cli.main", *arguments], capture_output=True, text=True)


def test_help_lists_every_command() -> None:
    shown = run_apart("--help")
    assert shown.returncode == 0
    assert all(name in shown.stdout for name in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["check", "--json", "--nonsense"], "No such option: --nonsense"),
        (["check", "--json"], "Missing argument 'STUDY.YAML'"),
        (["simulate", "x.yaml", "--seed", "a", "--json"], "Invalid value for '--seed'"),
        (["chekc", "--json"], "No such command 'chekc'"),
        (["check", "none.yaml", "--json"], "none.yaml"),
    ],
)
def test_wrong_use_is_answered_as_json_where_json_was_asked_for(arguments: list[str], what: str) -> None:
    shown = run_apart(*arguments)
    assert shown.returncode == 2
    assert what in json.loads(shown.stdout)["error"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    shown = runner.invoke(app, [command, "--help"])
    assert shown.exit_code == 0
    assert "Usage" in shown.output


@pytest.mark.parametrize("command", sorted(COMMAND_GROUP.commands))
def test_every_command_has_an_example_with_its_own_options_and_a_sentence_for_each(command: str) -> None:
    asked = COMMAND_GROUP.commands[command]
    example = (asked.help or "").split("Example: ")[-1].split()
    options = {name for parameter in asked.params for name in parameter.opts}
    assert example[:2] == ["coxa", command]
    assert {word for word in example if word.startswith("--")} <= options
    helps = {parameter.name: str(getattr(parameter, "help", "")) for parameter in asked.params}
    assert not {name: text for name, text in helps.items() if not text[:1].isupper() or not text.endswith(".")}


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
    assert "There is no key `armz`" in " ".join(shown.output.split())
    assert "line" in shown.output


def test_bad_data_exit_with_one_and_a_table(tmp_path: Path) -> None:
    plan, data = drawn_trial(tmp_path / "trial", 1, 40), tmp_path / "data"
    data.mkdir()
    for file in plan.parent.glob("*.csv"):
        (data / file.name).write_bytes(file.read_bytes())
    people = pd.read_csv(data / "p.csv", dtype=str)
    people.loc[0, "arm"] = "chiropractic"
    people.to_csv(data / "p.csv", index=False)
    for command in ("check", "analyse"):
        arguments = [command, str(plan), "--data", str(data)]
        if command == "analyse":
            arguments += ["--out", str(tmp_path / "out")]
        shown = runner.invoke(app, arguments)
        assert shown.exit_code == 1, shown.output
        assert "chiropractic" in shown.output
        as_json = json.loads(runner.invoke(app, [*arguments, "--json"]).stdout)
        assert "chiropractic" in {finding["value"] for finding in as_json}
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "nowhere.yaml"], "There is no file nowhere.yaml"),
        (["check", str(DEMO), "--data", "nowhere"], "There is no file nowhere"),
        (["report", "."], ".: This is a folder. Name the study file in it"),
        (["score", "nowhere.csv", "--instrument", "hoos"], "There is no file nowhere.csv"),
        (["score", "a.csv", "--instrument", "hoos", "--out", "b.xlsx"], "Choose one of .csv, .parquet"),
        (["schema", "stdy"], "Try `coxa schema study`"),
        (["schema", "study", "hoos"], "Leave out 'hoos'"),
        (["schema", "instruments", "hos_"], "did you mean hos?"),
        (["report"], "Missing argument"),
        (["report", str(DEMO), "--format", "pdf,word"], '`--format` is "word". Choose one of html, pdf, docx'),
        (["frobnicate"], "No such command"),
    ],
)
def test_wrong_use_exits_with_two_and_never_a_stack_trace(arguments: list[str], said: str) -> None:
    shown = runner.invoke(app, arguments)
    assert shown.exit_code == 2
    assert said in shown.output
    assert "Traceback" not in shown.output


@pytest.mark.parametrize("command", ["check", "analyse", "report", "score"])
def test_a_missing_file_is_json_when_json_was_asked_for(command: str) -> None:
    options = ["--instrument", "hoos"] if command == "score" else []
    shown = runner.invoke(app, [command, "nowhere", *options, "--json"])
    assert shown.exit_code == 2
    assert json.loads(shown.stdout) == {"error": "There is no file nowhere."}


@pytest.mark.parametrize("command", ["check", "analyse", "report"])
def test_faults_of_a_plan_are_json_when_json_was_asked_for(command: str, tmp_path: Path) -> None:
    plan = tmp_path / "study.yaml"
    plan.write_text(DEMO.read_text().replace("arms:", "armz:", 1))
    shown = runner.invoke(app, [command, str(plan), "--json"])
    assert shown.exit_code == 1
    (finding,) = json.loads(shown.stdout)
    assert (finding["table"], finding["field"], finding["rule"]) == ("study.yaml", "armz", "there is no key `armz`")


def test_json_is_json(tmp_path: Path) -> None:
    plan = drawn_trial(tmp_path / "trial", 1, 40)
    shown = runner.invoke(app, ["analyse", str(plan), "--json", "--out", str(tmp_path / "out")])
    assert shown.exit_code == 0, shown.output
    rows = json.loads(shown.stdout)
    assert {"estimand", "estimate", "std_error", "df", "p_value"} <= set(rows[0])


def test_schema_prints_json_and_the_dictionary() -> None:
    assert json.loads(runner.invoke(app, ["schema", "study"]).stdout)["title"] == "coxa study file"
    assert "participants" in runner.invoke(app, ["schema", "data"]).stdout
    assert "hoos" in runner.invoke(app, ["schema", "instruments"]).stdout


def test_schema_prints_one_instrument_and_one_table() -> None:
    hoos = runner.invoke(app, ["schema", "instruments", "hoos"]).stdout
    lines = [" ".join(line.split()) for line in hoos.splitlines()]
    assert "sp1 to sp4 4 0 to 4" in lines
    assert "pain 10 0 to 100 points higher is better yes" in lines
    assert "2013 (default) at least half of the items of a scale HOOS scoring instructions, June 2013 yes" in lines
    assert "thresholds (name population and context)" in lines
    people = runner.invoke(app, ["schema", "data", "participants"]).stdout
    assert "age number years 0 to 120 16 to 95 Age at randomisation" in [
        " ".join(x.split()) for x in people.splitlines()
    ]
    assert "one row: one participant; unique by participant_id" in people


def test_new_says_what_to_try_with_the_command_as_it_was_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COXA_COMMAND", "./dev coxa")
    shown = runner.invoke(app, ["new", str(tmp_path / "trial")])
    assert f"  ./dev coxa check {tmp_path / 'trial' / 'study.yaml'}" in shown.output.splitlines()


def test_dev_runs_coxa_in_the_directory_of_the_caller(tmp_path: Path) -> None:
    state = subprocess.run(["cksum"], input=PINNED, capture_output=True, check=True).stdout
    commands = tmp_path / "venv" / "bin"
    commands.mkdir(parents=True)
    (tmp_path / "venv" / ".coxa-base").write_bytes(state)
    for name in ("python", "coxa"):
        (commands / name).write_text('#!/bin/sh\necho "$PWD | $COXA_COMMAND | $*"\n')
        (commands / name).chmod(0o755)
    calls = ((["coxa", "check", "a.yaml"], "check a.yaml"), (["demo"], "demo"), (["python", "a.py"], "a.py"))
    for arguments, passed in calls:
        shown = subprocess.run(
            [str(ROOT / "dev"), *arguments],
            cwd=tmp_path,
            env={**os.environ, "COXA_VENV": "venv"},
            capture_output=True,
            text=True,
        )
        assert shown.stdout == f"{tmp_path} | {ROOT / 'dev'} coxa | {passed}\n", shown.stderr


@pytest.mark.parametrize("which", ["drawn", pytest.param("demonstration", marks=pytest.mark.slow)])
def test_the_same_plan_and_data_give_the_same_bytes(tmp_path: Path, which: str) -> None:
    plan = drawn_trial(tmp_path / "trial", 1, 40) if which == "drawn" else DEMO
    for name in ("one", "two"):
        out = ["--out", str(tmp_path / name), "--format", "html,pdf,docx"]
        shown = runner.invoke(app, ["report", str(plan), "-q", *out])
        assert shown.exit_code == 0, shown.output
    assert {"report.html", "report.pdf", "report.docx"} <= {file.name for file in (tmp_path / "one").iterdir()}
    for file in (tmp_path / "one").iterdir():
        if file.name != "run.json":
            assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name
    records = [json.loads((tmp_path / name / "run.json").read_text(encoding="utf-8")) for name in ("one", "two")]
    assert [sorted(record.pop("seconds")) for record in records] == [["derive", "fit", "read", "render"]] * 2
    assert records[0] == records[1]


def test_results_are_the_same_bytes_where_data_count_as_large(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How pandas keeps texts goes by the size of the data, and is in no file; afterwards it is as it was."""
    before = pd.get_option("mode.string_storage")
    for name, limit in (("small", 10**9), ("large", -1)):
        monkeypatch.setattr("coxa.cli.analyse.SMALL_DATA", limit)
        made = runner.invoke(app, ["analyse", str(template / "study.yaml"), "--out", str(tmp_path / name), "-q"])
        assert made.exit_code == 0, made.output
    assert pd.get_option("mode.string_storage") == before
    for name in ("estimates.csv", "estimates.parquet", "findings.csv", "left_out.csv", "disposition.csv"):
        assert (tmp_path / "small" / name).read_bytes() == (tmp_path / "large" / name).read_bytes(), name


@pytest.mark.parametrize(
    ("environment", "moves"), [({}, True), ({"TERM": "dumb"}, False), ({"JPY_PARENT_PID": "1"}, False)]
)
def test_a_line_is_drawn_over_in_a_terminal_and_not_in_a_notebook(
    environment: dict[str, str], moves: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    for name in ("TERM", "JPY_PARENT_PID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert can_move() is moves
