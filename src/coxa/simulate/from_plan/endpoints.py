"""What events and composites are for each participant of a drawn trial, visit by visit, as `coxa.derive` has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.event_outcomes import (
    EventDays,
    acting_day,
    after_strategies,
    draw_event_days,
    flare_length,
    until_horizon,
)
from coxa.simulate.from_plan.strategies import response_of, values_after_events
from coxa.simulate.seeds import generator
from coxa.study.diary import diary_of
from coxa.study.estimand import Estimand
from coxa.study.events import Composite, EventOutcome

Floats = NDArray[np.float64]
Columns = dict[str, NDArray[Any]]


def end_of_observation(design: TrialDesign, drawn: DrawnTrial, *, complete: bool) -> Floats:
    """Return (n,) the day of leaving, or else of the last visit that took place, at least its planned day."""
    n = len(drawn.arm)
    if complete:
        return np.full(n, np.inf)
    reached = np.where(drawn.present, np.maximum(drawn.day, design.days), -np.inf).max(axis=1)
    return np.where(np.isnan(drawn.left), reached, drawn.left)


def recorded_events(design: TrialDesign, drawn: DrawnTrial, name: str, *, complete: bool = False) -> EventDays:
    """Return the events of one kind that happened while a participant was in the trial.

    The table of returns to sport has one row per day: two recurrences of one day are recorded as one. Flares of the
    diary are seen where the diary goes on until they are over.
    """
    source = design.study.events[name].source
    if source.flare and drawn.flares is not None:
        return drawn.flares.complete if complete else drawn.flares.recorded
    own = after_switching(design, drawn, name)
    if complete:
        return own
    if source.table == "return_to_sport":
        own = own.once_a_day()
    if source.flare:
        end = end_of_observation(design, drawn, complete=False)
        return own.until(end - flare_length(diary_of(design.study.diary).flares))
    return own.until(np.where(np.isnan(drawn.left), np.inf, drawn.left))


def after_switching(design: TrialDesign, drawn: DrawnTrial, name: str) -> EventDays:
    """Return the events of one kind; those that recur have the rate of another arm from an event with `switch_to` on.

    With `keeps`, each later event of the own arm is kept with that probability, and each of the other arm with the
    rest: the rate is then the weighted one.
    """
    own = draw_event_days(design, name, drawn.received, drawn.seed, drawn.covariates)
    part = design.assumptions.happenings.get(name)
    switching = [one for one in design.events if one.switch_to >= 0 and one.name in drawn.events]
    if part is None or part.number is None or not switching:
        return own
    days = np.stack([np.nan_to_num(drawn.events[one.name], nan=np.inf) for one in switching])
    first, which = days.min(axis=0), days.argmin(axis=0)
    if not np.isfinite(first).any():
        return own
    place, keeps = (np.array([getattr(one, key) for one in switching])[which] for key in ("switch_to", "keeps"))
    follows = np.where(np.isfinite(first), place, drawn.received)
    other = draw_event_days(design, name, follows, drawn.seed, drawn.covariates, "after a switch")
    rng = generator(f"kept of {name}", drawn.seed)
    kept = (own.day <= first[own.person]) | (rng.random(len(own.day)) < keeps[own.person])
    new = (other.day > first[other.person]) & (rng.random(len(other.day)) >= keeps[other.person])
    person, day = (
        np.concatenate(both) for both in ((own.person[kept], other.person[new]), (own.day[kept], other.day[new]))
    )
    order = np.lexsort((day, person))
    return EventDays(person[order], day[order], own.n)


def event_columns(
    design: TrialDesign, drawn: DrawnTrial, plan: Estimand, event: EventOutcome, visit: str, *, complete: bool = False
) -> Columns:
    """Return (n,) event, count, time, status and exposure up to the planned day of a visit, and the days of all events.

    Parameters
    ----------
    design, drawn
        The trial.
    plan
        The estimand, whose strategies are applied.
    event
        Its outcome, of the name `plan.endpoint.outcome`.
    visit
        Until when events count.
    complete
        True: as if nobody left and every visit took place.
    """
    name, n = plan.endpoint.outcome, len(drawn.arm)
    own = recorded_events(design, drawn, name, complete=complete)
    end = end_of_observation(design, drawn, complete=complete)
    if event.source.flare and drawn.flares is not None and not complete:
        end = drawn.flares.end
    acting = acting_day(plan.intercurrent_events, drawn.events, n)
    own, end = after_strategies(own, end, acting, wanted=event.higher_is_better)
    others = [recorded_events(design, drawn, other, complete=complete).first() for other in event.competing]
    first_other = np.min(others, axis=0) if others else np.full(n, np.inf)
    horizon = float(design.study.visits[visit].day)
    start = None
    if event.after is not None:
        start = recorded_events(design, drawn, event.after, complete=complete).first()
    found: Columns = dict(until_horizon(own, first_other, end, horizon, start))
    if plan.endpoint.measure == "count":
        counted = (own if start is None else own.since(start)).until(found["exposure"])
        splits = np.cumsum(counted.count().astype(int))[:-1]
        days = np.empty(n, dtype=object)
        days[:] = [tuple(part) for part in np.split(counted.day, splits)]
        found["event_days"] = days
    return found


def composite_columns(
    design: TrialDesign, drawn: DrawnTrial, plan: Estimand, composite: Composite, visit: str, *, complete: bool = False
) -> Columns:
    """Return (n,) the steps of a composite at a visit, and `ranking`: 1 where any of them is known."""
    found: Columns = {}
    known = np.zeros(len(drawn.arm), dtype=bool)
    for place, step in enumerate(composite.order, 1):
        endpoint = plan.endpoint.model_copy(update={"outcome": step.outcome, "measure": step.measure})
        own = plan.model_copy(update={"endpoint": endpoint})
        part = design.study.outcome_part(step.outcome)
        if isinstance(part, EventOutcome):
            columns = event_columns(design, drawn, own, part, visit, complete=complete)
            value = columns[step.measure]
            if step.measure == "time":
                found[f"step_{place}_event"] = columns["status"]
        else:
            k, t = design.outcomes.index(step.outcome), design.visits.index(visit)
            values = (drawn.complete if complete else drawn.value)[:, k]
            after, ended = values_after_events(design, drawn, own, k, values)
            value = response_of(design, own, k, after, ended)[:, t]
        found[f"step_{place}"] = value
        known |= ~np.isnan(value)
    found["ranking"] = np.where(known, 1.0, np.nan)
    return found


def other_columns(
    design: TrialDesign, drawn: DrawnTrial, plan: Estimand, *, complete: bool = False
) -> Iterator[tuple[str, Columns]]:
    """Yield each visit of an estimand of an event or a composite, by day, with its columns."""
    part = design.study.outcome_part(plan.endpoint.outcome)
    visits = sorted(plan.endpoint.visit, key=lambda visit: design.study.visits[visit].day)
    for visit in visits:
        if isinstance(part, EventOutcome):
            yield visit, event_columns(design, drawn, plan, part, visit, complete=complete)
        elif isinstance(part, Composite):
            yield visit, composite_columns(design, drawn, plan, part, visit, complete=complete)
