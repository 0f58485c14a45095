"""The value of an estimand of n-of-1 trials: the mean over people of the effect, as if nothing were carried over."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.follow import Conditions, follow
from coxa.simulate.from_plan.in_periods import over_periods
from coxa.simulate.from_plan.own_sequences import blocks_of, numbers_of
from coxa.simulate.from_plan.strategies import estimand_values
from coxa.simulate.truth import TrueValue
from coxa.study.estimand import Estimand

HOW_OWN = (
    "n-of-1 trials: the mean over people of the outcome as if all periods were under one treatment, less that under "
    "the other, with nothing carried over"
)


def values_of_blocks(design: TrialDesign, n: int, seed: int) -> list[TrueValue]:
    """Return the value of every estimand of a plan of n-of-1 trials."""
    found = []
    for name, plan in design.study.estimands.items():
        known = _exact(design, plan)
        worlds = {} if known else {one: _values(design, name, plan, one, n, seed) for one in
                                   (*plan.treatment.compare, plan.treatment.against)}  # fmt: skip
        for treatment in plan.treatment.compare:
            if known:
                value, error = known[treatment] - known[plan.treatment.against], 0.0
            else:
                each = worlds[treatment] - worlds[plan.treatment.against]
                each = each[np.isfinite(each)]
                value, error = float(each.mean()), float(each.std(ddof=1) / np.sqrt(len(each)))
            found.append(over_periods(name, plan, treatment, value, error, exact=bool(known)))
    return found


def _exact(design: TrialDesign, plan: Estimand) -> dict[str, float] | None:
    """Return what each treatment adds, where the outcome is drawn at visits and has no ends."""
    blocks, name = blocks_of(design.study), plan.endpoint.outcome
    assert blocks is not None
    one = design.assumed[design.outcomes.index(name)]
    if name in design.follows or one.scale != "continuous" or design.events:
        return None
    added = numbers_of(one.treatments)
    return {treatment: added.get(treatment, 0.0) for treatment in blocks.treatments}


def _values(design: TrialDesign, name: str, plan: Estimand, treatment: str, n: int, seed: int) -> NDArray[np.float64]:
    """Return (n,) the mean over the periods of everybody as if all were under one treatment."""
    world = Conditions(frozenset(plan.intercurrent_events), everything=True, population=True)
    drawn = follow(under(design, treatment), np.zeros(n, dtype=np.intp), seed, world=world)
    values = estimand_values(design, drawn, name, complete=True)[0]
    return np.asarray(values[:, [design.visits.index(visit) for visit in plan.endpoint.visit]].mean(axis=1))


def under(design: TrialDesign, treatment: str) -> TrialDesign:
    """Return the design as if every treatment had the effect of one, with nothing carried over."""
    blocks = blocks_of(design.study)
    assert blocks is not None

    def alike(mean: dict[str, float], sd: dict[str, float]) -> dict[str, dict[str, float]]:
        return {
            "treatments": dict.fromkeys(blocks.treatments, mean.get(treatment, 0.0)),
            "treatment_sd": dict.fromkeys(blocks.treatments, sd.get(treatment, 0.0)),
        }

    assumed = tuple(
        one.model_copy(update={**alike(numbers_of(one.treatments), one.treatment_sd), "carry_over": {}})
        for one in design.assumed
    )
    part = design.assumptions
    if part.diary is not None:
        pain = part.diary.pain
        same = pain.model_copy(update={**alike(pain.treatments, pain.treatment_sd), "carry_over_days": 0.0})
        part = part.model_copy(update={"diary": part.diary.model_copy(update={"pain": same})})
    return replace(design, assumed=assumed, assumptions=part)
