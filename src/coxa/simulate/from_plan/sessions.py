"""Which planned sessions take place: those attended before a participant leaves or treatment ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.dose import attendance_of, draw_sessions, session_days
from coxa.simulate.from_plan.follow import DrawnTrial
from coxa.simulate.seeds import generator

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ArmSessions:
    """Supervised sessions of the r participants who receive an arm's treatment, s planned for each.

    arm      : its name
    rows     : (r,) places of the participants
    day      : (r, s) study days
    attended : (r, s) the session took place
    rng      : what else is to be drawn of these sessions
    """

    arm: str
    rows: NDArray[np.intp]
    day: Floats
    attended: NDArray[np.bool_]
    rng: np.random.Generator


def end_of_treatment(design: TrialDesign, drawn: DrawnTrial) -> Floats:
    """Return (n,) the study day after which there are no sessions, infinite if there is none."""
    ends = [drawn.left, *(drawn.events[event.name] for event in design.events if event.ends)]
    return np.nanmin(np.stack([np.full(len(drawn.arm), np.inf), *ends]), axis=0)


def supervised_sessions(design: TrialDesign, drawn: DrawnTrial) -> Iterator[ArmSessions]:
    """Yield the sessions of each arm that plans some and is received by somebody; nothing without `sessions`."""
    part = design.assumptions.sessions
    if part is None:
        return
    planned, mean = attendance_of(design.study, part, design.arms)
    came = drawn.attended or draw_sessions(planned, mean, part.consistency, drawn.received, design.arms, drawn.seed)
    stop = end_of_treatment(design, drawn)
    for place, (arm, attended) in enumerate(zip(design.arms, came, strict=True)):
        rows = np.flatnonzero(drawn.received == place)
        if not planned[place] or not len(rows):
            continue
        rng = generator(f"sessions of {arm}", drawn.seed)
        day = session_days(int(planned[place]), part.last_day) + rng.integers(-1, 2, attended.shape)
        yield ArmSessions(arm, rows, day, attended & ~(day > stop[rows, None]), rng)
