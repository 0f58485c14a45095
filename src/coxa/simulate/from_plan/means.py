"""Means of outcomes by arm and visit, and their spread between participants, as a plan assumes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.clusters import ClusterDesign
from coxa.simulate.root import symmetric_root
from coxa.study.assumptions.course import Course
from coxa.study.assumptions.trial import AssumedOutcome
from coxa.study.comparative import ComparativeStudy
from coxa.study.periods import Periods

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


def added_in_periods(study: ComparativeStudy, outcome: AssumedOutcome, arms: Sequence[str],
                     visits: Sequence[str]) -> Floats:  # fmt: skip
    """Return (a, m) what the treatments of the periods add to the mean of an arm, with what is carried over."""
    periods, found = study.received_in_periods, carried_in_periods(study, outcome, arms, visits)
    if periods is not None and not periods.own_sequences:
        for a, arm in enumerate(arms):
            for visit in periods.visits:
                found[a, visits.index(visit)] += added_by(outcome, periods, arm, visit)
    return found


def added_by(outcome: AssumedOutcome, periods: Periods, arm: str, when: str) -> float:
    """Return what the treatment of an arm adds in a period, after as many periods of it as there were in a row."""
    return effect_since(outcome, periods.received(arm, when), periods.exposure(arm, when))


def effect_since(outcome: AssumedOutcome, treatment: str, exposure: int) -> float:
    """Return what a treatment adds in the period that is so many in a row with it.

    Examples
    --------
    >>> grows = AssumedOutcome(treatments={"new": [-2, -4]})
    >>> [effect_since(grows, "new", time) for time in (1, 2, 3)], effect_since(grows, "usual", 1)
    ([-2.0, -4.0, -4.0], 0.0)
    """
    given = outcome.treatments.get(treatment, 0.0)
    return float(given[min(exposure, len(given)) - 1] if isinstance(given, tuple) else given)


def carried_in_periods(study: ComparativeStudy, outcome: AssumedOutcome, arms: Sequence[str],
                       visits: Sequence[str]) -> Floats:  # fmt: skip
    """Return (a, m) what is left of the treatment of the period before; zero where there are no periods."""
    periods, found = study.received_in_periods, np.zeros((len(arms), len(visits)))
    if periods is not None and not periods.own_sequences:
        for a, arm in enumerate(arms):
            for visit in periods.visits:
                found[a, visits.index(visit)] = outcome.carry_over.get(periods.carried(arm, visit), 0.0)
    return found


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


SLACK = 1e-9
"""Negative variance, as a share of the largest, that is taken for rounding."""


def total_covariance(sd: Floats, visits: Sequence[Floats], between: Floats) -> Floats:
    """Return (k, m, k, m) the covariance within an arm.

    Parameters
    ----------
    sd
        (k, m) standard deviations.
    visits
        k correlation matrices (m, m) between visits.
    between
        (k, k) correlation between outcomes at one visit. Between outcomes whose visits correlate differently it is
        a little lower than that: the covariance is `between[i, j]` times the product of the two Cholesky factors.
    """
    roots = [np.linalg.cholesky(matrix) for matrix in visits]
    k, m = sd.shape
    covariance = np.empty((k, m, k, m))
    for i in range(k):
        for j in range(k):
            block = between[i, j] * roots[i] @ roots[j].T
            covariance[i, :, j, :] = sd[i][:, None] * block * sd[j]
    return covariance


def cluster_covariance(factor: ClusterDesign, sd: Floats, between: Floats) -> Floats:
    """Return (k, m, k, m) what a factor of clusters adds to the covariance."""
    m = sd.shape[1]
    scale = np.sqrt(factor.icc)[:, None] * sd * factor.loading(m)
    alike = np.ones((m, m)) if factor.in_one_period else factor.over_periods(m)
    return np.asarray(scale[:, :, None, None] * between[:, None, :, None] * scale[None, None] * alike[None, :, None, :])


def root_of(covariance: Floats) -> tuple[Floats, Floats]:
    """Return the symmetric root (km, km) of a covariance (k, m, k, m), and its smallest eigenvalue over the largest."""
    size = covariance.shape[0] * covariance.shape[1]
    root, values = symmetric_root(covariance.reshape(size, size))
    return root, np.asarray(values[0] / values[-1])
