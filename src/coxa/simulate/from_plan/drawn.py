"""A trial that was drawn, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coxa.cards import Carded
from coxa.simulate.from_plan.event_outcomes import FlaresOfDays

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]


@dataclass(frozen=True, slots=True, repr=False)
class DrawnTrial(Carded):
    """A trial as arrays: n participants, k outcomes, m visits, the baseline first.

    arm, received : (n,) places in `TrialDesign.arms`: allocated, and of the treatment received
    day           : (n, m) study days of the visits
    value         : (n, k, m) as recorded; NaN where missing
    complete      : (n, k, m) as if nothing was missing
    present       : (n, m) the visit took place
    covariates    : name -> (n,) numbers, or codes of levels
    clusters      : name -> (n,) number of the cluster, -1 for none
    events        : name -> (n,) study day, NaN if it did not happen while the participant was in the trial
    left          : (n,) study day of leaving, NaN if never
    codes         : outcome -> (n, m, j) answers to items, as if all were answered
    attended      : by arm, (n_arm, s) sessions attended by those who receive it, as if nobody left; may be empty
    seed          : of its draws, from which what else is recorded is drawn
    severity      : (n,) how much worse the driving outcome is at baseline than the arm's mean, in standard deviations
    flares        : flares that follow from the days of the diary; None where none do

    Examples
    --------
    >>> import coxa
    >>> drawn = coxa.simulate.draw_outcomes(coxa.simulate.trial_design(coxa.preset("moa-2013"), 40), 1)
    >>> drawn.value.shape, bool(drawn.present[:, 0].all())
    ((40, 1, 4), True)
    """

    arm: Integers
    received: Integers
    day: Floats
    value: Floats
    complete: Floats
    present: NDArray[np.bool_]
    covariates: dict[str, NDArray[Any]]
    clusters: dict[str, Integers]
    events: dict[str, Floats]
    left: Floats
    codes: dict[str, NDArray[np.int8]]
    attended: tuple[NDArray[np.bool_], ...]
    seed: int
    severity: Floats
    flares: FlaresOfDays | None = None
