"""Mean courses: what a plan's changes come to at each visit, and between visits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from coxa.study.assumptions.course import Course
from coxa.study.assumptions.trial import AssumedOutcome

Floats = NDArray[np.float64]


def change_at(change: float | Course | dict[str, float], visits: Sequence[str], days: Sequence[float]) -> Floats:
    """Return (m,) the change at each visit, 0 at the first, which is the baseline.

    Examples
    --------
    >>> change_at({"week_12": 6}, ["baseline", "week_6", "week_12"], [0, 42, 84]).tolist()
    [0.0, 0.0, 6.0]
    """
    if isinstance(change, Course):
        values = [change.at(day) for day in days]
    elif isinstance(change, dict):
        values = [change.get(visit, 0.0) for visit in visits]
    else:
        values = [change] * len(visits)
    return np.array([0.0, *values[1:]])


def mean_courses(outcome: AssumedOutcome, baseline: float, arms: Sequence[str], visits: Sequence[str],
                 days: Sequence[float]) -> Floats:  # fmt: skip
    """Return (a, m) means of an outcome by arm and visit, before events and the ends of the scale."""
    shared = baseline + change_at(outcome.shared_change, visits, days)
    return np.stack([shared + change_at(outcome.mean_change.get(arm, 0.0), visits, days) for arm in arms])


def mean_on(means: Floats, days: Floats, arm: NDArray[np.intp], day: Floats) -> Floats:
    """Return (n, k) means of participants of the given arms on given days, in a straight line between visits.

    means : (a, k, m)
    days  : (m,) planned days
    arm   : (n,)
    day   : (n,) study days; not NaN
    """
    after = np.clip(np.searchsorted(days, day, side="left"), 1, len(days) - 1)
    before = after - 1
    share = np.clip((day - days[before]) / (days[after] - days[before]), 0.0, 1.0)[:, None]
    return np.asarray((1.0 - share) * means[arm, :, before] + share * means[arm, :, after])
