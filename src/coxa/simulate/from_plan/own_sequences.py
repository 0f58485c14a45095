"""N-of-1 trials: who takes which treatment when, and what it adds in each participant.

Arrays: n participants, p periods, g treatments, k outcomes, m visits, t days.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.seeds import generator
from coxa.study.assumptions.diary import AssumedDailyPain
from coxa.study.blocks import Blocks

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]


def blocks_of(study: Any) -> Blocks | None:
    """Return the blocks of a plan of n-of-1 trials; None of another plan."""
    blocks = getattr(study, "blocks", None)
    return blocks if isinstance(blocks, Blocks) else None


def orders(blocks: Blocks, n: int, seed: int) -> Integers:
    """Draw (n, p) places of the treatments taken in each period: in every block each once, in random order.

    Examples
    --------
    >>> blocks = Blocks.model_validate({"treatments": {"a": "A", "b": "B"}, "number": 3, "period_days": 7})
    >>> np.sort(orders(blocks, 2, 1).reshape(2, 3, 2), axis=2).tolist()
    [[[0, 1], [0, 1], [0, 1]], [[0, 1], [0, 1], [0, 1]]]
    """
    size = (n, blocks.number, len(blocks.treatments))
    return np.argsort(generator("orders of treatments", seed).random(size), axis=2).reshape(n, -1)


def sequence_words(blocks: Blocks, n: int, seed: int) -> list[str]:
    """Return (n,) the treatments of each participant in order, as the participants table has them."""
    names = np.array(list(blocks.treatments))
    return [" ".join(row) for row in names[orders(blocks, n, seed)]]


def numbers_of(given: Mapping[str, Any]) -> dict[str, float]:
    """Return what treatments add where each adds one number."""
    return {name: float(one) for name, one in given.items() if not isinstance(one, tuple)}


def own_effects(
    blocks: Blocks, mean: Mapping[str, float], sd: Mapping[str, float], what: str, n: int, seed: int
) -> Floats:
    """Draw (n, g) what each treatment adds in each participant."""
    columns = [
        mean.get(name, 0.0)
        + (
            sd[name] * generator(f"effect of {name} on {what}", seed).standard_normal(n)
            if sd.get(name)
            else np.zeros(n)
        )
        for name in blocks.treatments
    ]
    return np.column_stack(columns)


def effects_on_days(study: Any, pain: AssumedDailyPain, n: int, t: int, first: int, seed: int) -> Floats:
    """Return (n, t) what the treatments add to pain on each day; zero of a plan that is not of n-of-1 trials.

    Where the plan assumes a time constant the effect approaches that of the treatment taken, day by day; in a washout
    it fades.
    """
    blocks = blocks_of(study)
    if blocks is None:
        return np.zeros((n, t))
    each = own_effects(blocks, pain.treatments, pain.treatment_sd, "daily pain", n, seed)
    place, within = blocks.places(np.arange(first, first + t))
    period = place - 1
    inside = (period >= 0) & (period < blocks.n_periods) & (within <= blocks.period_days)
    taken = orders(blocks, n, seed)[:, np.clip(period, 0, blocks.n_periods - 1)]
    target = np.where(inside, np.take_along_axis(each, taken, axis=1), 0.0)
    if not pain.carry_over_days:
        return target
    kept, level, found = math.exp(-1.0 / pain.carry_over_days), np.zeros(n), np.empty((n, t))
    for day in range(t):
        level = kept * level + (1.0 - kept) * target[:, day]
        found[:, day] = level
    return found


def effects_at_visits(design: Any, n: int, seed: int) -> Floats | None:
    """Return (k, m, n) what the treatments add to outcomes at the ends of periods; None of another kind of plan."""
    blocks = blocks_of(design.study)
    if blocks is None:
        return None
    taken, names = orders(blocks, n, seed), list(blocks.treatments)
    found = np.zeros((len(design.outcomes), len(design.visits), n))
    for k, one in enumerate(design.assumed):
        if not (one.treatments or one.treatment_sd or one.carry_over):
            continue
        each = own_effects(blocks, numbers_of(one.treatments), one.treatment_sd, design.outcomes[k], n, seed)
        left = np.array([one.carry_over.get(name, 0.0) for name in names])
        for place, visit in enumerate(blocks.visits):
            at = design.visits.index(visit)
            found[k, at] = each[np.arange(n), taken[:, place]]
            if place:
                found[k, at] += left[taken[:, place - 1]]
    return found
