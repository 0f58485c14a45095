"""`coxa lock`, and what the other commands say of a lock."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from coxa.cli.main import app
from tests.spec.drawn_trial import drawn_trial

ROOT = Path(__file__).parents[2]
DEMO = (ROOT / "analyses" / "hip_oa_trial" / "study.yaml").read_text(encoding="utf-8")
WHY = "the steering committee asked for it; no outcome was seen"
runner = CliRunner()


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study of its own, from the template."""
    folder = tmp_path / "trial"
    assert run("new", folder).exit_code == 0
    return folder / "study.yaml"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A study of its own that takes little to analyse."""
    return drawn_trial(tmp_path / "trial", 1, 60)


def run(*arguments: object) -> Result:
    return runner.invoke(app, [str(argument) for argument in arguments])


def edit(study: Path, old: str, new: str) -> None:
    text = study.read_text(encoding="utf-8")
    assert old in text
    study.write_text(text.replace(old, new), encoding="utf-8")


def test_a_lock_shows_what_was_locked(study: Path) -> None:
    done = run("lock", study, "--date", "2026-01-15")
    assert done.exit_code == 0, done.output
    assert "Locked my-trial on 2026-01-15" in done.output
    assert hashlib.sha256(study.read_bytes()).hexdigest() in done.output
    assert (study.parent / "study.lock.json").is_file()
    again = run("lock", study)
    assert (again.exit_code, again.output) == (0, "nothing to lock: the plan is as locked on 2026-01-15\n")
    edit(study, "study: my-trial", "# a comment\nstudy: my-trial")
    assert "what differs in the file is not of the protocol" in run("lock", study).output


def test_a_changed_plan_is_refused_without_a_reason_and_amended_with_one(study: Path) -> None:
    run("lock", study, "--date", "2026-01-15")
    edit(study, "multiplicity: holm", "multiplicity: dunnett")
    refused = run("lock", study)
    assert refused.exit_code == 1
    assert "analysis primary: multiplicity" in refused.output
    assert "holm -> dunnett" in refused.output
    assert "--reason" in refused.output
    done = run("lock", study, "--reason", WHY, "--date", "2026-03-02")
    assert done.exit_code == 0, done.output
    assert "Amendment 1 of my-trial, 2026-03-02: 1 change" in done.output
    assert WHY in done.output
    assert [line.split() for line in done.output.splitlines() if "multiplicity" in line] == [
        ["analysis", "primary:", "multiplicity", "holm", "dunnett"]
    ]


def test_json_has_the_hashes_and_the_changes(study: Path) -> None:
    first = json.loads(run("lock", study, "--date", "2026-01-15", "--json").output)
    assert (first["written"], first["entries"], first["changes"]) == (True, 1, [])
    assert json.loads(run("lock", study, "--json").output)["written"] is False
    edit(study, "multiplicity: holm", "multiplicity: none")
    second = json.loads(run("lock", study, "--reason", WHY, "--json").output)
    assert second["changes"] == [
        {"key": "analyses.primary.multiplicity", "what": "analysis primary: multiplicity", "from": "holm", "to": "none"}
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [(["--date", "1 May"], 2, "YYYY-MM-DD"), (["nothing.yaml"], 2, ""), ([], 0, "")],
)
def test_wrong_use(study: Path, arguments: list[str], code: int, said: str) -> None:
    done = run("lock", study, *arguments)
    assert done.exit_code == code
    assert said in done.output


def test_a_damaged_lock_stops_every_command_with_the_remedy(study: Path) -> None:
    run("lock", study, "--date", "2026-01-15")
    edit(study.parent / "study.lock.json", "2026-01-15", "2025-01-15")
    for command in ("lock", "check", "analyse", "report", "rehearse"):
        done = run(command, study)
        assert done.exit_code == 1, command
        assert "is damaged, or was edited" in done.output


def test_check_analyse_and_report_say_how_the_plan_stands(small: Path) -> None:
    study = small
    out = study.parent / "out"
    for command in (("check",), ("analyse", "--out", out), ("report", "--out", out)):
        done = run(command[0], study, *command[1:])
        assert "the plan is not locked" in done.output.splitlines()
    run("lock", study, "--date", "2026-01-15")
    assert "; unchanged since" in run("check", study).output
    assert "locked" not in run("check", study, "-q").output
    edit(study, "window: [-14, 21]", "window: [-14, 28]")
    said = "changed since: 1 change without record (1 of a primary analysis)"
    for command in (("check",), ("analyse", "--out", out), ("report", "--out", out)):
        assert said in run(command[0], study, *command[1:], "-q").output
    assert "Warning on the protocol" in (out / "report.html").read_text(encoding="utf-8")
    seconds = json.loads((out / "run.json").read_text(encoding="utf-8"))["seconds"]
    assert set(seconds) == {"read", "derive", "fit", "render"}
    assert set(seconds["fit"]) == {"primary", "response"}
    assert set(seconds["render"]) == {"document", "html"}
    verified = run("verify", out / "report.html")
    assert verified.exit_code == 0, verified.output


@pytest.mark.slow  # a crate and a report are the same bytes twice in test_report_crate too
def test_a_report_of_a_locked_plan_and_its_crate_are_the_same_bytes_twice(small: Path) -> None:
    study = small
    run("lock", study, "--date", "2026-01-15")
    made = []
    for name in ("first", "second"):
        out = study.parent / name
        done = run("report", study, "--out", out, "--crate", "--date", "2026-04-01", "--licence", "CC BY 4.0")
        assert done.exit_code == 0, done.output
        made.append([(out / file).read_bytes() for file in ("report.html", "drawn-ro-crate.zip")])
    assert made[0] == made[1]


@pytest.mark.parametrize("option", [("--date", "2026-04-01"), ("--licence", "CC BY 4.0")])
def test_options_of_a_crate_need_one(study: Path, option: tuple[str, str]) -> None:
    done = run("report", study, *option)
    assert done.exit_code == 2
    assert "Add `--crate`" in done.output


def test_a_wrong_day_of_a_crate_stops_before_the_analyses(study: Path) -> None:
    done = run("report", study, "--crate", "--date", "soon", "--out", study.parent / "out")
    assert done.exit_code == 2
    assert "YYYY-MM-DD" in done.output
    assert not (study.parent / "out").exists()


@pytest.mark.slow
def test_a_rehearsal_is_of_the_locked_plan_unless_unlocked_is_said(tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    study.write_text(DEMO.replace("../..", str(ROOT)), encoding="utf-8")
    rehearse = ("rehearse", study, "--replicates", 2, "--analyses", "ancova")
    assert "the plan is not locked" in run(*rehearse).output
    run("lock", study, "--date", "2026-01-15")
    assert "; unchanged since" in run(*rehearse).output
    edit(study, "window: [-14, 21]", "window: [-14, 28]")
    refused = run(*rehearse)
    assert refused.exit_code == 1
    assert "visit week 12: window" in refused.output
    assert "--unlocked" in refused.output
    allowed = run(*rehearse, "--unlocked")
    assert "1 change without record" in allowed.output
    assert "ancova" in allowed.output
