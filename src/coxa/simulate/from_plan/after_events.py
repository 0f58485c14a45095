"""How participants go on after an intercurrent event, and the mean of an outcome then, in closed form.

An event that does not depend on values (`odds_ratio` 1) comes between two visits with a known probability, on each day
between them alike; what follows from it is then a sum over visits and days.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.happenings import EventDesign
from coxa.simulate.from_plan.means import mean_on
from coxa.study.estimand import Estimand

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OnDay:
    """A day on which an event may come: the visit after it (a place), the day, and its probability."""

    visit: int
    day: float
    probability: float


def what_is_copied(design: TrialDesign, reference: int, visit: int) -> Floats:
    """Return (a, k, m - visit) what is left at a visit and later of what arms differed by from another one before it.

    With S the covariance of an outcome over the visits, the baseline among them, it is S_uo S_oo^-1 times the
    differences at the visits o before.
    """
    gap = design.means - design.means[reference]
    return np.einsum("akv,kvl->akl", gap[:, :, :visit], left_of(design, visit))


def left_of(design: TrialDesign, visit: int) -> Floats:
    """Return (k, visit, m - visit) what is left at a visit and later of a difference of 1 at each visit before."""
    covariance = design.covariance()
    found = []
    for k in range(len(design.outcomes)):
        own = covariance[k, :, k, :]
        found.append(np.linalg.solve(own[:visit, :visit], own[:visit, visit:]))
    return np.array(found)


def days_of(design: TrialDesign, event: EventDesign, received: int) -> Iterator[OnDay]:
    """Yield the days on which an event that does not depend on values may come, with visits on their planned days."""
    free = 1.0
    for visit in range(1, len(design.visits)):
        risk = free * float(expit(event.intercepts[received, visit - 1]))
        free -= risk
        start = max(float(design.days[visit - 1]), 0.0)
        end = max(float(design.days[visit]) - 1.0, start)
        days = np.arange(start + 1.0, end + 1.0) if end > start else np.array([end])
        for day in days:
            yield OnDay(visit, float(day), risk / len(days))


def deciding_event(design: TrialDesign, plan: Estimand) -> tuple[bool, EventDesign | None]:
    """Return whether at most one event matters to an estimand, without going by values, and that event.

    An event that is hypothetical does not happen; one that changes nothing and is taken as it is does not matter.
    """
    matter = [
        event
        for event in design.events
        if (strategy := plan.intercurrent_events[event.name].strategy) != "hypothetical"
        and not (strategy == "treatment_policy" and event.harmless)
    ]
    if not matter:
        return True, None
    known = len(matter) == 1 and matter[0].log_odds == 0
    return known, matter[0] if known else None


def moved(design: TrialDesign, event: EventDesign, k: int, received: int, visit: int, on: OnDay) -> float:
    """Return what the mean of an outcome at a visit has moved by since an event, on its own scale."""
    own, shift = float(design.means[received, k, visit]), 0.0
    if event.stays:
        shift = float(design.means[received, k, on.visit - 1]) - own
    elif event.switch_to >= 0:
        shift = float(design.means[event.switch_to, k, visit]) - own
        if event.copies:
            shift += float(what_is_copied(design, event.switch_to, on.visit)[received, k, visit - on.visit])
        elif event.keeps:
            day = float(design.days[on.visit - 1]) if event.of_last_visit else on.day
            arms, when = np.array([received, event.switch_to]), np.full(2, day)
            both = mean_on(design.means, design.days, arms, when)[:, k]
            shift += event.keeps * float(both[0] - both[1])
    if event.effect[k]:
        since = np.array([design.days[visit] - on.day])
        shift += float(event.effect[k] * event.added(since)[0])
    return shift
