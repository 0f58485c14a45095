"""Days in a row: deviations that are alike from one day to the next, and days missed in runs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def draw_serial(rng: np.random.Generator, n: int, days: int, sd: float, correlation: float) -> Floats:
    """Draw (n, days) normal deviations whose correlation falls with the days between them.

    Parameters
    ----------
    rng
        Generator.
    n, days
        Participants and days.
    sd
        Standard deviation on every day.
    correlation
        Between two days in a row, from 0 to below 1; between days k apart it is its k-th power.

    Examples
    --------
    >>> draw_serial(np.random.default_rng(1), 2, 3, sd=1.0, correlation=0.5).shape
    (2, 3)
    """
    shocks = rng.standard_normal((n, days)) * np.sqrt(1.0 - correlation**2)
    deviations = np.empty((n, days))
    deviations[:, 0] = shocks[:, 0] / np.sqrt(1.0 - correlation**2)
    for day in range(1, days):
        deviations[:, day] = correlation * deviations[:, day - 1] + shocks[:, day]
    return sd * deviations


def draw_runs(rng: np.random.Generator, n: int, days: int, start: float, length: float) -> NDArray[np.bool_]:
    """Draw (n, days) days that are in a run of missed days.

    `start` is the probability that a run begins on a day outside one; `length` the mean length of runs, 1 or more.
    """
    draws = rng.random((n, days))
    missed = np.zeros((n, days), dtype=bool)
    before = np.zeros(n, dtype=bool)
    for day in range(days):
        before = draws[:, day] < np.where(before, 1.0 - 1.0 / length, start)
        missed[:, day] = before
    return missed
