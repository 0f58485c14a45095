"""Who is allocated to which arm: in the numbers of the design, in random blocks within strata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.seeds import generator

Integers = NDArray[np.intp]
BLOCKS = 2
"""A block has the arms' shares so many times."""


def allocate(design: TrialDesign, covariates: Mapping[str, NDArray[Any]], seed: int) -> Integers:
    """Return (n,) arms, exactly as many of each as the design says.

    Blocks run through the participants sorted by stratum, so that the arms differ by a block at most within one. The
    allocation list of a trial is drawn by `coxa.randomise`; this is its likeness in numbers and balance.
    """
    rng = generator("allocation", seed)
    plan = design.study.randomisation
    order = rng.permutation(design.n)
    arms = blocks(rng, design.numbers)
    if plan is not None and plan.cluster is None and plan.covariates:
        stratum = np.zeros(design.n, dtype=np.intp)
        for name in plan.covariates:
            stratum = stratum * len(design.study.covariates[name].level_labels()) + covariates[name]
        order = order[np.argsort(stratum[order], kind="stable")]
    allocated = np.empty(design.n, dtype=np.intp)
    allocated[order] = arms
    return allocated


def blocks(rng: np.random.Generator, numbers: Integers) -> Integers:
    """Return arms in random blocks, each arm as often as `numbers` (a,) says.

    Examples
    --------
    >>> arms = blocks(np.random.default_rng(1), np.array([6, 6]))
    >>> np.bincount(arms[:4]).tolist(), np.bincount(arms).tolist()
    ([2, 2], [6, 6])
    """
    total = int(numbers.sum())
    size = BLOCKS * total // max(int(np.gcd.reduce(numbers)), 1)
    if size > total:
        return np.asarray(rng.permutation(np.repeat(np.arange(len(numbers)), numbers)))
    # Spread each arm evenly over the list, then shuffle within blocks.
    rank = np.concatenate([(np.arange(count) + 0.5) / count for count in numbers])
    arm = np.repeat(np.arange(len(numbers)), numbers)
    block = np.floor(rank * total / size)
    return np.asarray(arm[np.lexsort((rng.random(total), block))])
