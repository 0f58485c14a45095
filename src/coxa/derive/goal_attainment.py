"""Goal attainment scaling: from the levels of a person's goals to one T-score."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coxa.errors import OptionError

Floats = NDArray[np.float64]

CORRELATION = 0.3
"""Correlation between the goals of a person, as Kiresuk and Sherman (1968) take it."""
CENTRE, WIDTH = 50.0, 10.0
"""Score where every goal is at the level expected, and the standard deviation of scores."""
LEVELS = (-2, 2)


def attainment_score(levels: ArrayLike, weights: ArrayLike | None = None, correlation: float = CORRELATION) -> float:
    """Return the T-score of one person's goals.

    Parameters
    ----------
    levels
        (g,) level of each goal: 0 as expected, 1 and 2 better, -1 and -2 worse.
    weights
        (g,) weight of each goal, not negative; all the same unless given. A goal of weight 0 does not count.
    correlation
        Correlation between goals that the score assumes.

    Returns
    -------
    float
        ``50 + 10 sum(w x) / sqrt((1 - r) sum(w^2) + r (sum w)^2)``: 50 where all goals are at the level expected.
        Missing where no goal counts, or a level is missing.

    Raises
    ------
    OptionError
        The correlation is not from 0 to below 1, or a weight is negative.

    Notes
    -----
    Kiresuk and Sherman 1968, Goal attainment scaling: a general method for evaluating comprehensive community mental
    health programs. Levels in steps are treated as numbers, and goals are as hard as their author made them.

    Examples
    --------
    >>> attainment_score([0, 0, 0]), round(attainment_score([1, 0, -1]), 1), round(attainment_score([1, 1, 1]), 2)
    (50.0, 50.0, 63.69)
    """
    x = np.asarray(levels, dtype=float)
    w = np.ones_like(x) if weights is None else np.asarray(weights, dtype=float)
    if not 0.0 <= correlation < 1.0:
        raise OptionError(f"`correlation` is {correlation:g}. Give a number from 0 to below 1.")
    if (w < 0).any():
        raise OptionError(f"A weight of a goal is {w.min():g}. Give weights of 0 or more.")
    return float(score_of_sums((w * x).sum(), w.sum(), (w**2).sum(), correlation))


def score_of_sums(of_levels: ArrayLike, of_weights: ArrayLike, of_squares: ArrayLike, correlation: float) -> Floats:
    """Return T-scores from sums over the goals of each person: of weight times level, of weights, of their squares."""
    spread = (1.0 - correlation) * np.asarray(of_squares) + correlation * np.asarray(of_weights) ** 2
    return np.asarray(CENTRE + WIDTH * np.asarray(of_levels) / np.sqrt(np.where(spread > 0, spread, np.nan)))


def attainment_step(goals: int, correlation: float = CORRELATION) -> float:
    """Return how far the score moves when one of several goals of the same weight moves by one level.

    Examples
    --------
    >>> round(attainment_step(3), 3), round(attainment_score([1, 0, 0]) - 50, 3)
    (4.564, 4.564)
    """
    return float(WIDTH / np.sqrt((1.0 - correlation) * goals + correlation * goals**2))
