"""Numbers of covariates as a table records them: as drawn, or from within the level that the plan cuts them to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.seeds import generator

Floats = NDArray[np.float64]


def numbers_of(design: TrialDesign, drawn: DrawnTrial, name: str, seed: int) -> Floats:
    """Return (n,) numbers of a covariate that was drawn as a number, or as the levels of one."""
    values, cuts = drawn.covariates[name], design.study.covariates[name].cuts
    return between_cuts(cuts, values, generator(f"{name} between its cuts", seed)) if cuts else values


def between_cuts(cuts: tuple[float, ...], code: NDArray[np.intp], rng: np.random.Generator) -> Floats:
    """Return numbers that cuts give back the levels of: even between two cuts, to 0.1, and none below 0.

    The first and the last level are as wide as the others are on average; where there is one cut, half as wide as it
    is high.

    Examples
    --------
    >>> between_cuts((20.0, 40.0), np.array([0, 1, 2]), np.random.default_rng(1)).tolist()
    [10.2, 39.0, 42.8]
    """
    step = np.diff(cuts).mean() if len(cuts) > 1 else max(abs(cuts[0]) / 2, 1.0)
    first = max(cuts[0] - step, 0.0) if cuts[0] > 0 else cuts[0] - step
    edges = np.array([first, *cuts, cuts[-1] + step])
    low, high = edges[code], edges[code + 1]
    return np.maximum(np.floor(10 * (low + (high - low) * rng.random(len(code)))) / 10, low)
