"""Draw trials as arrays, fast enough to draw thousands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from coxa.arguments import WHOLE, kinds
from coxa.simulate.from_plan.allocation import Allocated, allocate
from coxa.simulate.from_plan.design import DESIGN, TrialDesign, check_seed
from coxa.simulate.from_plan.follow import DrawnTrial, follow
from coxa.simulate.from_plan.mix import draw_mix


@kinds(design=DESIGN, seed=WHOLE)
def draw_outcomes(
    design: TrialDesign, seed: int, *, arm: NDArray[np.intp] | None = None, day: NDArray[np.float64] | None = None
) -> DrawnTrial:
    """Draw one trial: arms, outcomes at every visit, what is missing, covariates, clusters and events.

    Parameters
    ----------
    design
        From `trial_design`; worked out once for any number of draws.
    seed
        Not negative. The same design and seed give the same trial.
    arm
        (n,) arms as places in `design.arms`, as of an allocation list; drawn if not given, by the scheme of the plan's
        randomisation, and without one in the numbers of the design.
    day
        (n, m) study days of the visits; the planned ones if not given.

    Returns
    -------
    DrawnTrial
        `value` (n, k, m) is NaN where a value is missing.

    Raises
    ------
    OptionError
        A negative seed.

    Examples
    --------
    >>> design = trial_design(study)  # doctest: +SKIP
    >>> draw_outcomes(design, seed=1).value.shape  # doctest: +SKIP
    (200, 1, 5)
    """
    check_seed(seed)
    n = design.n if arm is None else len(arm)
    mix = draw_mix(design.mix, n, len(design.outcomes), seed)
    given = allocate(design, [mix[0]], [seed])[0] if arm is None else Allocated(np.asarray(arm, dtype=np.intp))
    return follow(design, given.arm, seed, day=day, covariates=mix, clusters=given.clusters)


def draw_trials(designs: Sequence[TrialDesign], seeds: Sequence[int]) -> list[DrawnTrial]:
    """Draw trials of one plan, each the one that `draw_outcomes` draws from its design and seed.

    The designs differ in their means at most; all trials are allocated together.
    """
    first = designs[0]
    mixes = [draw_mix(first.mix, first.n, len(first.outcomes), seed) for seed in seeds]
    given = allocate(first, [mix[0] for mix in mixes], seeds)
    return [
        follow(design, each.arm, seed, covariates=mix, clusters=each.clusters)
        for design, seed, mix, each in zip(designs, seeds, mixes, given, strict=True)
    ]
