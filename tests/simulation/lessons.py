"""Bias and coverage of both analyses of every lesson, as a page of the docs."""

from __future__ import annotations

from coxa.lessons import answer_of, lesson_names, load_lesson
from coxa.lessons.answer import Performance
from coxa.lessons.sheets import error_words
from tests.simulation.written import write_page

PAGE = """# Lessons

Each lesson is a data set with one planted fault, questions, hints, and an answer with the truth.

```
coxa lesson                                               # what there is
coxa lesson therapist_ignored --out lesson                # data.csv, story and questions
coxa lesson therapist_ignored --hint 1                    # the first hint
coxa lesson therapist_ignored --answer                    # what was planted, both analyses, bias and coverage
coxa lesson therapist_ignored --class 30 --out classroom  # a data set per student, and a marking sheet
```

In a notebook:

```python
from coxa.lessons import answer_of, load_lesson

lesson = load_lesson("therapist_ignored")
data = lesson.data(seed=1)
answer_of(lesson, seed=1, replicates=20).right.found
```

The seed decides the data: every student of a class has data of their own, and the marking sheet has what each can
find, with the obvious analysis and with the right one. The file of a student has no answer in it; the sheet says how
the data are read in Python and which functions are of use, and the answer has the Python of both analyses.

Over {replicates} data sets of each lesson:

| lesson | planted | analysis | bias (Monte Carlo error) | intervals with the truth |
|---|---|---|---|---|
{lines}

    python -m tests.simulation.lessons --replicates {replicates} --write docs/lessons.md
"""


def page(replicates: int) -> str:
    """Return the page: one row per lesson and analysis."""
    lines = []
    for name in lesson_names():
        lesson = load_lesson(name)
        answer = answer_of(lesson, seed=1, replicates=replicates)
        lines.append(f"| `{name}`: {lesson.title} | {lesson.planted} | {_words(answer.wrong)} |")
        lines.append(f"| | | {_words(answer.right)} |")
    return PAGE.format(replicates=replicates, lines="\n".join(lines))


def _words(one: Performance) -> str:
    return f"{one.words} | {one.bias:+.2f} ({error_words(one.bias_error)}) | {100 * one.coverage:.1f}%"


if __name__ == "__main__":
    write_page(page, 400)
