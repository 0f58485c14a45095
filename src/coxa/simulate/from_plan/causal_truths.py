"""True values of effects in compliers, per unit of dose and through a mediator, of a plan's assumptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.exact import exact_mean
from coxa.simulate.from_plan.exposures import doses
from coxa.simulate.from_plan.follow import Conditions, follow
from coxa.simulate.from_plan.strategies import estimand_values
from coxa.study.estimand import Estimand
from coxa.study.models.dose_response import DoseResponseModel
from coxa.study.models.mediation import Mediation, Mediator
from coxa.study.words import Summary

Floats = NDArray[np.float64]
Found = dict[tuple[str, str, str], tuple[float, float]]

CAUSAL: tuple[Summary, ...] = ("complier_average_effect", "natural_indirect_effect", "effect_per_dose")
"""Summaries whose value needs what participants would have received, or have had of a mediator, under each arm."""


IN_COMPLIERS = (
    "values of compliers and per unit of dose are of what participants would receive under each arm if all stayed"
)
"""What goes with these values in a truth."""


def exact_causal(design: TrialDesign, plan: Estimand, arm: str, visit: str) -> float | None:
    """Return a natural indirect effect in closed form; None where a mean has none, and of compliers and doses.

    The outcome under an arm with the mediator of the comparator is the outcome of participants whose mean is moved by
    the slope of the outcome on the mediator, times the difference in means of the mediator.
    """
    if plan.summary != "natural_indirect_effect":
        return None
    name = next(name for name, one in design.study.estimands.items() if one is plan)
    own = design.arms.index(arm)
    k, t = design.outcomes.index(plan.endpoint.outcome), design.visits.index(visit)
    moved = design.means.copy()
    moved[own, k, t] -= _through(design, name, own, k, t)
    mean, without = exact_mean(design, plan, own, t), exact_mean(replace(design, means=moved), plan, own, t)
    return None if mean is None or without is None else mean - without


def simulated_causal_values(design: TrialDesign, names: Sequence[str], n: int, seed: int, chunk: int) -> Found:
    """Return (estimand, arm, visit) -> its value and Monte Carlo error, from n participants followed under both arms.

    Outcomes and sessions are as if nobody left the trial.
    """
    parts: dict[tuple[str, str, str], list[tuple[Floats, Floats]]] = {}
    for start in range(0, n, chunk):
        size, own_seed = min(chunk, n - start), seed + start
        for name in names:
            plan = design.study.estimands[name]
            for arm in plan.treatment.compare:
                for visit, pair in _pairs(design, name, plan, arm, size, own_seed):
                    parts.setdefault((name, arm, visit), []).append(pair)
    found: Found = {}
    for key, pairs in parts.items():
        over, under = (np.concatenate([pair[side] for pair in pairs]) for side in (0, 1))
        ratio = float(over.mean() / under.mean())
        error = float((over - ratio * under).std(ddof=1) / (abs(under.mean()) * np.sqrt(len(over))))
        found[key] = ratio, error
    return found


def _pairs(
    design: TrialDesign, name: str, plan: Estimand, arm: str, n: int, seed: int
) -> list[tuple[str, tuple[Floats, Floats]]]:
    """Return visit -> (n,) each of two columns; the value is the mean of the first over that of the second."""
    own, other = (design.arms.index(one) for one in (arm, plan.treatment.against))
    places = [np.full(n, place, dtype=np.intp) for place in (own, other)]
    world = Conditions(_without(plan), everything=True, population=True)
    if plan.summary == "natural_indirect_effect":
        moved = _moved(design, name, plan, own)
        drawn = [follow(one, places[0], seed, world=world) for one in (design, moved)]
        weight = np.ones(n)
    else:
        drawn = [follow(design, place, seed, world=world) for place in places]
        weight = _weight(design, name, plan, drawn, own)
    one, two = (estimand_values(design, each, name, complete=True)[0] for each in drawn)
    counted = weight if plan.summary == "complier_average_effect" else np.ones(n)
    found = []
    for visit in plan.endpoint.visit:
        t = design.visits.index(visit)
        difference = one[:, t] - two[:, t]
        known = ~np.isnan(difference)
        found.append((visit, ((counted * difference)[known], weight[known])))
    return found


def _weight(design: TrialDesign, name: str, plan: Estimand, drawn: list[DrawnTrial], own: int) -> Floats:
    """Return (n,) 1 for compliers and 0 for others, or by how much doses differ between the arms."""
    rule = design.study.compliance
    if plan.summary == "complier_average_effect":
        assert rule is not None
        got = [(one.received == own) & (doses(design, one, stays=True)[rule.measure] >= rule.at_least) for one in drawn]
        return np.asarray(got[0] & ~got[1], dtype=float)
    dose = next(
        one.dose
        for one in design.study.analyses.values()
        if isinstance(one, DoseResponseModel) and one.estimand == name
    )
    taken = [np.where(one.received == own, doses(design, one, stays=True)[dose], 0.0) for one in drawn]
    return np.asarray(taken[0] - taken[1])


def _moved(design: TrialDesign, name: str, plan: Estimand, own: int) -> TrialDesign:
    """Return the design in which the outcome of an arm is as with the mediator of the comparator."""
    k, means = design.outcomes.index(plan.endpoint.outcome), design.means.copy()
    for visit in plan.endpoint.visit:
        t = design.visits.index(visit)
        means[own, k, t] -= _through(design, name, own, k, t)
    return replace(design, means=means)


def _through(design: TrialDesign, name: str, own: int, k: int, t: int) -> float:
    """Return the slope of an outcome on its mediator times the difference in the mediator between the arms."""
    plan, mediator = design.study.estimands[name], mediator_of(design, name)
    other = design.arms.index(plan.treatment.against)
    if mediator.dose is not None:
        if design.dose is None:
            return 0.0
        taken = [float(design.dose.due[place, t] * design.dose.mean[place]) for place in (own, other)]
        return float(design.dose.slope[k] * (taken[0] - taken[1]))
    m, s = design.outcomes.index(str(mediator.outcome)), design.visits.index(str(mediator.visit))
    return _slope(design, own, k, t, m, s) * float(design.means[own, m, s] - design.means[other, m, s])


def _slope(design: TrialDesign, own: int, k: int, t: int, m: int, s: int) -> float:
    """Return the slope of an outcome on its mediator, given both at baseline, by the assumed covariance."""
    covariance = design.covariance(own)
    given = list(dict.fromkeys([(m, s), (m, 0), (k, 0)]))
    among = np.array([[covariance[i, u, j, v] for j, v in given] for i, u in given])
    toward = np.array([covariance[i, u, k, t] for i, u in given])
    return float(np.linalg.solve(among, toward)[0])


def mediator_of(design: TrialDesign, name: str) -> Mediator:
    """Return the mediator of an estimand: that of its analyses, which the plan has to be one."""
    return next(
        one.mediator for one in design.study.analyses.values() if isinstance(one, Mediation) and one.estimand == name
    )


def _without(plan: Estimand) -> frozenset[str]:
    """Return the events that do not happen in the world of an estimand."""
    return frozenset(name for name, how in plan.intercurrent_events.items() if how.strategy == "hypothetical")
