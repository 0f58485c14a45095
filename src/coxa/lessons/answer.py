"""The answer of a lesson: the truth, both analyses of the data at hand, and how each does over many data sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coxa.lessons.lesson import Analysis, Interval, Lesson

REPLICATES = 200


@dataclass(frozen=True, slots=True)
class Performance:
    """How an analysis does over many data sets.

    words      : what is done
    found      : in the data at hand
    mean       : of its estimates; for a ratio on the scale of the ratio
    bias       : that less the truth
    bias_error : Monte Carlo standard error of the bias
    coverage   : share of the 95% intervals that contain the truth
    """

    words: str
    found: Interval
    mean: float
    bias: float
    bias_error: float
    coverage: float


@dataclass(frozen=True, slots=True)
class LessonAnswer:
    """The answer of a lesson.

    lesson       : the lesson
    seed         : of the data at hand
    replicates   : data sets that the performance rests on
    wrong, right : the obvious analysis and the right one

    Examples
    --------
    >>> from coxa.lessons import load_lesson
    >>> answer = answer_of(load_lesson("switched_reference"), seed=1, replicates=20)
    >>> answer.wrong.found.estimate > 0 > answer.right.found.estimate
    True
    """

    lesson: Lesson
    seed: int
    replicates: int
    wrong: Performance
    right: Performance


def answer_of(lesson: Lesson, seed: int, replicates: int = REPLICATES) -> LessonAnswer:
    """Return the truth of a lesson, what both analyses find in the data of a seed, and how they do over many seeds.

    Parameters
    ----------
    lesson
        From `load_lesson`.
    seed
        Of the data at hand.
    replicates
        Further data sets that bias and coverage are computed from.

    Examples
    --------
    >>> from coxa.lessons import load_lesson
    >>> answer_of(load_lesson("regression_to_the_mean"), seed=1, replicates=20).wrong.coverage
    0.0
    """
    data = lesson.data(seed)
    others = [lesson.data(seed + 1 + number) for number in range(replicates)]

    def performance(words: str, analysis: Analysis) -> Performance:
        found = [analysis(other) for other in others]
        estimates = np.array([one.estimate for one in found])
        return Performance(
            words=words,
            found=analysis(data),
            mean=float(estimates.mean()),
            bias=float(estimates.mean() - lesson.truth),
            bias_error=float(estimates.std(ddof=1) / np.sqrt(replicates)),
            coverage=float(np.mean([one.holds(lesson.truth) for one in found])),
        )

    return LessonAnswer(lesson, seed, replicates, performance(lesson.wrong, lesson.drawn.wrong),
                  performance(lesson.right, lesson.drawn.right))  # fmt: skip
