"""What happened to participants of a drawn trial after randomisation, as `coxa.derive` has it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.sets import minutes_of, supervised_sessions
from coxa.study.exposures import ARM_RECEIVED, earlier_column, needed_earlier, needs_doses

Floats = NDArray[np.float64]


def exposure_columns(design: TrialDesign, drawn: DrawnTrial, estimand: str) -> dict[str, NDArray[Any]]:
    """Return (n,) columns of what analyses of an estimand need: the arm received, doses, and earlier outcomes."""
    study = design.study
    found: dict[str, NDArray[Any]] = {}
    if needs_doses(study, estimand):
        found |= doses(design, drawn)
        found[ARM_RECEIVED] = np.array(design.arms, dtype=object)[drawn.received]
    for outcome, visit in needed_earlier(study, estimand):
        k, t = design.outcomes.index(outcome), design.visits.index(visit)
        found[earlier_column(outcome, visit)] = drawn.value[:, k, t]
    return found


def doses(design: TrialDesign, drawn: DrawnTrial, *, stays: bool = False) -> dict[str, Floats]:
    """Return (n,) supervised sessions attended, their share of those planned, and their minutes.

    With `stays` as if nobody left.
    """
    n = len(drawn.arm)
    attended, minutes, listed = np.zeros(n), np.zeros(n), np.zeros(n)
    for part in supervised_sessions(design, drawn, stays=stays):
        taken = minutes_of(design, part).reshape(part.attended.shape)
        attended[part.rows] = part.attended.sum(axis=1)
        minutes[part.rows] = (taken * part.attended).sum(axis=1)
        listed[part.rows] = part.attended.shape[1]
    said = [design.study.arms[arm].sessions_planned for arm in design.arms]
    own = np.array([np.nan if number is None else number for number in said], dtype=float)[drawn.arm]
    planned = np.where(np.isnan(own), listed, own)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(planned > 0, attended / planned, np.where(attended == 0, 0.0, np.nan))
    return {"sessions_attended": attended, "share_attended": share, "minutes_attended": minutes}
