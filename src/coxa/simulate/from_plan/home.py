"""Exercise at home: what is done, and what the diary says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.attendance import draw_attendance

Floats = NDArray[np.float64]

SETS = 3
"""Sets of exercises of a session at home."""


@dataclass(frozen=True, slots=True)
class HomeExercise:
    """Sessions at home of n participants.

    days     : (s,) study days on which a session is asked for
    done     : (n, s) sessions done
    reported : (n, s) sessions that the diary reports
    """

    days: Floats
    done: NDArray[np.bool_]
    reported: NDArray[np.bool_]


def home_days(per_week: float, last_day: int) -> Floats:
    """Return study days of sessions at home, evenly spread over the weeks.

    Examples
    --------
    >>> home_days(2, 14).tolist()
    [3.0, 6.0, 10.0, 13.0]
    """
    count = int(np.floor(per_week * last_day / 7.0 + 1e-9))
    gap = 7.0 / per_week if per_week > 0 else 0.0
    return np.asarray(np.floor((np.arange(count) + 1.0) * gap - 1e-9))


def draw_home(rng: np.random.Generator, n: int, days: Floats, share: float, consistency: float, over_reporting: float,
              agreement: float) -> HomeExercise:  # fmt: skip
    """Draw what is done and what is reported.

    Parameters
    ----------
    rng
        Generator.
    n
        Participants.
    days
        (s,) days on which a session is asked for.
    share, consistency
        Mean share done, and how alike participants are.
    over_reporting
        Mean number reported, as a multiple of the mean number done.
    agreement
        Correlation between participants of numbers done and reported, before reports are cut at all and none.

    Returns
    -------
    HomeExercise
        Reported sessions are done ones first, others as far as more are reported.
    """
    s = len(days)
    if share in (0.0, 1.0):
        done = np.full((n, s), share == 1.0)
    else:
        done = draw_attendance(rng, np.full(n, share), s, consistency)
    count = done.sum(axis=1)
    mean, sd = s * share, np.sqrt(s * share * (1 - share) * (s + consistency) / (consistency + 1))
    noise = rng.standard_normal(n) * sd
    told = over_reporting * (mean + agreement * (count - mean) + np.sqrt(1 - agreement**2) * noise)
    number = np.clip(np.floor(told + rng.random(n)), 0, s)
    order = np.argsort(rng.random((n, s)) - done, axis=1)
    reported = np.empty((n, s), dtype=bool)
    np.put_along_axis(reported, order, np.arange(s) < number[:, None], axis=1)
    return HomeExercise(days, done, reported)
