"""Attendance and what it does: who comes to planned sessions, and what sessions above an arm's mean add to outcomes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coxa.simulate.from_plan.mix import by_outcome
from coxa.simulate.seeds import generator
from coxa.study.assumptions.numbers import by_name
from coxa.study.assumptions.trial import AssumedSessions, Assumptions
from coxa.study.comparative import ComparativeStudy

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


FIRST_DAY = 3
"""Study day of the first session."""


@dataclass(frozen=True, slots=True)
class DoseDesign:
    """What a session attended above the arm's mean adds.

    slope       : (k,) per session
    planned     : (a,) sessions planned
    due         : (a, m) sessions planned by each visit
    mean        : (a,) mean share attended
    consistency : parameters of the beta distribution of personal shares, summed
    """

    slope: Floats
    planned: NDArray[np.intp]
    due: NDArray[np.intp]
    mean: Floats
    consistency: float


def session_days(planned: int, last_day: int) -> Floats:
    """Return (s,) planned study days of sessions, evenly spread.

    Examples
    --------
    >>> session_days(4, 84).tolist()
    [3.0, 30.0, 57.0, 84.0]
    """
    return np.round(np.linspace(min(FIRST_DAY, last_day), last_day, planned))


def attendance_of(
    study: ComparativeStudy, sessions: AssumedSessions, arms: tuple[str, ...]
) -> tuple[NDArray[np.intp], Floats]:
    """Return (a,) sessions planned and (a,) mean shares attended."""
    planned = np.array([study.arms[arm].sessions_planned or 0 for arm in arms], dtype=np.intp)
    return planned, np.array([by_name(sessions.attendance, arm) for arm in arms])


def dose_design(
    study: ComparativeStudy,
    part: Assumptions,
    arms: tuple[str, ...],
    outcomes: tuple[str, ...],
    driver: str,
    days: Floats,
) -> DoseDesign | None:
    """Return what attendance adds; None where it adds nothing."""
    slope = np.array([by_outcome(part.dose_response, outcome, driver) for outcome in outcomes])
    if part.sessions is None or not slope.any():
        return None
    planned, mean = attendance_of(study, part.sessions, arms)
    due = np.array(
        [[int((session_days(s, part.sessions.last_day) <= day).sum()) for day in days] for s in planned.tolist()]
    )
    return DoseDesign(slope, planned, due, mean, part.sessions.consistency)


def dose_covariance(dose: DoseDesign, arm: int) -> Floats:
    """Return (k, m, k, m) what attendance adds to the covariance in an arm.

    With personal shares of a beta distribution (mean p, parameters summing to c) sessions attended by two visits,
    i and j >= i of them due, have the covariance i j p(1-p)/(c+1) + i p(1-p) c/(c+1).
    """
    due, p, c = dose.due[arm].astype(float), dose.mean[arm], dose.consistency
    spread = p * (1 - p) / (c + 1)
    covariance = spread * (np.outer(due, due) + c * np.minimum.outer(due, due))
    return np.asarray(np.einsum("i,j,ts->itjs", dose.slope, dose.slope, covariance))


def draw_sessions(planned: NDArray[np.intp], mean: Floats, consistency: float, received: NDArray[np.intp],
                  arms: tuple[str, ...], seed: int) -> list[NDArray[np.bool_]]:  # fmt: skip
    """Draw, arm by arm, (n_arm, s) sessions attended by those who receive it, as if nobody left."""
    drawn = []
    for place, arm in enumerate(arms):
        n, share = int((received == place).sum()), float(mean[place])
        rng = generator(f"attendance in {arm}", seed)
        if planned[place] == 0 or share in (0.0, 1.0):
            drawn.append(np.full((n, planned[place]), share == 1.0))
        else:
            drawn.append(draw_attendance(rng, np.full(n, share), int(planned[place]), consistency))
    return drawn


def dose_effect(dose: DoseDesign, attended: list[NDArray[np.bool_]], received: NDArray[np.intp]) -> Floats:
    """Return (k, m, n) what attendance adds at each visit, with mean 0 in every arm."""
    added = np.zeros((len(dose.slope), dose.due.shape[1], len(received)))
    for place, sessions in enumerate(attended):
        if not dose.planned[place]:
            continue
        so_far = np.concatenate([np.zeros((len(sessions), 1)), np.cumsum(sessions, axis=1)], axis=1)
        above = so_far[:, dose.due[place]] - dose.due[place] * dose.mean[place]
        added[:, :, received == place] = dose.slope[:, None, None] * above.T
    return added
