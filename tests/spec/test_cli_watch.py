"""A report is made again when the plan or its data change."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from coxa.cli import watch as watching
from coxa.cli.watch import files_of, watch

HIP_OA = Path(__file__).parents[2] / "analyses" / "hip_oa_trial" / "study.yaml"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "SECONDS", 0.0)


def test_the_files_are_the_plan_and_those_it_names() -> None:
    names = {file.name for file in files_of(HIP_OA, None)}
    assert {"study.yaml", "participants.csv", "assessments.csv"} <= names
    assert all(file.is_file() for file in files_of(HIP_OA, None))


def test_a_plan_with_faults_is_watched_by_itself(tmp_path: Path) -> None:
    plan = tmp_path / "study.yaml"
    plan.write_text("study: [", encoding="utf-8")
    assert files_of(plan, None) == [plan]


def test_each_change_makes_it_again_and_a_finding_does_not_end_it(tmp_path: Path) -> None:
    plan = tmp_path / "study.yaml"
    plan.write_text("study: a", encoding="utf-8")
    made: list[str] = []

    def make() -> None:
        made.append(plan.read_text(encoding="utf-8"))
        if len(made) < 3:
            plan.write_text(f"study: {'b' * len(made)}", encoding="utf-8")
            raise typer.Exit(1)

    watch(plan, None, make, looks=3)
    assert made == ["study: a", "study: b", "study: bb"]
