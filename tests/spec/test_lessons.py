"""Every lesson: the right analysis finds what was planted, the obvious one does not; sheets, classes, the command."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from coxa.cli.lesson import write_student
from coxa.cli.main import app
from coxa.cli.show_lesson import show_markdown
from coxa.errors import OptionError
from coxa.lessons import answer_of, lesson_names, load_lesson
from coxa.lessons.sheets import START, answer_sheet, marking_sheet, sheet, student_seeds

runner = CliRunner()
LIMITS = ("conf_low", "conf_high")


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


def interval(found: object) -> tuple[float, float, float]:
    """Return estimate and limits of what a line of Python gives: contrasts, hazard ratios, or three numbers."""
    if isinstance(found, tuple):
        return found  # type: ignore[return-value]
    frame = found if isinstance(found, pd.DataFrame) else found.frame  # type: ignore[attr-defined]
    (row,) = [each for _, each in frame.iterrows()]
    return tuple(float(row[name]) for name in ("hazard_ratio" if "hazard_ratio" in row else "estimate", *LIMITS))  # type: ignore[return-value]


def last_value(code: str) -> object:
    """Run lines of Python and return the value of the last one."""
    tree = ast.parse(f"{START}\n{code}")
    last = tree.body.pop()
    assert isinstance(last, ast.Expr)
    names: dict[str, object] = {}
    exec(compile(tree, "lesson", "exec"), names)
    return eval(compile(ast.Expression(last.value), "lesson", "eval"), names)


@pytest.mark.parametrize("name", lesson_names())
def test_the_python_of_an_answer_gives_its_numbers_from_the_file_of_a_student(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_student(name, tmp_path / "mine", 5)
    monkeypatch.chdir(tmp_path / "mine")
    lesson = load_lesson(name)
    assert len(pd.DataFrame(last_value(lesson.look))) > 0
    data = lesson.data(5)
    for code, analysis in ((lesson.wrong_code, lesson.drawn.wrong), (lesson.right_code, lesson.drawn.right)):
        found = analysis(data)
        assert interval(last_value(code)) == pytest.approx((found.estimate, found.low, found.high), rel=1e-9)
        assert code in answer_sheet(answer_of(lesson, 5, replicates=2))
        assert code not in sheet(lesson, hints=9)


def test_in_a_terminal_a_sheet_is_set_and_in_a_file_it_is_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    text = sheet(load_lesson("locf"))
    show_markdown(text)
    assert capsys.readouterr().out == f"{text}\n"
    show_markdown(answer_sheet(answer_of(load_lesson("locf"), 1, replicates=2)))
    assert "| analysis |" in capsys.readouterr().out
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("FORCE_COLOR", "1")
        patched.setenv("COLUMNS", "70")
        show_markdown(text)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert "## " not in shown
    assert max(map(len, shown.splitlines())) <= 70
    assert "What happens to pain over time in both arms?" in shown


def test_what_was_planted_and_small_errors_are_written_as_they_are_read() -> None:
    assert load_lesson("immortal_time").planted == "hazard ratio of 1"
    assert load_lesson("locf").planted == "-6 points"
    assert "(0.00)" not in answer_sheet(answer_of(load_lesson("immortal_time"), 1, replicates=16))


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
    assert "coxa lesson ceiling --seed 1001 --answer" in taught.output
    marks = pd.read_csv(tmp_path / "class" / "marking.csv")
    assert len(marks) == 3
    assert all(
        kind == "float64" for name, kind in marks.dtypes.astype(str).items() if name.endswith((", lower", ", upper"))
    )
    assert (tmp_path / "class" / "student_03" / "data.csv").exists()
    assert runner.invoke(app, ["lesson", "ceiling", "--class", "3"]).exit_code == 2
