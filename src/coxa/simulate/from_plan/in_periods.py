"""What treatments add in the periods in which they are received, and the value of an estimand that compares them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.exact import exact_mean
from coxa.simulate.from_plan.follow import Conditions, follow
from coxa.simulate.from_plan.means import carried_in_periods
from coxa.simulate.from_plan.strategies import estimand_values
from coxa.simulate.truth import TrueValue
from coxa.study.estimand import Estimand

Floats = NDArray[np.float64]

HOW = (
    "treatments in periods: the effect in the means of sequences at the ends of periods, less the effects of sequence "
    "and period by least squares, as if nothing were carried over"
)


def weights_in_periods(design: TrialDesign, plan: Estimand, treatment: str) -> Floats:
    """Return (a, m) weights of the means of arms at visits, of which a difference between two treatments is the sum.

    By least squares of the means at the ends of the periods on arm, period and treatment, each mean alike.
    """
    periods = design.study.received_in_periods
    assert periods is not None
    cells = [(arm, visit) for arm in design.arms for visit in periods.visits]
    order = [plan.treatment.against, *(name for name in periods.treatment_order if name != plan.treatment.against)]
    table = np.array(
        [
            [
                *(float(periods.received(arm, visit) == name) for name in order[1:]),
                *(float(arm == name) for name in design.arms),
                *(float(visit == name) for name in periods.visits[1:]),
            ]
            for arm, visit in cells
        ]
    )
    row = np.linalg.pinv(table)[order.index(treatment) - 1]
    found = np.zeros((len(design.arms), len(design.visits)))
    for weight, (arm, visit) in zip(row, cells, strict=True):
        found[design.arms.index(arm), design.visits.index(visit)] = weight
    return found


def without_carry_over(design: TrialDesign) -> TrialDesign:
    """Return the design as if nothing were carried over from one period to the next."""
    means = design.means.copy()
    for k, one in enumerate(design.assumed):
        means[:, k] -= carried_in_periods(design.study, one, design.arms, design.visits)
    return replace(design, means=means)


def values_in_periods(design: TrialDesign, n: int, seed: int) -> list[TrueValue]:
    """Return the value of every estimand of a plan whose treatments are received in periods."""
    pure = without_carry_over(design)
    found = []
    for name, plan in design.study.estimands.items():
        for treatment in plan.treatment.compare:
            weights = weights_in_periods(pure, plan, treatment)
            value, error, exact = _value(pure, name, plan, weights, n, seed)
            found.append(over_periods(name, plan, treatment, value, error, exact=exact))
    return found


def over_periods(
    name: str, plan: Estimand, treatment: str, value: float, error: float, *, exact: bool, term: str = ""
) -> TrueValue:
    """Return the value of an estimand of treatments in periods, which is of all of them and of no visit."""
    return TrueValue(
        estimand=name,
        outcome=plan.endpoint.outcome,
        measure=plan.endpoint.measure,
        visit="",
        arm=treatment,
        reference=plan.treatment.against,
        value=value,
        monte_carlo_error=error,
        obtained="exact" if exact else "simulation",
        term=term,
    )


def _value(
    design: TrialDesign, name: str, plan: Estimand, weights: Floats, n: int, seed: int
) -> tuple[float, float, bool]:
    """Return the value with its Monte Carlo error, and whether it is exact."""
    places = [(int(a), int(m)) for a, m in zip(*np.nonzero(weights), strict=True)]
    means = [exact_mean(design, plan, a, m) for a, m in places]
    if all(mean is not None for mean in means):
        return sum(float(weights[at]) * float(mean or 0.0) for at, mean in zip(places, means, strict=True)), 0.0, True
    events = {event for event, how in plan.intercurrent_events.items() if how.strategy == "hypothetical"}
    world = Conditions(frozenset(events), everything=True, population=True)
    each = np.zeros(n)
    for arm in range(len(design.arms)):
        drawn = follow(design, np.full(n, arm, dtype=np.intp), seed, world=world)
        each += estimand_values(design, drawn, name, complete=True)[0] @ weights[arm]
    return float(each.mean()), float(each.std(ddof=1) / np.sqrt(n)), False
