"""Lessons: a data set with one planted fault, questions, hints, and the answer with its truth.

Names are loaded when first used, so that importing `coxa` stays light.

Examples
--------
>>> from coxa.lessons import lesson_names, load_lesson
>>> len(lesson_names())
12
>>> load_lesson("therapist_ignored").truth
0.0
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.lessons.answer import LessonAnswer as LessonAnswer
    from coxa.lessons.answer import answer_of as answer_of
    from coxa.lessons.catalogue import lesson_names as lesson_names
    from coxa.lessons.catalogue import load_lesson as load_lesson
    from coxa.lessons.lesson import Interval as Interval
    from coxa.lessons.lesson import Lesson as Lesson

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.lessons.answer": ("LessonAnswer", "answer_of"),
        "coxa.lessons.catalogue": ("lesson_names", "load_lesson"),
        "coxa.lessons.lesson": ("Interval", "Lesson"),
    },
)
