"""What covariates add to the effects of arms: effect modification, as a plan assumes it.

Arrays: a arms, k outcomes, m visits, n participants, q values of a covariate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from coxa.simulate.from_plan.mix import LevelMix, Mix, NumberMix
from coxa.study.assumptions.trial import BASELINE, AssumedOutcome

Floats = NDArray[np.float64]

GRID = 4001
"""Values of a covariate over which a mean is taken out, and a variance worked out."""


@dataclass(frozen=True, slots=True)
class Modifier:
    """What a covariate adds to the values of one outcome in one arm, at each visit after baseline.

    name    : the covariate, or `baseline`
    outcome : place of the outcome
    arm     : place of the arm
    slope   : what one unit adds
    knots   : (q,) values of a number with what is added there, straight between and level outside; empty for a slope
    values  : (q,) what is added at the knots, or for each level of a category
    mean    : what all this is on average over participants, and is taken out

    Examples
    --------
    >>> Modifier("age", 0, 1, knots=np.array([40.0, 60.0]), values=np.array([0.0, 4.0]), mean=2.0).at([50, 70]).tolist()
    [0.0, 2.0]
    """

    name: str
    outcome: int
    arm: int
    slope: float = 0.0
    knots: Floats | None = None
    values: Floats | None = None
    mean: float = 0.0

    def at(self, given: Sequence[float] | NDArray[Any]) -> Floats:
        """Return (n,) what is added to participants with these numbers, or codes of levels; with mean 0."""
        return np.asarray(self._whole(np.asarray(given)) - self.mean)

    def _whole(self, given: NDArray[Any]) -> Floats:
        if self.values is None:
            return np.asarray(self.slope * given)
        if self.knots is None:
            return np.asarray(self.values[given.astype(int)])
        return np.asarray(np.interp(given, self.knots, self.values))


def planned_modifiers(
    assumed: Sequence[AssumedOutcome], mix: Mapping[str, Mix], arms: Sequence[str], baselines: Sequence[float]
) -> tuple[Modifier, ...]:
    """Return what a plan assumes, centred: `mean_change` remains the mean over the participants of an arm."""
    found = []
    for k, one in enumerate(assumed):
        for name, by_arm in one.modifiers.items():
            for arm, given in by_arm.items():
                raw = _raw(name, mix.get(name), given)
                place = arms.index(arm)
                if name == BASELINE:
                    mean = float(raw.at([baselines[k]])[0])
                else:
                    _, recorded, weight = spread_of(mix[name])
                    mean = float(weight @ raw.at(recorded))
                found.append(Modifier(name, k, place, raw.slope, raw.knots, raw.values, mean))
    return tuple(found)


def _raw(name: str, part: Mix | None, given: Any) -> Modifier:
    if not isinstance(given, dict):
        return Modifier(name, 0, 0, slope=float(given))
    if isinstance(part, LevelMix):
        named = {str(level): value for level, value in given.items()}
        return Modifier(name, 0, 0, values=np.array([named.get(level, 0.0) for level in part.levels]))
    knots = sorted(given, key=float)
    return Modifier(name, 0, 0, knots=np.array(knots, dtype=float), values=np.array([given[one] for one in knots]))


def spread_of(part: Mix) -> tuple[Floats, NDArray[Any], Floats]:
    """Return (q,) deviations from the mean, values as recorded (or codes), and their shares, of a covariate."""
    if isinstance(part, LevelMix):
        return np.zeros(len(part.levels)), np.arange(len(part.levels)), part.shares
    standard = norm.ppf((np.arange(GRID) + 0.5) / GRID)
    deviation = part.sd * standard / standard.std()
    recorded = np.round(np.clip(part.mean + deviation, part.low, part.high), part.digits)
    return deviation, recorded, np.full(GRID, 1.0 / GRID)


def covariance_of(name: str, part: Mix, modifiers: Sequence[Modifier], arm: int, m: int) -> Floats:
    """Return (k, m, k, m), or what broadcasts to it: what a covariate adds to the covariance in an arm."""
    own = [one for one in modifiers if one.name == name and one.arm == arm]
    if not own:
        return np.asarray(part.covariance()[:, None, :, None])
    deviation, recorded, weight = spread_of(part)
    shared = np.outer(deviation, part.slope) if isinstance(part, NumberMix) else part.shift
    added = np.repeat(shared[:, :, None], m, axis=2)
    for one in own:
        added[:, one.outcome, 1:] += one.at(recorded)[:, None]
    return np.einsum("q,qit,qju->itju", weight, added, added)


def with_baseline(total: Floats, modifiers: Sequence[Modifier], arm: int) -> Floats:
    """Return the covariance (k, m, k, m) of an arm in which the slope of later values on the baseline is steeper.

    The spread at each visit stays as it is stated, so that the correlation with the baseline is what changes.
    """
    found = total.copy()
    for one in modifiers:
        if one.name == BASELINE and one.arm == arm:
            with_first = one.slope * total[:, 0, one.outcome, 0]
            found[:, 0, one.outcome, 1:] += with_first[:, None]
            found[one.outcome, 1:, :, 0] += with_first[None, :]
    return found


def modification(modifiers: Sequence[Modifier], mix: Mapping[str, NDArray[Any]], a: int, k: int) -> Floats | None:
    """Return (k, a, n) what covariates add after baseline under each arm; None where they add nothing."""
    drawn = [one for one in modifiers if one.name != BASELINE]
    if not drawn:
        return None
    found = np.zeros((k, a, len(mix[drawn[0].name])))
    for one in drawn:
        found[one.outcome, one.arm] += one.at(mix[one.name])
    return found


def modified(modifiers: Sequence[Modifier], k: int) -> Iterator[Modifier]:
    """Yield the modifiers of an outcome."""
    yield from (one for one in modifiers if one.outcome == k)
