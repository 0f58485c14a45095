"""Day by day: training and its load, pain as it is rated, the next morning, and days without an entry.

Arrays: n participants, t days of a diary, days 1 to t. Training has day 0 before them: yesterday on day 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.events import draw_runs
from coxa.simulate.seeds import generator

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

WORST = 10.0
"""Upper end of the scale of pain."""

AU = 100.0
"""Arbitrary units of load in which its effects are stated."""


@dataclass(frozen=True, slots=True)
class TrainingHabits:
    """How n participants train.

    share          : (n,) share of the days with training
    minutes        : (n,) median duration
    exertion       : (n,) mean perceived exertion
    minutes_log_sd : spread of the logarithm of the duration between a participant's days
    exertion_sd    : spread of exertion between a participant's days
    """

    share: Floats
    minutes: Floats
    exertion: Floats
    minutes_log_sd: float
    exertion_sd: float


@dataclass(frozen=True, slots=True)
class Training:
    """Training on days 0 to t of n participants: (n, t + 1) minutes, perceived exertion, and load in AU."""

    minutes: Floats
    exertion: Floats
    load: Floats


def draw_training(rng: np.random.Generator, habits: TrainingHabits, t: int) -> Training:
    """Draw training on days 0 to t: minutes in fives, exertion in whole numbers, 0 and NaN on days of rest."""
    n = len(habits.share)
    trains = rng.random((n, t + 1)) < habits.share[:, None]
    longer = np.exp(habits.minutes_log_sd * rng.standard_normal((n, t + 1)))
    minutes = np.maximum(5.0 * np.round(habits.minutes[:, None] * longer / 5.0), 10.0)
    harder = habits.exertion_sd * rng.standard_normal((n, t + 1))
    exertion = np.clip(np.round(habits.exertion[:, None] + harder), 1.0, 10.0)
    return Training(
        minutes=np.where(trains, minutes, 0.0),
        exertion=np.where(trains, exertion, np.nan),
        load=np.where(trains, minutes * exertion, 0.0),
    )


def mean_of_yesterdays(load: Floats) -> Floats:
    """Return (n, 1) mean load of days 1 to t - 1, as the diary has it: yesterday on day 1 is not in it."""
    return load[:, 1:-1].mean(axis=1, keepdims=True)


def yesterdays_load(load: Floats) -> Floats:
    """Return (n, t) yesterday's load above the participant's mean, in 100 AU.

    Examples
    --------
    >>> yesterdays_load(np.array([[300.0, 0.0, 400.0, 200.0]])).tolist()
    [[1.0, -2.0, 2.0]]
    """
    return np.asarray((load[:, :-1] - mean_of_yesterdays(load)) / AU)


def next_morning(pain: Floats, load: Floats, relief: float, slope: float, noise: Floats) -> Floats:
    """Return (n, t) pain on waking the next day: below that of the day, more after a day of much load."""
    hard = load[:, 1:] - load[:, 1:].mean(axis=1, keepdims=True)
    return np.asarray(pain - relief + slope * hard / AU + noise)


def rated(pain: Floats) -> Floats:
    """Return pain as it is rated: on a line from 0 to 10, read to one decimal."""
    return pain.clip(0.0, WORST).round(1)


def missed_days(seed: int, n: int, t: int, single: float, run: float, length: float) -> Flags:
    """Draw (n, t) days without an entry: by themselves, and in runs of a mean length that begin with `run`."""
    alone = generator("single days", seed).random((n, t)) < single
    return alone | draw_runs(generator("runs of days", seed), n, t, run, length)
