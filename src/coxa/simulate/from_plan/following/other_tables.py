"""Outcomes that follow from the exercise log, sessions, returns to sport, goals and clinical measures."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from coxa.errors import OptionError
from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.exercise_log import arm_logs
from coxa.simulate.from_plan.goal_rows import goals_of, met_or_rated
from coxa.simulate.from_plan.return_levels import places_at_visits
from coxa.simulate.from_plan.sets import end_of_treatment, minutes_of, supervised_sessions
from coxa.simulate.from_plan.what_follows import SIDES
from coxa.study.outcome_sources import FromTable
from coxa.study.outcome_sources.clinical_measures import ClinicalMeasureSource
from coxa.study.outcome_sources.exercise_log import ExerciseSource
from coxa.study.outcome_sources.goals import GoalSource
from coxa.study.outcome_sources.return_to_sport import ReturnSource
from coxa.study.outcome_sources.treatment_sessions import SessionSource
from coxa.study.visit_ends import visit_ends
from coxa.study.words import RETURN_STATUSES

Floats = NDArray[np.float64]


def values_of_log(design: TrialDesign, drawn: DrawnTrial, given: FromTable, *, complete: bool) -> Floats:
    """Return (n, m) sets done of those prescribed until each visit, in %; NaN where none was."""
    source = cast(ExerciseSource, given)
    n, ends = len(drawn.arm), _ends(design)
    stop = end_of_treatment(design, drawn, stays=complete)
    asked, done = np.zeros((2, n, len(ends)))
    for log in arm_logs(design, drawn):
        counts = np.array([not source.exercises or one.exercise in source.exercises for one in log.asked])
        prescribed = log.prescribed * counts
        written = log.days <= stop[log.rows, None]
        mine = np.where(prescribed > 0, log.sets, 0).sum(axis=2) * written
        due = prescribed.sum(axis=1) * written
        for m, end in enumerate(ends):
            since = -np.inf if source.since == "start" or m == 0 else ends[m - 1]
            window = (log.days > since) & (log.days <= end)
            asked[log.rows, m], done[log.rows, m] = due[:, window].sum(axis=1), mine[:, window].sum(axis=1)
    if source.since == "start":
        # A visit without anything prescribed since the one before has no row, and no value.
        new = np.diff(asked, axis=1, prepend=0.0) > 0
        asked = np.where(new, asked, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(asked > 0, 100.0 * np.minimum(done / asked, 1.0), np.nan)


def values_of_sessions(design: TrialDesign, drawn: DrawnTrial, given: FromTable, *, complete: bool) -> Floats:
    """Return (n, m) sessions attended, or their minutes, until each visit; NaN without a session listed."""
    source = cast(SessionSource, given)
    ends = _ends(design)
    found = np.full((len(drawn.arm), len(ends)), np.nan)
    for part in supervised_sessions(design, drawn, stays=complete):
        amount = part.attended.astype(float)
        if source.take == "minutes":
            amount = amount * minutes_of(design, part).reshape(amount.shape)
        for m, end in enumerate(ends):
            since = -np.inf if source.since == "start" or m == 0 else ends[m - 1]
            window = (part.day > since) & (part.day <= end)
            listed, total = window.sum(axis=1), (amount * window).sum(axis=1)
            value = 100.0 * total / np.maximum(listed, 1) if source.take == "share" else total
            found[part.rows, m] = np.where(listed > 0, value, np.nan)
    return found


def values_of_returns(design: TrialDesign, drawn: DrawnTrial, given: FromTable, *, complete: bool) -> Floats:
    """Return (n, m) how many of the statuses of an outcome are reached at each visit that took place."""
    source = cast(ReturnSource, given)
    place = places_at_visits(design, drawn, complete=complete)
    cuts = np.array([RETURN_STATUSES.index(status) for status in source.statuses])
    reached = (place[..., None] >= cuts).sum(axis=2).astype(float)
    return np.where(np.isfinite(place), reached, np.nan)


def values_of_goals(design: TrialDesign, drawn: DrawnTrial, given: FromTable, *, complete: bool) -> Floats:
    """Return (n, m) what is taken of the goals of other outcomes, of one term or of all together."""
    source = cast(GoalSource, given)
    return met_or_rated(goals_of(design, drawn, complete=complete), source)


def values_of_sides(design: TrialDesign, drawn: DrawnTrial, given: FromTable, *, complete: bool) -> Floats:
    """Return (n, m) the symmetry or the mean of two sides that are outcomes themselves."""
    source = cast(ClinicalMeasureSource, given)
    values = drawn.complete if complete else drawn.value
    by_side: dict[str, Floats] = {}
    for k, name in enumerate(design.outcomes):
        other = design.study.outcomes[name].source
        if not isinstance(other, ClinicalMeasureSource) or name in design.follows:
            continue
        if (other.measure, other.position) == (source.measure, source.position):
            by_side[other.counted] = values[:, k]
    for first, second in SIDES[source.counted]:
        if first in by_side and second in by_side:
            one, two = by_side[first], by_side[second]
            if source.counted == "mean":
                return (one + two) / 2.0
            return np.where(two > 0, 100.0 * one / np.where(two > 0, two, 1.0), np.nan)
    raise OptionError(f"The {source.counted} of `{source.measure}` needs both sides as outcomes of the plan.")


def _ends(design: TrialDesign) -> list[float]:
    """Return the last day that counts for each visit, as tables without visits are divided among them."""
    ends = visit_ends(design.study.visits)
    return [ends[visit] for visit in design.visits]
