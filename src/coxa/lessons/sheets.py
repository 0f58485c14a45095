"""A lesson on paper: the sheet of a student, the answer, and the marking sheet of a class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lessons.answer import LessonAnswer, Performance
from coxa.lessons.lesson import Interval, Lesson

if TYPE_CHECKING:
    import pandas as pd

START = """import numpy as np
import pandas as pd
from coxa import contrasts, models

data = pd.read_csv("data.csv")"""
"""How every analysis of a lesson begins, in the folder of the data."""

IN_PYTHON = "## In Python, in the folder of the data"

REFERENCE = (
    'Name the reference: `contrasts(fit, "arm", against="usual_care")`. A coefficient alone is against the first arm '
    "of the alphabet."
)

CLASS = 1000
"""Seeds between two classes; a class has fewer students."""


def sheet(lesson: Lesson, hints: int = 0) -> str:
    """Return what a student gets: story, columns, questions, and as many hints as were asked for.

    Examples
    --------
    >>> from coxa.lessons import load_lesson
    >>> print(sheet(load_lesson("locf")).splitlines()[0])
    # The last value, carried forward
    """
    columns = [f"- `{name}`: {what}" for name, what in lesson.columns.items()]
    questions = [f"{number}. {text}" for number, text in enumerate(lesson.questions, 1)]
    shown = [f"{number}. {text}" for number, text in enumerate(lesson.hints[:hints], 1)]
    use = [f"Of use: {lesson.uses}.", *([REFERENCE] if "arm" in lesson.wrong_code else [])]
    parts = [
        f"# {lesson.title}", lesson.story, "## Data", "\n".join(columns), "## Questions", "\n".join(questions),
        IN_PYTHON, _code(START), " ".join(use),
    ]  # fmt: skip
    return "\n\n".join([*parts, *(["## Hints", "\n".join(shown)] if shown else [])]) + "\n"


def answer_sheet(answer: LessonAnswer) -> str:
    """Return the answer: what was planted, both analyses of the data at hand, bias and coverage over many data sets."""
    lesson = answer.lesson
    head = "| analysis | this data set (95% CI) | mean | bias (Monte Carlo error) | intervals with the truth |"
    rows = [head, "|---|---|---|---|---|", *map(_row, (answer.wrong, answer.right))]
    return "\n\n".join(
        [
            f"# {lesson.title}: the answer",
            lesson.fault,
            f"Planted: {lesson.planted}. Over {answer.replicates} data sets drawn alike:",
            "\n".join(rows),
            IN_PYTHON,
            _code(
                "\n\n".join([
                    START, f"# question 1\n{lesson.look}", f"# {lesson.wrong}\n{lesson.wrong_code}",
                    f"# {lesson.right}\n{lesson.right_code}",
                ])
            ),
        ]
    ) + "\n"  # fmt: skip


def _code(text: str) -> str:
    return f"```python\n{text}\n```"


def _row(one: Performance) -> str:
    bias = f"{one.bias:+.2f} ({error_words(one.bias_error)})"
    return f"| {one.words} | {interval_words(one.found)} | {one.mean:.2f} | {bias} | {100 * one.coverage:.0f}% |"


def error_words(error: float) -> str:
    """Return a Monte Carlo error to two decimals, or to the first digit that is not zero.

    Examples
    --------
    >>> error_words(0.136), error_words(0.0042)
    ('0.14', '0.004')
    """
    return f"{error:.2f}" if error >= 0.005 else f"{error:.1g}"


def interval_words(found: Interval) -> str:
    """Return an estimate with its limits.

    Examples
    --------
    >>> interval_words(Interval(-2, -4, 0.5))
    '-2.00 (-4.00 to 0.50)'
    """
    return f"{found.estimate:.2f} ({found.low:.2f} to {found.high:.2f})"


def student_seeds(seed: int, students: int) -> dict[str, int]:
    """Return student -> seed of the data set of that student.

    Examples
    --------
    >>> student_seeds(1, 2)
    {'student_01': 1001, 'student_02': 1002}
    """
    width = max(2, len(str(students)))
    return {f"student_{number:0{width}d}": seed * CLASS + number for number in range(1, students + 1)}


def marking_sheet(lesson: Lesson, seeds: dict[str, int]) -> pd.DataFrame:
    """Return what each student should find: with the obvious analysis and with the right one.

    Returns
    -------
    DataFrame
        student, seed, what was planted; of the obvious and the right analysis the estimate and its 95% limits, to two
        decimals, and whether these contain what was planted. Numbers are numbers, so that a spreadsheet can sort them.
    """
    import pandas as pd

    def found(words: str, interval: Interval) -> dict[str, float | str]:
        numbers = (interval.estimate, interval.low, interval.high)
        cells: dict[str, float | str] = {
            f"{words}, {name}": round(value, 2)
            for name, value in zip(("estimate", "lower", "upper"), numbers, strict=True)
        }
        return {**cells, f"{words}, contains planted": "yes" if interval.holds(lesson.truth) else "no"}

    rows = []
    for student, seed in seeds.items():
        data = lesson.data(seed)
        wrong, right = lesson.drawn.wrong(data), lesson.drawn.right(data)
        rows.append(
            {
                "student": student,
                "seed": seed,
                f"planted, {lesson.unit}": lesson.truth,
                **found(f"obvious ({lesson.wrong})", wrong),
                **found(f"right ({lesson.right})", right),
            }
        )
    return pd.DataFrame(rows)
