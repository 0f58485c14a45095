"""Treatment sessions: planned days, who comes, how long they last."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """Sessions of one kind that an arm plans.

    setting    : supervised or home
    count      : sessions planned per participant
    first_day, last_day : study days between which they are spread evenly
    attendance : share of the planned sessions that take place, on average
    minutes    : usual duration
    components : what is delivered, in the words of a study plan
    """

    setting: str
    count: int
    first_day: int
    last_day: int
    attendance: float
    minutes: float
    components: tuple[str, ...]

    def days(self) -> Floats:
        """Return the planned study days, (count,)."""
        return np.round(np.linspace(self.first_day, self.last_day, self.count))


def draw_attendance(rng: np.random.Generator, mean: ArrayLike, planned: int, consistency: float) -> NDArray[np.bool_]:
    """Draw which of the planned sessions each participant attends.

    Parameters
    ----------
    rng
        Generator.
    mean
        (n,) average share attended.
    planned
        Sessions planned, s.
    consistency
        Sum of the parameters of the beta distribution of personal shares: the larger, the more alike
        participants are.

    Returns
    -------
    (n, s) array
    """
    share = np.asarray(mean, dtype=float)
    personal = rng.beta(share * consistency, (1.0 - share) * consistency)
    return np.asarray(rng.random((len(share), planned)) < personal[:, None])


def draw_minutes(rng: np.random.Generator, usual: float, n: int) -> Floats:
    """Draw (n,) durations around the usual one, in steps of 5 minutes, 10 at least."""
    return np.maximum(5.0 * np.round(rng.normal(usual, 0.12 * usual, n) / 5.0), 10.0)
