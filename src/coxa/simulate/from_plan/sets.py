"""Who of a drawn trial is in an analysis set, and which sessions take place: the rules of `coxa.derive`, on arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.dose import attendance_of, draw_minutes, draw_sessions, session_days
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.seeds import generator
from coxa.study.words import AnalysisSet

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


def end_of_treatment(design: TrialDesign, drawn: DrawnTrial, *, stays: bool = False) -> Floats:
    """Return (n,) the study day after which there are no sessions, infinite if there is none.

    With `stays` as if nobody left.
    """
    left = [] if stays else [drawn.left]
    ends = [*left, *(drawn.events[event.name] for event in design.events if event.ends)]
    return np.nanmin(np.stack([np.full(len(drawn.arm), np.inf), *ends]), axis=0)


def supervised_sessions(design: TrialDesign, drawn: DrawnTrial, *, stays: bool = False) -> Iterator[ArmSessions]:
    """Yield the sessions of each arm that plans some and is received by somebody; nothing without `sessions`.

    With `stays` as if nobody left.
    """
    part = design.assumptions.sessions
    if part is None:
        return
    planned, mean = attendance_of(design.study, part, design.arms)
    came = drawn.attended or draw_sessions(planned, mean, part.consistency, drawn.received, design.arms, drawn.seed)
    stop = end_of_treatment(design, drawn, stays=stays)
    for place, (arm, attended) in enumerate(zip(design.arms, came, strict=True)):
        rows = np.flatnonzero(drawn.received == place)
        if not planned[place] or not len(rows):
            continue
        rng = generator(f"sessions of {arm}", drawn.seed)
        day = session_days(int(planned[place]), part.last_day) + rng.integers(-1, 2, attended.shape)
        yield ArmSessions(arm, rows, day, attended & ~(day > stop[rows, None]), rng)


MINUTES = 45.0
"""Usual duration of a session, where the plan has none."""


def minutes_of(design: TrialDesign, part: ArmSessions) -> Floats:
    """Return (r s,) minutes of the sessions of an arm, about those that its `delivery` plans; drawn once."""
    delivery = design.study.arms[part.arm].delivery
    planned = MINUTES if delivery is None or delivery.minutes is None else delivery.minutes
    usual = sum(planned) / 2.0 if isinstance(planned, tuple) else float(planned)
    return draw_minutes(part.rng, usual, part.attended.size)


Flags = NDArray[np.bool_]

EVERYBODY: tuple[AnalysisSet, ...] = ("randomised_set", "full_analysis_set")
"""Sets of all who are simulated: nothing after randomisation decides about them."""


def set_members(design: TrialDesign, drawn: DrawnTrial, population: AnalysisSet) -> Flags:
    """Return (n,) who is in an analysis set, by what the trial records: arms, sessions attended and events.

    Notes
    -----
    The same rules as `coxa.derive.analysis_sets`. A participant is in the safety set who attended a session, where the
    arm allocated plans some and sessions are recorded at all; in the per-protocol set as the plan's `per_protocol`
    says.
    """
    everybody = np.ones(len(drawn.arm), dtype=bool)
    if population in EVERYBODY:
        return everybody
    counted = session_counts(design, drawn)
    if population == "safety_set":
        return everybody if counted is None else (counted[0] > 0) | (counted[1] == 0)
    rule = design.study.per_protocol
    if rule is None:
        return ~everybody
    inside = everybody
    if rule.received_allocated_arm:
        inside = drawn.received == drawn.arm
    if rule.min_attendance is not None and counted is not None:
        attended, planned = counted
        inside = inside & ((planned == 0) | (attended / np.maximum(planned, 1) >= rule.min_attendance))
    for name in rule.without_events:
        if name in drawn.events:
            inside = inside & np.isnan(drawn.events[name])
    return inside


def arm_analysed(drawn: DrawnTrial, population: AnalysisSet) -> NDArray[np.intp]:
    """Return (n,) the arm in which participants are analysed: in the safety set the one whose treatment they got."""
    return drawn.received if population == "safety_set" else drawn.arm


def session_counts(design: TrialDesign, drawn: DrawnTrial) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """Return (n,) supervised sessions attended and planned, None where no session is recorded.

    Planned is the number of the arm allocated where the plan says it, else what is listed for the arm received.
    """
    attended, listed = (np.zeros(len(drawn.arm), dtype=np.intp) for _ in range(2))
    recorded = False
    for part in supervised_sessions(design, drawn):
        attended[part.rows] = part.attended.sum(axis=1)
        listed[part.rows] = part.attended.shape[1]
        recorded = True
    if not recorded:
        return None
    said = [design.study.arms[arm].sessions_planned for arm in design.arms]
    planned = np.array([-1 if number is None else number for number in said], dtype=np.intp)[drawn.arm]
    return attended, np.where(planned < 0, listed, planned)
