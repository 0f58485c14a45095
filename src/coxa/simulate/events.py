"""Parts of a simulated study, each a few functions on arrays: events, dropout, serial correlation."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def draw_event_days(
    rng: np.random.Generator, probability: Floats, start: Floats | float, end: Floats | float
) -> Floats:
    """Draw the day of an event within an interval.

    Parameters
    ----------
    rng
        Generator.
    probability
        (n,) probability of the event in the interval.
    start, end
        (n,) or single first and last study day; the day is even between the two.

    Returns
    -------
    (n,) array
        Study day after `start` and up to `end`; NaN where there is no event.
    """
    happens, place = rng.random(probability.shape) < probability, rng.random(probability.shape)
    day = np.floor(start + 1 + place * (end - start))
    return np.where(happens, np.minimum(day, end), np.nan)


def lasting_effect(days_since: ArrayLike, size: float, time: float) -> Floats:
    """Return an effect that builds up to `size` with time constant `time` days; 0 before the event or if NaN."""
    days = np.asarray(days_since, dtype=float)
    return np.where(days > 0, size * -np.expm1(-np.maximum(days, 0.0) / time), 0.0)


def fading_effect(days_since: ArrayLike, size: float, time: float) -> Floats:
    """Return an effect of `size` that fades with time constant `time` days; 0 before the event or if NaN."""
    days = np.asarray(days_since, dtype=float)
    return np.where(days > 0, size * np.exp(-np.maximum(days, 0.0) / time), 0.0)


def draw_event_counts(rng: np.random.Generator, rate: ArrayLike, spread: float) -> NDArray[np.int64]:
    """Draw (n,) numbers of events: Poisson with rates that vary between participants (gamma, mean `rate`).

    `spread` is the variance of the gamma multiplier; participants prone to events have several.
    """
    mean = np.asarray(rate, dtype=float)
    return rng.poisson(mean * rng.gamma(1.0 / spread, spread, mean.shape)).astype(np.int64)


def logistic_risk(base: float, log_odds: ArrayLike) -> Floats:
    """Return probabilities: `base` where `log_odds` is 0, shifted by `log_odds` on the logit scale.

    Parameters
    ----------
    base
        Probability of the average participant, between 0 and 1.
    log_odds
        (n,) log odds ratio of each participant against the average one.

    Examples
    --------
    >>> logistic_risk(0.2, [0.0, np.log(2)]).round(3).tolist()
    [0.2, 0.333]
    """
    logit = np.log(base / (1.0 - base)) + np.asarray(log_odds, dtype=float)
    return np.asarray(1.0 / (1.0 + np.exp(-logit)))


def draw_happens(rng: np.random.Generator, probability: Floats) -> NDArray[np.bool_]:
    """Draw (n,) whether each participant has an event of the given probability."""
    return np.asarray(rng.random(probability.shape) < probability)


def draw_gaps(rng: np.random.Generator, n: int, n_visits: int, probability: float) -> NDArray[np.bool_]:
    """Draw (n, n_visits) single visits missed, completely at random; the first visit never is."""
    missed = rng.random((n, n_visits)) < probability
    missed[:, 0] = False
    return missed


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
