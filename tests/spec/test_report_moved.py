"""A page of two runs: which numbers moved, and what is not the same."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import coxa
from coxa.cli.main import app
from coxa.report.document import Card
from coxa.report.report import Report
from coxa.report.trace.kept import Kept, read_kept
from coxa.report.trace.moved import moved_document


@cache
def made(level: float) -> Report[Any]:
    trial = coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1)
    plan = trial.study
    analyses = {name: one.model_copy(update={"conf_level": level}) for name, one in plan.analyses.items()}
    return coxa.analyse(plan.model_copy(update={"analyses": analyses}), trial.tables)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Kept, Kept]:
    folders = [tmp_path_factory.mktemp(name) for name in ("first", "second")]
    for folder, level in zip(folders, (0.95, 0.9), strict=True):
        made(level).write(folder, "html", length="brief")
    first, second = map(read_kept, folders)
    return first, second


def facts(first: Kept, second: Kept) -> dict[str, str]:
    document = moved_document(first, second, 1e-9)
    card = next(block for section in document.walk() for block in section.blocks if isinstance(block, Card))
    return {name: str(text) for name, text in card.facts}


def test_a_changed_key_of_the_plan_is_named_with_what_it_was(runs: tuple[Kept, Kept]) -> None:
    said = facts(*runs)
    assert "conf level" in said["Plan"] or "conf_level" in said["Plan"]
    assert said["Plan"].endswith("now 0.9")
    assert said["Data files"] == "the same"
    assert said["Versions"] == "the same"


def test_every_number_that_moved_is_a_row_with_both_values(runs: tuple[Kept, Kept]) -> None:
    document = moved_document(*runs, 1e-9)
    table = next(document.tables())
    limits = [row for row in table.rows() if row.label.endswith("lower limit")]
    assert limits
    for row in limits:
        one, other, difference = (cell.statistics[0].value for cell in row.cells)
        assert difference == pytest.approx(other - one)
    assert not [row for row in table.rows() if row.label.endswith("difference, estimate")]


def test_the_same_run_twice_has_no_number_that_moved(runs: tuple[Kept, Kept]) -> None:
    document = moved_document(runs[0], runs[0], 1e-9)
    assert not list(document.tables())
    assert "None of" in str(document.sections[1].blocks[0])


def test_the_command_writes_the_page_and_says_how_many_differ(runs: tuple[Kept, Kept], tmp_path: Path) -> None:
    page = tmp_path / "moved.html"
    done = CliRunner().invoke(app, ["compare", str(runs[0].folder), str(runs[1].folder), "--page", str(page)])
    assert done.exit_code == 1
    assert "difference(s)" in done.output
    assert "What is not the same" in page.read_text(encoding="utf-8")
