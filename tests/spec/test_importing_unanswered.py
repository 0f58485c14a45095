"""What an import leaves open is in the plan, and is told of wherever the plan is read; answers can be taken back."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import coxa
from coxa.cli.main import app
from coxa.errors import PlanError
from coxa.importing import propose, write_plan
from coxa.study.audit.read import read_audit
from coxa.study.unanswered import unanswered

HEAD = "patient,clinic,intake_date,discharge_date,pain_intake,pain_discharge,nprs_intake,nprs_discharge"
ROWS = [
    f"P{k:02},{'NS'[k % 2]},2025-01-{k:02},2025-03-{k:02},{k % 9},{k % 5},{k % 7 + 30},{k % 4 + 50}"
    for k in range(1, 29)
]
TRIAL = "id,arm,age,nprs_bl,nprs_6wk,nprs_12wk"


def clinic(folder: Path) -> Path:
    """Write an export whose function score names its instrument, and whose pain score does not."""
    head = HEAD.replace("nprs", "lefs")
    path = folder / "export 2025.csv"
    path.write_text("\n".join([head, *ROWS]) + "\n", encoding="utf-8")
    return path


def trial(folder: Path) -> Path:
    rows = [
        f"P{k:02},{('usual care', 'exercise')[k % 2]},{50 + k},{k % 9},{(k + 3) % 9},{(k + 5) % 9 if k % 4 else ''}"
        for k in range(1, 41)
    ]
    path = folder / "trial.csv"
    path.write_text("\n".join([TRIAL, *rows]) + "\n", encoding="utf-8")
    return path


def run(*arguments: str, answers: str = "") -> str:
    """Return what a command prints, its standard error after it."""
    done = CliRunner().invoke(app, list(arguments), input=answers)
    return " ".join(f"{done.output}{done.stderr}".split())


class TestAudit:
    def test_a_score_without_an_instrument_is_told_of_wherever_the_plan_is_used(self, tmp_path: Path) -> None:
        file = clinic(tmp_path)
        imported = run("import", str(file), "--out", str(tmp_path / "mine"))
        assert "until answered, not used: pain_intake, pain_discharge" in imported
        plan = tmp_path / "mine" / "audit.yaml"
        checked = run("check", str(plan))
        assert "until it is answered pain_intake, pain_discharge are not used" in checked
        assert "1 warning(s)" in checked
        audited = run("audit", str(plan), "--out", str(tmp_path / "out"))
        assert "until it is answered pain_intake, pain_discharge are not used" in audited

    def test_the_command_in_the_plan_asks_again(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        plan = write_plan(propose(clinic(tmp_path)), tmp_path / "mine")
        found = unanswered(plan.read_text(encoding="utf-8"))
        (question,) = [each for each in found.questions if each.left_out]
        assert (question.key, question.left_out) == ("instrument:pain", "pain_intake, pain_discharge")
        assert not found.changed
        monkeypatch.chdir(plan.parent)
        words = shlex.split(found.command)[1:]
        assert "wrote audit.yaml" in run(*words[:-1], "--answer", "instrument:pain=nprs")
        again = read_audit(plan)
        assert set(again.outcomes) == {"pain", "function"}
        assert again.origin is not None
        assert not [each for each in again.origin.unanswered.questions if each.left_out]

    def test_what_was_changed_by_hand_is_not_written_over(self, tmp_path: Path) -> None:
        plan = write_plan(propose(clinic(tmp_path)), tmp_path / "mine")
        plan.write_text(plan.read_text(encoding="utf-8").replace("small_cells: 5", "small_cells: 6"), encoding="utf-8")
        checked = run("check", str(plan))
        assert "--out answered" in checked
        assert "Write the key in the plan and delete the comment" in checked

    def test_a_question_that_was_deleted_from_the_plan_is_not_told_of(self, tmp_path: Path) -> None:
        plan = write_plan(propose(clinic(tmp_path)), tmp_path)
        lines = plan.read_text(encoding="utf-8").splitlines()
        first = next(k for k, line in enumerate(lines) if line.startswith("# ? Which instrument"))
        rest = next(k for k, line in enumerate(lines) if k > first and not line.startswith("#  "))
        plan.write_text("\n".join([*lines[:first], *lines[rest:]]) + "\n", encoding="utf-8")
        assert "not used" not in run("check", str(plan))

    def test_its_title_says_what_is_measured_and_when(self, tmp_path: Path) -> None:
        proposal = propose(clinic(tmp_path), answers={"instrument:pain": "nprs"})
        assert proposal.plan["title"] == "Pain and function by clinic, 2025"


def test_an_unfinished_plan_points_back_to_the_import(tmp_path: Path) -> None:
    plan = write_plan(propose(trial(tmp_path), "trial"), tmp_path / "mine")
    with pytest.raises(PlanError) as error:
        coxa.read_study(plan)
    asked = [each for each in error.value.findings if "is open since the import" in each.rule]
    assert {each.field for each in asked} == {"arm.reference", "primary.outcome", "primary.visit"}
    assert all("coxa import ../trial.csv --kind trial --out . --interactive" in each.remedy for each in asked)
    assert "questions can" not in run("check", str(plan))


def test_a_comment_of_somebody_is_no_question() -> None:
    assert not unanswered("# ? is this right\nstudy: a\n").questions


DECIDED = {"arm.reference": "usual_care", "primary.outcome": "nprs", "primary.visit": "week_12"}


class TestTrial:
    def test_its_title_says_what_is_compared_on_what(self, tmp_path: Path) -> None:
        assert propose(trial(tmp_path), "trial", DECIDED).plan["title"] == "Exercise compared with usual care: NPRS"
        cohort = propose(trial(tmp_path), "cohort", DECIDED).plan["title"]
        assert cohort == "NPRS in two groups: exercise and usual care"
        assert propose(trial(tmp_path), "service").plan["title"] == "NPRS over time"

    def test_it_assumes_what_its_scores_show_of_all_arms_and_no_difference(self, tmp_path: Path) -> None:
        file = trial(tmp_path)
        proposal = propose(file, "trial", DECIDED)
        assumed = proposal.plan["assumptions"]
        first = [k % 9 for k in range(1, 41)]
        kept = [((k + 5) % 9, k % 9) for k in range(1, 41) if k % 4]
        nprs = assumed["outcomes"]["nprs"]
        assert nprs["baseline"]["mean"] == round(sum(first) / 40, 2)
        assert nprs["shared_change"]["week_12"] == round(sum(a - b for a, b in kept) / len(kept), 2)
        assert nprs["mean_change"] == {"exercise": 0}
        assert assumed["participants"] == 40
        assert assumed["dropout"] == {"probability": 0.25}
        study = coxa.read_study(write_plan(proposal, tmp_path / "mine"))
        assert coxa.simulate_study(study, seed=1, truth_size=200).truth.to_frame()["value"].abs().max() < 0.5

    def test_nothing_is_assumed_while_answers_are_needed_or_from_few_participants(self, tmp_path: Path) -> None:
        file = trial(tmp_path)
        assert "assumptions" not in propose(file, "trial").plan
        file.write_text("\n".join(file.read_text(encoding="utf-8").splitlines()[:8]) + "\n", encoding="utf-8")
        assert "assumptions" not in propose(file, "trial", DECIDED).plan


class TestBack:
    def test_an_answer_is_taken_back(self, tmp_path: Path) -> None:
        out = tmp_path / "mine"
        answers = "1\n1\nback\nback\n2\n1\n2\n\n"
        words = ["import", str(trial(tmp_path)), "--kind", "trial", "--out", str(out), "--interactive"]
        printed = run(*words, answers=answers)
        assert "wrote" in printed
        assert coxa.read_study(out / "study.yaml").arms["usual_care"].reference  # type: ignore[attr-defined]

    def test_the_first_question_has_none_before_it(self, tmp_path: Path) -> None:
        words = ["import", str(trial(tmp_path)), "--kind", "trial", "--out", str(tmp_path / "mine"), "--interactive"]
        assert "This is the first question." in run(*words, answers="back\n2\n1\n2\n\n")


def test_the_package_runs_as_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "coxa", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"coxa {coxa.__version__}"
