"""The closed set of formulas that turn answers into a score. An instrument file names one of them.

All take answers as an (n, k) array, NaN where unanswered, and return (n,) scores; a row without any answer
is NaN. Which rows have too few answers for a score is decided by the missing rule, not here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FormulaName = Literal[
    "mean_to_percent", "mean_to_percent_reversed", "mean", "sum", "points", "mean_of_scales", "sum_of_scales"
]


@dataclass(frozen=True, slots=True)
class Coding:
    """How the k items of a scale are coded.

    low, high : (k,) ends of the answers
    reversed  : (k,) True where the answer is turned round before scoring
    points    : k tables, the points of answers 1, 2, ...; empty unless the formula is `points`
    factor    : what the sum of points is multiplied by
    """

    low: Floats
    high: Floats
    reversed: NDArray[np.bool_]
    points: tuple[Floats, ...] = ()
    factor: float = 1.0


def mean_answered(answers: Floats) -> Floats:
    """Return the mean of the answered items of each row, NaN where there is none."""
    answered = np.isfinite(answers)
    count = answered.sum(axis=1)
    total = np.where(answered, answers, 0.0).sum(axis=1)
    return np.divide(total, count, out=np.full(len(answers), np.nan), where=count > 0)


def turn(answers: Floats, coding: Coding) -> Floats:
    """Return the answers with the reversed items turned round (low becomes high)."""
    return np.where(coding.reversed, coding.low + coding.high - answers, answers)


def mean(answers: Floats, coding: Coding) -> Floats:
    """Mean of the answered items."""
    return mean_answered(turn(answers, coding))


def total(answers: Floats, coding: Coding) -> Floats:
    """Sum of the items, the mean of the answered ones standing in for the others."""
    return answers.shape[1] * mean(answers, coding)


def mean_to_percent(answers: Floats, coding: Coding) -> Floats:
    """Mean of the answered items as a percentage of the way from the lowest to the highest answer."""
    share = (turn(answers, coding) - coding.low) / (coding.high - coding.low)
    return 100.0 * mean_answered(share)


def mean_to_percent_reversed(answers: Floats, coding: Coding) -> Floats:
    """100 less `mean_to_percent`: for items coded with the worst answer highest."""
    return 100.0 - mean_to_percent(answers, coding)


def points(answers: Floats, coding: Coding) -> Floats:
    """Sum of the points looked up for the answers, times a factor; NaN unless every item is answered."""
    looked_up = np.full(answers.shape, np.nan)
    for column, table in enumerate(coding.points):
        answered = np.isfinite(answers[:, column])
        looked_up[answered, column] = table[answers[answered, column].astype(int) - 1]
    return coding.factor * looked_up.sum(axis=1)


ITEM_FORMULAS: Mapping[str, Callable[[Floats, Coding], Floats]] = {
    "mean_to_percent": mean_to_percent,
    "mean_to_percent_reversed": mean_to_percent_reversed,
    "mean": mean,
    "sum": total,
    "points": points,
}

# Scores of the parts as (n, parts); one without a score leaves the whole without one.
SCALE_FORMULAS: Mapping[str, Callable[[Floats], Floats]] = {
    "mean_of_scales": lambda parts: parts.mean(axis=1),
    "sum_of_scales": lambda parts: parts.sum(axis=1),
}
