"""The value of an estimand that compares treatments which clusters receive in periods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.exact import exact_mean
from coxa.simulate.from_plan.follow import Conditions, follow
from coxa.simulate.from_plan.in_periods import over_periods
from coxa.simulate.from_plan.means import added_in_periods, effect_since
from coxa.simulate.from_plan.strategies import estimand_values
from coxa.simulate.truth import TrueValue
from coxa.study.cluster_periods import ClusterPeriods
from coxa.study.effects import EFFECTS
from coxa.study.estimand import Estimand

Floats = NDArray[np.float64]

HOW_CLUSTERS = (
    "clusters in periods: the treatments compared in the same periods, each alike, after each number of periods in a "
    "row that occurs, each alike"
)


def values_in_cluster_periods(design: TrialDesign, n: int, seed: int) -> list[TrueValue]:
    """Return the value of every estimand of a plan whose clusters receive treatments in periods."""
    found = []
    for name, plan in design.study.estimands.items():
        against, error, exact = _average(design, name, plan, plan.treatment.against, n, seed)
        for treatment in plan.treatment.compare:
            mean, other, known = _average(design, name, plan, treatment, n, seed)
            value = _compared(plan, mean, against)
            term = "" if plan.summary == "difference_in_means" else EFFECTS[plan.summary].term
            both = float(np.hypot(error, other))
            found.append(over_periods(name, plan, treatment, value, both, exact=exact and known, term=term))
    return found


def _compared(plan: Estimand, mean: float, against: float) -> float:
    """Return two averages as the summary of an estimand compares them."""
    if plan.summary in ("risk_ratio", "rate_ratio"):
        return mean / against
    if plan.summary == "odds_ratio":
        return mean / (1 - mean) / (against / (1 - against))
    return mean - against


def _average(
    design: TrialDesign, name: str, plan: Estimand, treatment: str, n: int, seed: int
) -> tuple[float, float, bool]:
    """Return the mean under a treatment over the periods and the times since it began, its error, whether exact."""
    worlds = list(_worlds(design, treatment))
    means = [exact_mean(world, plan, 0, visit) for world, visit in _placed(design, plan, worlds)]
    if all(mean is not None for mean in means):
        return float(np.mean([float(mean or 0.0) for mean in means])), 0.0, True
    events = {event for event, how in plan.intercurrent_events.items() if how.strategy == "hypothetical"}
    conditions = Conditions(frozenset(events), everything=True, population=True)
    each = np.zeros(n)
    for world, visit in _placed(design, plan, worlds):
        drawn = follow(world, np.zeros(n, dtype=np.intp), seed, world=conditions)
        each += estimand_values(world, drawn, name, complete=True)[0][:, visit] / len(worlds)
    return float(each.mean()), float(each.std(ddof=1) / np.sqrt(n)), False


def _placed(
    design: TrialDesign, plan: Estimand, worlds: list[tuple[TrialDesign, str]]
) -> Iterator[tuple[TrialDesign, int]]:
    """Yield each world with the place of the visit at which its participants are measured."""
    periods = design.study.received_in_periods
    assert periods is not None
    for world, when in worlds:
        yield world, design.visits.index(when if periods.by_visit else plan.endpoint.visit[0])


def _worlds(design: TrialDesign, treatment: str) -> Iterator[tuple[TrialDesign, str]]:
    """Yield the trial as if all had a treatment in a period, for so many periods in a row; and the period."""
    periods = design.study.received_in_periods
    assert isinstance(periods, ClusterPeriods)
    times = periods.exposures if treatment != periods.treatment_order[0] else (1,)
    plain = without_treatments(design)
    for when in periods.order:
        for time in times:
            added = np.array([effect_since(one, treatment, time) for one in design.assumed])
            if not periods.by_visit:
                added = added + [one.by_period.get(when, 0.0) for one in design.assumed]
            means = plain.means.copy()
            means[:, :, 1:] += added[None, :, None]
            yield replace(plain, means=means), when


def without_treatments(design: TrialDesign) -> TrialDesign:
    """Return the design as if no treatment and no period of the calendar added anything."""
    means = design.means.copy()
    for k, one in enumerate(design.assumed):
        means[:, k] -= added_in_periods(design.study, one, design.arms, design.visits)
    assumed = tuple(one.model_copy(update={"treatments": {}, "by_period": {}}) for one in design.assumed)
    return replace(design, means=means, assumed=assumed)
