"""Every lesson: the right analysis finds what was planted, the obvious one does not; sheets, classes, the command."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from coxa.cli.main import app
from coxa.errors import OptionError
from coxa.lessons import answer_of, lesson_names, load_lesson
from coxa.lessons.sheets import marking_sheet, sheet, student_seeds

runner = CliRunner()


@pytest.mark.parametrize("name", lesson_names())
def test_the_right_analysis_finds_what_was_planted_and_the_obvious_one_does_not(name: str) -> None:
    lesson = load_lesson(name)
    answer = answer_of(lesson, seed=1, replicates=16)
    assert abs(answer.right.bias) < 4 * answer.right.bias_error
    assert answer.right.coverage > 0.75
    assert answer.wrong.coverage < answer.right.coverage
    pd.testing.assert_frame_equal(lesson.data(3), lesson.data(3))
    assert set(lesson.columns) == set(lesson.data(3).columns)


def test_every_student_has_data_of_their_own_and_the_sheet_does_not_tell_the_answer() -> None:
    lesson = load_lesson("mixed_units")
    seeds = student_seeds(2, 30)
    assert len({lesson.data(seed).to_csv() for seed in seeds.values()}) == 30
    text = sheet(lesson)
    assert lesson.fault not in text
    assert not any(hint in text for hint in lesson.hints)
    assert [hint in sheet(lesson, 1) for hint in lesson.hints] == [True, False, False]
    marks = marking_sheet(lesson, {"student_01": 2001})
    assert marks.loc[0, "planted, points of 10"] == -1.0
    right = f"right ({lesson.right})"
    low, estimate, high = (marks.loc[0, f"{right}, {name}"] for name in ("lower", "estimate", "upper"))
    assert low < estimate < high
    assert marks.loc[0, f"{right}, contains planted"] == ("yes" if low <= -1.0 <= high else "no")


def test_an_unknown_lesson_is_answered_with_the_nearest() -> None:
    with pytest.raises(OptionError, match="therapist_ignored"):
        load_lesson("therapist_ignord")


def test_the_command(tmp_path: Path) -> None:
    listed = runner.invoke(app, ["lesson"])
    assert all(name in listed.output for name in lesson_names())
    assert f"coxa lesson {lesson_names()[0]}\n" in listed.output
    first = runner.invoke(app, ["lesson", "ceiling", "--seed", "3"])
    for option in ("--out ceiling", "--hint 1", "--answer"):
        assert f"coxa lesson ceiling {option} --seed 3\n" in first.output
    asked = runner.invoke(app, ["lesson", "ceiling", "--hint", "1", "--out", str(tmp_path / "one")])
    assert "exactly 100" in asked.output
    assert pd.read_csv(tmp_path / "one" / "data.csv").shape == (200, 5)
    told = runner.invoke(app, ["lesson", "regression_to_the_mean", "--answer"])
    assert "Planted: 0 points" in told.output
    taught = runner.invoke(app, ["lesson", "ceiling", "--class", "3", "--out", str(tmp_path / "class")])
    assert taught.exit_code == 0
    marks = pd.read_csv(tmp_path / "class" / "marking.csv")
    assert len(marks) == 3
    assert all(
        kind == "float64" for name, kind in marks.dtypes.astype(str).items() if name.endswith((", lower", ", upper"))
    )
    assert (tmp_path / "class" / "student_03" / "data.csv").exists()
    assert runner.invoke(app, ["lesson", "ceiling", "--class", "3"]).exit_code == 2
