"""Events between visits: when they happen, and what they do to an outcome afterwards."""

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
