"""Events of participants at any time: when they happen under an arm, and what a trial records of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.risk_factors import multipliers
from coxa.simulate.seeds import generator
from coxa.study.diary import FlareDefinition, diary_of
from coxa.study.estimand import Handling
from coxa.study.events import EventOutcome

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]
Covariates = Mapping[str, NDArray[Any]]


def flare_length(rule: FlareDefinition) -> int:
    """Return the days that a simulated flare lasts."""
    return rule.days + 1


def flares_apart(rule: FlareDefinition) -> tuple[int, int]:
    """Return the first day on which a flare can begin, and the least number of days between two beginnings."""
    between = rule.reference_days if rule.reference == "rolling_median" else 0
    return rule.reference_days + 1, flare_length(rule) + 1 + between


@dataclass(frozen=True, slots=True)
class EventDays:
    """Events of one kind: (e,) participant and day of each, by participant and day; n participants."""

    person: Integers
    day: Floats
    n: int

    def first(self) -> Floats:
        """Return (n,) the day of the first event, infinite where there is none."""
        days = np.full(self.n, np.inf)
        np.minimum.at(days, self.person, self.day)
        return days

    def until(self, end: Floats) -> EventDays:
        """Return the events up to a day of each participant (n,)."""
        kept = self.day <= end[self.person]
        return EventDays(self.person[kept], self.day[kept], self.n)

    def since(self, start: Floats) -> EventDays:
        """Return the events from a day of each participant (n,) on, in days since it; none where it is infinite."""
        kept = self.day >= start[self.person]
        return EventDays(self.person[kept], self.day[kept] - start[self.person[kept]], self.n)

    def later(self, days: float) -> EventDays:
        """Return the events so many days later."""
        return EventDays(self.person, self.day + days, self.n)

    def once_a_day(self) -> EventDays:
        """Return the events without further ones of a participant on the same day."""
        pairs = np.unique(np.stack([self.person.astype(float), self.day]), axis=1)
        return EventDays(pairs[0].astype(np.intp), pairs[1], self.n)

    def apart(self, first: int, between: int, last: float) -> EventDays:
        """Return the events moved to later days, none before the first and each so many days after the one before.

        Those that would be after the last day are left out.
        """
        day = self.day.copy()
        for place in range(len(day)):
            again = place > 0 and self.person[place] == self.person[place - 1]
            day[place] = max(day[place], day[place - 1] + between if again else first)
        kept = day <= last
        return EventDays(self.person[kept], day[kept], self.n)

    def count(self) -> Floats:
        """Return (n,) the number of events."""
        return np.bincount(self.person, minlength=self.n).astype(float)


@dataclass(frozen=True, slots=True)
class FlaresOfDays:
    """Flares that are found in the days of a diary, by the definition of the plan.

    recorded : in the days that were written
    complete : as if every day was written, and nobody left
    end      : (n,) day of the last entry, 0 without one
    """

    recorded: EventDays
    complete: EventDays
    end: Floats


def can_have(name: str, never: float, n: int, seed: int) -> Floats:
    """Return (n,) 1 for participants who can have events, 0 for the share who cannot."""
    return (generator(f"who can have {name}", seed).random(n) >= never).astype(float)


def draw_event_days(
    design: TrialDesign, name: str, received: Integers, seed: int, covariates: Covariates, stream: str = ""
) -> EventDays:
    """Draw the events of one kind of all participants, as if nobody left, in whole days from 1 to the last visit.

    Parameters
    ----------
    design
        From `trial_design`.
    name
        One of the events of the plan; one without assumptions does not happen.
    received
        (n,) arms whose treatment is received.
    seed
        Of the trial. Another arm with the same seed gives the same participants' other potential course.
    covariates
        Of the participants, (n,) by name; those that act on the event multiply its hazard.
    stream
        Of an event that recurs: a name of draws of its own, given how prone participants are.

    Notes
    -----
    The levels of a return to sport go by one draw of each participant, so that a higher level never comes before a
    lower one where the plan has it no more likely. An event that comes `after` another has its days since that one from
    the assumptions.
    """
    n, last = len(received), float(design.days[-1])
    part = design.assumptions.happenings.get(name)
    event = design.study.events[name]
    nothing = EventDays(np.empty(0, dtype=np.intp), np.empty(0), n)
    if part is None:
        return nothing
    total = design.hazards[name][received] * multipliers(part, design.mix, covariates, n)
    rng = generator("return to sport" if event.source.level else f"event {name}", seed)
    if part.number is None:
        reached = rng.standard_exponential(n) / np.maximum(total, 1e-300)
        day = np.ceil(last * np.minimum(reached, 2.0) ** (1.0 / part.shape))
        happens = reached <= 1.0
        once = EventDays(np.flatnonzero(happens), np.maximum(day[happens], 1.0), n)
        return _since(_as_flares(once, design, event), design, event, received, seed, covariates)
    proneness = rng.gamma(1.0 / part.variation, part.variation, n) if part.variation > 0 else np.ones(n)
    if part.never:
        proneness = proneness * can_have(name, part.never, n, seed) / (1.0 - part.never)
    rng = generator(f"event {name}, {stream}", seed) if stream else rng
    person = np.repeat(np.arange(n), rng.poisson(proneness * total))
    day = np.maximum(np.ceil(last * rng.random(len(person)) ** (1.0 / part.shape)), 1.0)
    order = np.lexsort((day, person))
    again = EventDays(person[order], day[order], n)
    return _since(_as_flares(again, design, event), design, event, received, seed, covariates)


def _as_flares(found: EventDays, design: TrialDesign, event: EventOutcome) -> EventDays:
    """Return events on days on which flares of the diary can begin, where they are flares; else as they are."""
    if not event.source.flare:
        return found
    first, between = flares_apart(diary_of(design.study.diary).flares)
    return found.apart(first, between, float(design.days[-1]))


def _since(
    gaps: EventDays, design: TrialDesign, event: EventOutcome, received: Integers, seed: int, covariates: Covariates
) -> EventDays:
    """Return events on their study days up to the last visit, given their days since the event that they come after."""
    if event.after is None:
        return gaps
    start = draw_event_days(design, event.after, received, seed, covariates).first()
    day = gaps.day + start[gaps.person]
    there = day <= design.days[-1]
    return EventDays(gaps.person[there], day[there], gaps.n)


def acting_day(handling: dict[str, Handling], events: dict[str, Floats], n: int) -> tuple[Floats, NDArray[np.str_]]:
    """Return (n,) the day of the first intercurrent event that a strategy acts on, and which strategy that is."""
    acting = [name for name, how in handling.items() if how.strategy != "treatment_policy" and name in events]
    if not acting:
        return np.full(n, np.inf), np.full(n, "", dtype=object)
    days = np.stack([np.where(np.isnan(events[name]), np.inf, events[name]) for name in acting])
    which = np.array([handling[name].strategy for name in acting], dtype=object)[days.argmin(axis=0)]
    first = days.min(axis=0)
    return first, np.where(np.isfinite(first), which, "")


def after_strategies(
    own: EventDays, end: Floats, acting: tuple[Floats, NDArray[np.str_]], *, wanted: bool
) -> tuple[EventDays, Floats]:
    """Return events and ends of observation after the strategies for intercurrent events, as `coxa.derive` does it."""
    day, how = acting
    if not np.isfinite(day).any():
        return own, end
    cut = np.where(how == "", np.inf, day)
    bad = (how == "composite") & (not wanted)
    cut = np.where(bad, np.inf, cut)
    kept = own.until(cut)
    if bad.any():
        person = np.concatenate([kept.person, np.flatnonzero(bad)])
        days = np.concatenate([kept.day, day[bad]])
        order = np.lexsort((days, person))
        kept = EventDays(person[order], days[order], own.n)
    ended = np.where(how == "", end, np.where(how == "composite", np.inf, day))
    return kept, np.where(bad, end, ended)


def until_horizon(
    own: EventDays, other: Floats, end: Floats, horizon: float, start: Floats | None = None
) -> dict[str, Floats]:
    """Return (n,) event, count, time, status and exposure up to a day, as `coxa.derive.events.events_until` does it.

    Parameters
    ----------
    own
        Events.
    other
        (n,) day of the first competing event, infinite where there is none.
    end
        (n,) day on which observation ended.
    horizon
        Last day that counts.
    start
        (n,) day from which days are counted, infinite for one who is not at risk; day 0 unless given.
    """
    until_day: float | Floats = horizon
    if start is not None:
        own, other = own.since(start), np.where(other >= start, other, np.inf) - np.where(np.isinf(start), 0.0, start)
        end, until_day = end - np.where(np.isinf(start), 0.0, start), horizon - start
    last = np.full(own.n, -np.inf)
    np.maximum.at(last, own.person, own.day)
    seen = np.maximum(end, last)
    until = np.minimum(np.minimum(seen, other), until_day)
    counted = own.until(until)
    n, first = counted.count(), counted.first()
    competed = (other <= until_day) & (other <= seen)
    status = np.where(n > 0, 1.0, np.where(competed, 2.0, 0.0))
    known = ((status > 0) | (seen >= until_day)) & (until >= 0)
    return {
        "event": np.where(known, (status == 1).astype(float), np.nan),
        "count": np.where(until >= 0, n, np.nan),
        "time": np.where(until >= 0, np.where(n > 0, first, until), np.nan),
        "status": status,
        "exposure": np.maximum(until, 0.0),
    }
