"""An effect that is not known but has a distribution: what assurance is averaged over."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from coxa.errors import OptionError
from coxa.simulate import TrialDesign
from coxa.simulate.seeds import generator


@dataclass(frozen=True, slots=True)
class Prior:
    """A normal distribution of the effect, in units of the outcome.

    The effect is the difference in mean change, in the plan's assumptions, between the first arm that the estimand
    compares and its comparator, at the last visit that it names. The effects of all arms at all visits on all outcomes
    grow or shrink with it by the same factor.

    mean, sd : of the difference
    """

    mean: float
    sd: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.mean) and math.isfinite(self.sd) and self.sd > 0):
            raise OptionError(f"a prior has a finite mean and an sd above 0; got mean {self.mean:g}, sd {self.sd:g}")

    def factor(self, design: TrialDesign, analysis: str, seed: int) -> float:
        """Draw by how much the plan's effects are multiplied, from the seed of a replicate."""
        drawn = self.mean + self.sd * float(generator("effect", seed).standard_normal())
        return drawn / planned_effect(design, analysis)


def planned_effect(design: TrialDesign, analysis: str) -> float:
    """Return the difference in mean change that the plan assumes.

    Raises
    ------
    OptionError
        It is zero, and cannot be scaled.
    """
    estimand = design.study.planned(analysis).estimand
    k, visit = design.outcomes.index(estimand.endpoint.outcome), design.visits.index(estimand.endpoint.visit[-1])
    arm, other = (design.arms.index(name) for name in (estimand.treatment.compare[0], estimand.treatment.against))
    effect = float(design.means[arm, k, visit] - design.means[other, k, visit])
    if effect == 0:
        raise OptionError(
            f"the plan assumes no effect of {estimand.treatment.compare[0]} on {estimand.endpoint.outcome} at "
            f"{estimand.endpoint.visit[-1]}, so that an uncertain one has no course; write its `mean_change`"
        )
    return effect


def scaled(means: np.ndarray, factor: float) -> np.ndarray:
    """Return means (a, k, m) with every arm's difference from the reference, which is first, times `factor`.

    Examples
    --------
    >>> scaled(np.array([[[50.0, 50.0]], [[50.0, 56.0]]]), 0.5)[1, 0].tolist()
    [50.0, 53.0]
    """
    return np.asarray(means[:1] + factor * (means - means[:1]))
