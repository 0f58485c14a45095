"""Every lesson by name."""

from __future__ import annotations

from coxa.errors import check_known
from coxa.lessons import designs, missing, records
from coxa.lessons.lesson import Lesson
from coxa.packaged import packaged_yaml

DRAWN = missing.DRAWN | records.DRAWN | designs.DRAWN


def lesson_names() -> tuple[str, ...]:
    """Return the names of all lessons.

    Examples
    --------
    >>> lesson_names()[:3]
    ('mnar_dropout', 'locf', 'diary_gaps')
    """
    return tuple(DRAWN)


def load_lesson(name: str) -> Lesson:
    """Return a lesson by its name.

    Raises
    ------
    OptionError
        If there is none of that name; the message lists what there is.

    Examples
    --------
    >>> load_lesson("locf").title
    'The last value, carried forward'
    """
    drawn = DRAWN[check_known("lesson", name, list(DRAWN))]
    words = packaged_yaml("coxa.lessons", "lessons.yaml")[name]
    lists = {key: tuple(words[key]) for key in ("questions", "hints")}
    return Lesson(name=name, drawn=drawn, **{**words, **lists, "truth": float(words["truth"])})
