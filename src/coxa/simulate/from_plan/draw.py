"""Draw one trial as arrays, fast enough to draw thousands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.allocation import allocate
from coxa.simulate.from_plan.design import TrialDesign, check_seed
from coxa.simulate.from_plan.follow import DrawnTrial, follow
from coxa.simulate.from_plan.mix import draw_mix


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
        (n,) arms as places in `design.arms`, as of an allocation list; drawn if not given, in the numbers of the
        design, balanced within the strata of the plan's randomisation.
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
    allocated = allocate(design, mix[0], seed) if arm is None else np.asarray(arm, dtype=np.intp)
    return follow(design, allocated, seed, day=day, covariates=mix)
