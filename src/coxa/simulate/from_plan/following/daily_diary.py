"""Outcomes and flares that follow from the days of a diary."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.diary_days import DiaryDays, diary_days
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.event_outcomes import EventDays, FlaresOfDays
from coxa.simulate.from_plan.found_flares import find_flares
from coxa.study.diary import diary_of
from coxa.study.outcome_sources.daily_diary import DailyDiarySource

Floats = NDArray[np.float64]


WithFlares = tuple[DiaryDays, NDArray[np.bool_]]
"""A diary, with the column `in_flare`, and (n, t) on which days a flare begins."""


def flares_follow(design: TrialDesign) -> bool:
    """Return whether an event of flares follows from an assumed diary, as nothing is assumed of it by itself."""
    flares = [name for name, event in design.study.events.items() if event.source.flare]
    return bool(flares) and design.assumptions.diary is not None and not set(flares) & {*design.assumptions.happenings}


def diary_of_trial(design: TrialDesign, drawn: DrawnTrial, *, complete: bool) -> WithFlares | None:
    """Return the diary of a trial, with the column `in_flare`, and (n, t) on which days a flare begins."""
    days = diary_days(design, drawn, complete=complete)
    if days is None:
        return None
    if "pain" not in days.columns:
        return days, np.zeros((len(drawn.arm), 0), dtype=bool)
    written = np.any([np.isfinite(values) for values in days.columns.values()], axis=0)
    begins, inside = find_flares(days.columns["pain"], written, diary_of(design.study.diary).flares)
    in_flare = np.where(written & (np.isfinite(days.columns["pain"]) | inside), inside.astype(float), np.nan)
    return DiaryDays(days.first, days.columns | {"in_flare": in_flare}), begins


def flares_found(days: DiaryDays, begins: NDArray[np.bool_]) -> EventDays:
    """Return the flares after randomisation as events; those before are in the past."""
    person, at = np.nonzero(begins)
    day = np.asarray(at + float(days.first), dtype=np.float64)
    return EventDays(person, day, len(begins)).since(np.ones(len(begins))).later(1.0)


def flares_of_days(recorded: WithFlares, complete: WithFlares) -> FlaresOfDays:
    """Return the flares of a diary as written, and as if every day was written."""
    days = recorded[0]
    written = np.isfinite(days.columns["pain"])
    last = np.where(written.any(axis=1), days.first + written.shape[1] - 1 - written[:, ::-1].argmax(axis=1), 0)
    return FlaresOfDays(flares_found(*recorded), flares_found(*complete), np.maximum(last, 0).astype(float))


def values_of_days(design: TrialDesign, days: DiaryDays, source: DailyDiarySource) -> Floats:
    """Return (n, m) what is taken of the window of each visit, NaN where too few days are written."""
    columns = []
    for visit in design.visits:
        first, last = source.days_at(design.study.visits[visit].day)
        columns.append(_taken(days.window(source.field, first, last), source))
    return np.stack(columns, axis=1)


def _taken(rows: Floats, source: DailyDiarySource) -> Floats:
    """Return (n,) the summary of (n, d) days."""
    known = np.isfinite(rows)
    number = known.sum(axis=1)
    enough = number >= source.needed
    if not enough.any():
        return np.full(len(rows), np.nan)
    counted = rows
    if source.take in ("share", "days"):
        low, high = source.within or (1e-9, np.inf)
        counted = np.where(known, (rows >= low) & (rows <= high), np.nan)
    total = np.nansum(counted, axis=1)
    match source.take:
        case "max":
            found = np.where(known, rows, -np.inf).max(axis=1)
        case "min":
            found = np.where(known, rows, np.inf).min(axis=1)
        case "mean":
            found = total / np.maximum(number, 1)
        case "share":
            found = 100.0 * total / np.maximum(number, 1)
        case _:
            found = total
    return np.where(enough, found, np.nan)
