"""The exercise log of a simulated trial: sets done of those prescribed, day by day and exercise by exercise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.sets import end_of_treatment
from coxa.simulate.from_plan.tables import Calendar
from coxa.simulate.from_plan.treatment import home_days
from coxa.simulate.identifiers import participant_ids
from coxa.simulate.seeds import generator
from coxa.study.assumptions.exercise_log import AssumedExerciseLog
from coxa.study.assumptions.numbers import by_name
from coxa.study.comparative import ComparativeStudy
from coxa.study.delivery.arm import Delivery, Prescription

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Asked:
    """One exercise as it is prescribed.

    sets, repetitions, hold : of it on a day; repetitions and hold None where they are not counted
    load    : (d,) kg on its days; zeros without one
    side    : as the log has it
    on      : (d,) whether it is asked for on each day of the log
    """

    exercise: str
    sets: int
    repetitions: int | None
    hold: float | None
    load: Floats
    side: str
    on: Flags


@dataclass(frozen=True, slots=True)
class ArmLog:
    """The log of the r participants who receive an arm's treatment: e exercises on d days.

    rows     : (r,) places of the participants
    days     : (d,) study days
    asked    : the exercises
    sets     : (r, d, e) sets done
    exertion : (r, d, e) perceived exertion
    """

    rows: NDArray[np.intp]
    days: Floats
    asked: tuple[Asked, ...]
    sets: NDArray[np.int64]
    exertion: Floats

    @property
    def prescribed(self) -> Floats:
        """(d, e) sets prescribed, 0 on days on which an exercise is not asked for."""
        return np.stack([one.sets * one.on for one in self.asked], axis=1).astype(float)


def arm_logs(design: TrialDesign, drawn: DrawnTrial) -> Iterator[ArmLog]:
    """Yield the log of each arm that has exercises and is received by somebody, as if nobody left.

    Each participant does a share of the sets that is their own (beta); the sets of an exercise on a day are binomial.
    """
    part = design.assumptions.exercise_log
    if part is None:
        return
    for place, arm in enumerate(design.arms):
        rows = np.flatnonzero(drawn.received == place)
        if not is_prescribed(design.study, part, arm):
            continue
        days, asked = prescribed(part, design.study.arms[arm].delivery, arm)
        if not len(rows) or not len(days):
            continue
        rng, share = generator(f"exercise log of {arm}", drawn.seed), by_name(part.done, arm)
        own = np.full(len(rows), share)
        if 0 < share < 1:
            own = rng.beta(share * part.consistency, (1 - share) * part.consistency, len(rows))
        shape = (len(rows), len(days), len(asked))
        sets = rng.binomial(np.array([one.sets for one in asked]), own[:, None, None], shape)
        exertion = np.clip(np.round(rng.normal(part.exertion, 1.0, shape)), 0, 10)
        yield ArmLog(rows, days, asked, sets, exertion)


def is_prescribed(study: ComparativeStudy, part: AssumedExerciseLog, arm: str) -> bool:
    """Return whether an arm has exercises: where the plan prescribes some, the arms that it prescribes them to.

    Arms that the assumptions give exercises, or a number of their own, have them too.
    """
    by_arm = (one for one in (part.per_week, part.done) if isinstance(one, Mapping))
    if "exercises" in part.model_fields_set or any(arm in one for one in by_arm):
        return True
    planned = {name: bool(one.delivery and one.delivery.exercises) for name, one in study.arms.items()}
    return planned[arm] or not any(planned.values())


def prescribed(part: AssumedExerciseLog, delivery: Delivery | None, arm: str) -> tuple[Floats, tuple[Asked, ...]]:
    """Return the days of a log and the exercises asked for: those of the arm's `delivery`, where it has a dose.

    A key that the assumptions give counts instead of the plan's; of a span the middle is taken.
    """
    planned = () if delivery is None else delivery.exercises
    if "exercises" in part.model_fields_set or not planned:
        planned = tuple(Prescription(exercise=code) for code in part.exercises)
    at_home = None if delivery is None else delivery.home_per_week
    own_days = []
    for one in planned:
        given = by_name(part.per_week, arm) if "per_week" in part.model_fields_set else None
        often = given if given is not None else _middle(one.per_week or at_home) or by_name(part.per_week, arm)
        own_days.append(home_days(often, part.last_day))
    days = np.unique(np.concatenate(own_days)) if own_days else np.empty(0)
    asked = tuple(_asked(part, one, days, mine) for one, mine in zip(planned, own_days, strict=True))
    return days, asked


def _asked(part: AssumedExerciseLog, one: Prescription, days: Floats, own: Floats) -> Asked:
    fixed = part.model_fields_set
    sets = part.sets if "sets" in fixed or one.sets is None else max(round(_middle(one.sets) or 0), 1)
    timed = one.hold_s is not None or one.minutes is not None
    repetitions = None if timed and one.reps is None else part.repetitions
    if one.reps is not None and "repetitions" not in fixed:
        repetitions = max(round(_middle(one.reps) or 0), 1)
    weeks = np.floor((days - 1) / 7.0)
    load = part.load + part.load_per_week * weeks if part.load > 0 else np.zeros(len(days))
    if one.load_type is not None and "load" not in fixed:
        load = _planned_load(one, weeks)
    hold = _middle(one.hold_s) if one.hold_s is not None else 60.0 * (_middle(one.minutes) or 0.0) or None
    side = "affected" if one.side == "affected" else "both"
    return Asked(str(one.exercise), sets, repetitions, hold, load, side, np.isin(days, own))


def _planned_load(one: Prescription, weeks: Floats) -> Floats:
    """Return (d,) kg: as planned, in a straight line from the first to the last; zeros of a load that is not in kg."""
    if one.load_type != "kg" or isinstance(one.load, str) or one.load is None:
        return np.zeros(len(weeks))
    first, last = one.load if isinstance(one.load, tuple) else (one.load, one.load)
    return np.round(first + (last - first) * weeks / max(float(weeks.max(initial=0.0)), 1.0), 1)


def _middle(given: float | tuple[float, float] | None) -> float | None:
    return sum(given) / 2.0 if isinstance(given, tuple) else given


def exercise_log_table(design: TrialDesign, drawn: DrawnTrial, when: Calendar) -> pd.DataFrame:
    """Return one row per exercise and day until a participant left or treatment ended; nothing without assumptions."""
    import pandas as pd

    ids, stop, frames = participant_ids(len(drawn.arm)), end_of_treatment(design, drawn), []
    for log in arm_logs(design, drawn):
        person, day, exercise = (index.ravel() for index in np.indices(log.sets.shape))
        sets = log.sets.ravel()
        done = sets > 0

        def of(key: str, log: ArmLog = log, exercise: NDArray[np.intp] = exercise) -> NDArray[np.object_]:
            return np.array([getattr(one, key) for one in log.asked], dtype=object)[exercise]

        repetitions = pd.Series(of("repetitions"), dtype="Int64")
        hold = pd.Series(of("hold"), dtype=float)
        frame = pd.DataFrame(
            {
                "participant_id": ids[log.rows[person]],
                "exercise_date": when(log.rows[person], log.days[day]),
                "exercise": of("exercise"),
                "side": of("side"),
                "setting": "home",
                "sets": sets,
                "repetitions": repetitions.where(done),
                "perceived_exertion": pd.Series(log.exertion.ravel()).where(done),
                "sets_prescribed": of("sets").astype(int),
                "repetitions_prescribed": repetitions,
            }
        )
        if hold.notna().any():
            frame = frame.assign(hold=hold.where(done), hold_prescribed=hold)
        load = np.stack([one.load for one in log.asked], axis=1)[day, exercise]
        if (load > 0).any():
            asked = pd.Series(load).where(load > 0)
            frame = frame.assign(load=asked.where(done), load_prescribed=asked)
        asked_for = np.stack([one.on for one in log.asked], axis=1)[day, exercise]
        frames.append(frame[asked_for & (log.days[day] <= stop[log.rows[person]])])
    if not frames:
        return pd.DataFrame()
    every = pd.concat(frames, ignore_index=True)
    return every.sort_values(["participant_id", "exercise_date"], kind="stable", ignore_index=True)
