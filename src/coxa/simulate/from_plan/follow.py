"""Follow participants through the trial, visit by visit: values, events, leaving, missed visits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from coxa.simulate.events import draw_gaps
from coxa.simulate.from_plan.after_events import left_of, what_is_copied
from coxa.simulate.from_plan.clusters import assign, draw_effects
from coxa.simulate.from_plan.covariates import followed
from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.dose import dose_effect, draw_sessions
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.event_outcomes import can_have
from coxa.simulate.from_plan.following import with_followed
from coxa.simulate.from_plan.happenings import EventDesign
from coxa.simulate.from_plan.has_conditions import conditions_give
from coxa.simulate.from_plan.means import mean_on
from coxa.simulate.from_plan.measure import measured, measured_other
from coxa.simulate.from_plan.mix import draw_mix
from coxa.simulate.from_plan.modified import modification
from coxa.simulate.from_plan.own_sequences import effects_at_visits
from coxa.simulate.from_plan.placed import PlacedInPeriods
from coxa.simulate.seeds import generator

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Conditions:
    """In which world participants are followed.

    without    : events that do not happen in it
    everything : nobody leaves or misses a visit
    population : every participant has clusters of its own, as in an infinite population of them
    """

    without: frozenset[str] = frozenset()
    everything: bool = False
    population: bool = False


REAL = Conditions()

NO_EXPOSURE = 1e-9
"""Exposure that is taken where there is none, so that nothing is counted."""


def follow(design: TrialDesign, arm: Integers, seed: int, *, day: Floats | None = None, world: Conditions = REAL,
           covariates: tuple[dict[str, NDArray[Any]], Floats] | None = None,
           clusters: Mapping[str, Integers] | None = None) -> DrawnTrial:  # fmt: skip
    """Follow participants through a trial.

    Parameters
    ----------
    design
        From `trial_design`.
    arm
        (n,) arms allocated. Another arm with the same seed gives the same participants' other potential course.
    seed
        Not negative.
    day
        (n, m) study days of the visits; the planned ones if not given.
    world
        The world in which they are followed.
    covariates
        Covariates drawn already, with what they add, (n, k).
    clusters
        Clusters that were randomised, (n,) by factor; the others are drawn.
    """
    n, m = len(arm), len(design.visits)
    days = np.broadcast_to(design.days, (n, m)) if day is None else day
    mix, shift = draw_mix(design.mix, n, len(design.outcomes), seed) if covariates is None else covariates
    received = np.where(generator("not started", seed).random(n) < design.not_started[arm], 0, arm)
    codes = assign(design.clusters, arm, received, {**mix, **(clusters or {})}, seed)
    placed = PlacedInPeriods.of(design, codes, n)
    deviation = residuals(design, received, seed)
    deviation += shift.T[:, None, :]
    if (own := effects_at_visits(design, n, seed)) is not None:
        deviation += own
    if design.clusters:
        deviation += draw_effects(
            design.clusters, codes, design.between, design.sd, seed, population=world.population,
            period=placed.period, periods=placed.count,
        )  # fmt: skip
    attended: list[NDArray[np.bool_]] = []
    if design.dose is not None:
        dose = design.dose
        attended = draw_sessions(dose.planned, dose.mean, dose.consistency, received, design.arms, seed)
        deviation += dose_effect(dose, attended, received)
    walk = _Walk.start(design, received, np.ascontiguousarray(days.T), deviation, seed, world)
    walk.added = placed.added(received)
    walk.modified = modification(design.modifiers, mix, len(design.arms), len(design.outcomes))
    mix = {**mix, **placed.covariates()}
    walk.exposed = log_exposures(design, mix)
    walk.able = able_to(design, n, seed)
    for visit in range(m):
        walk.step(visit)
        if visit == 0:
            severity = walk.worse
    complete = walk.values.transpose(2, 0, 1)
    present = walk.present.T
    drawn = DrawnTrial(
        arm=arm,
        received=received,
        day=np.where(present, days, design.days),
        value=complete if present.all() else np.where(present[:, None, :], complete, np.nan),
        complete=complete,
        present=present,
        covariates=mix
        | {one.name: codes[one.name] for one in design.clusters if one.covariate and not one.known_first}
        | conditions_give(design, mix, n, seed)
        | followed(design.study.covariates, mix, dict(zip(design.outcomes, complete[:, :, 0].T, strict=True))),
        clusters=codes,
        events={name: np.where(when > walk.left, np.nan, when) for name, when in walk.happened.items()},
        left=walk.left,
        codes=walk.codes,
        attended=tuple(attended),
        seed=seed,
        severity=severity,
    )
    return with_followed(design, drawn, everything=world.everything)


def log_exposures(design: TrialDesign, mix: Mapping[str, NDArray[Any]]) -> dict[int, Floats]:
    """Return place of a count whose exposure is a covariate -> (n,) logarithm of that exposure."""
    given = [design.study.outcomes[name].exposure for name in design.outcomes]
    return {
        place: np.log(np.maximum(mix[name].astype(float), NO_EXPOSURE))
        for place, name in enumerate(given)
        if name is not None and name in mix
    }


def able_to(design: TrialDesign, n: int, seed: int) -> dict[int, Floats]:
    """Return place of a count -> (n,) factor of the mean of each participant, 0 for those who can have no event."""
    shares = [one.never for one in design.assumed]
    return {
        place: can_have(design.outcomes[place], share, n, seed) / (1.0 - share)
        for place, share in enumerate(shares)
        if share
    }


def residuals(design: TrialDesign, received: Integers, seed: int) -> Floats:
    """Return (k, m, n) deviations beside covariates, clusters and dose."""
    n, k, m = len(received), len(design.outcomes), len(design.visits)
    standard = generator("trajectories", seed).standard_normal((k * m, n))
    if (design.roots == design.roots[0]).all():
        return np.asarray(design.roots[0] @ standard).reshape(k, m, n)
    drawn = np.empty((k * m, n))
    for place in np.unique(received):
        mine = received == place
        drawn[:, mine] = design.roots[place] @ standard[:, mine]
    return drawn.reshape(k, m, n)


@dataclass(slots=True)
class _Walk:
    """Where the participants are on their way; `step` takes them to the next visit.

    The participants are the last axis throughout: days and present (m, n), deviation and values (k, m, n).
    """

    design: TrialDesign
    received: Integers
    days: Floats
    deviation: Floats
    events: tuple[EventDesign, ...]
    complete: bool
    rngs: list[np.random.Generator]
    uniforms: Floats
    leaving: Floats | None
    present: NDArray[np.bool_]
    values: Floats
    codes: dict[str, NDArray[np.int8]]
    happened: dict[str, Floats]
    left: Floats
    follows: Integers
    carried: Floats
    worse: Floats
    added: Floats | None = None
    modified: Floats | None = None
    exposed: dict[int, Floats] = field(default_factory=dict)
    able: dict[int, Floats] = field(default_factory=dict)
    fixed: Integers | None = None
    copied: Floats | None = None

    @classmethod
    def start(cls, design: TrialDesign, received: Integers, days: Floats, deviation: Floats, seed: int,
              world: Conditions) -> _Walk:  # fmt: skip
        """Set out before the baseline."""
        k, m, n = deviation.shape
        events = tuple(event for event in design.events if event.name not in world.without)
        names = [event.name for event in design.events]
        part = design.assumptions.dropout
        leaves = not world.everything and bool((design.dropout > -50).any())
        missed = np.zeros((m, n), dtype=bool)
        if part.gaps > 0 and not world.everything:
            missed = np.ascontiguousarray(draw_gaps(generator("missed visits", seed), n, m, part.gaps).T)
        # One draw per event of the plan, so that a world without one leaves the others as they were.
        every = generator("events", seed).random((len(names), 3, m, n)) if events else np.empty((0, 3, m, n))
        return cls(
            design=design,
            received=received,
            days=days,
            deviation=deviation,
            events=events,
            complete=world.everything,
            rngs=[generator(f"answers to {name}", seed) for name in design.outcomes],
            uniforms=every[[names.index(event.name) for event in events]],
            leaving=generator("leaving", seed).random((2, m, n)) if leaves else None,
            present=~missed,
            values=np.empty((k, m, n)),
            codes={name: np.empty((n, m, len(one.items)), dtype=np.int8)
                   for name, one in zip(design.outcomes, design.measures, strict=True)
                   if one.items and not world.everything},
            happened={event.name: np.full(n, np.nan) for event in events},
            left=np.full(n, np.nan),
            follows=received.copy(),
            carried=np.zeros((k, n)),
            worse=np.zeros(n),
            fixed=np.full(n, -1) if any(event.stays for event in events) else None,
            copied=np.zeros((k, m, n)) if any(event.copies for event in events) else None,
        )  # fmt: skip

    def step(self, visit: int) -> None:
        """Go to a visit: events on the way, the values there, and who has left before it."""
        if visit:
            for place, event in enumerate(self.events):
                self._event(event, self.uniforms[place, :, visit], visit)
        self._values(visit)
        if visit:
            self._leave(visit)
            self.present[visit] &= np.isnan(self.left)
        self.worse = np.where(self.present[visit], self._worse_at(visit), self.worse)

    def _between(self, visit: int, place: Floats) -> Floats:
        """Return (n,) days between the last visit and this one, after randomisation."""
        start = np.maximum(self.days[visit - 1], 0.0)
        end = np.maximum(self.days[visit] - 1.0, start)
        return np.minimum(np.floor(start + 1.0 + place * (end - start)), end)

    def _event(self, event: EventDesign, uniform: Floats, visit: int) -> None:
        """Let an event happen to some who have not had it."""
        so_far = self.happened[event.name]
        risk = expit(event.intercepts[self.received, visit - 1] + event.log_odds * self.worse)
        mine = np.isnan(so_far) & (uniform[0] < risk)
        when = self._between(visit, uniform[1])
        so_far[mine] = when[mine]
        if event.leaves > 0 and not self.complete:
            gone = mine & (uniform[2] < event.leaves)
            self.left = np.where(gone & np.isnan(self.left), when, self.left)
        if event.switch_to >= 0 and mine.any():
            self._switch(event, np.flatnonzero(mine), when, visit)
        if self.fixed is not None and event.stays:
            self.fixed = np.where(mine & (self.fixed < 0), visit - 1, self.fixed)

    def _switch(self, event: EventDesign, rows: Integers, when: Floats, visit: int) -> None:
        """Let participants follow another arm from an event on, keeping a share of what the arms differ by."""
        means, days = self.design.means, self.design.days
        if self.copied is not None and event.copies:
            kept = what_is_copied(self.design, event.switch_to, visit)
            self.copied[:, visit:, rows] = kept[self.follows[rows]].transpose(1, 2, 0)
            if self.modified is not None and visit > 1:
                gap = self.modified[:, self.follows[rows], rows] - self.modified[:, event.switch_to, rows]
                weight = left_of(self.design, visit)[:, 1:].sum(axis=1)
                self.copied[:, visit:, rows] += weight[:, :, None] * gap[:, None, :]
            self.carried[:, rows] = 0.0
            self.follows[rows] = event.switch_to
            return
        when = np.broadcast_to(days[visit - 1], when.shape) if event.of_last_visit else when
        own = mean_on(means, days, self.follows[rows], when[rows]).T + self.carried[:, rows]
        other = mean_on(means, days, np.full(len(rows), event.switch_to), when[rows]).T
        if self.modified is not None:
            share = np.clip((when[rows] - days[0]) / (days[1] - days[0]), 0.0, 1.0)
            own = own + share * self.modified[:, self.follows[rows], rows]
            other = other + share * self.modified[:, event.switch_to, rows]
        self.carried[:, rows] = event.keeps * (own - other)
        self.follows[rows] = event.switch_to

    def _values(self, visit: int) -> None:
        """Fill in the values of a visit."""
        centre = self.design.means[:, :, visit].T[:, self.follows] + self.carried
        if self.copied is not None:
            centre += self.copied[:, visit]
        if self.fixed is not None and (still := self.fixed >= 0).any():
            centre[:, still] = self.design.means[self.follows[still], :, self.fixed[still]].T + self.carried[:, still]
        if visit and self.modified is not None:
            mine = self.modified[:, self.follows, np.arange(len(self.follows))]
            centre += mine if self.fixed is None else np.where(self.fixed != 0, mine, 0.0)
        for event in self.events:
            if event.effect.any():
                since = self.days[visit] - self.happened[event.name]
                centre += event.effect[:, None] * event.added(since)
        if visit and self.added is not None:
            centre += self.added
        meant = centre + self.deviation[:, visit]
        for place, (measure, rng) in enumerate(zip(self.design.measures, self.rngs, strict=True)):
            if not measure.is_score:
                continue  # below: an exposure of a count is measured first
            self.values[place, visit], codes = measured(measure, meant[place], rng)
            name = self.design.outcomes[place]
            if codes is not None and name in self.codes:
                self.codes[name][:, visit] = codes

        for place, (measure, rng) in enumerate(zip(self.design.measures, self.rngs, strict=True)):
            if not measure.is_score:
                middle = centre[place]
                if (at := self.design.exposures[place]) >= 0:
                    middle = middle + np.log(np.maximum(self.values[at, visit], NO_EXPOSURE))
                elif place in self.exposed:
                    middle = middle + self.exposed[place]
                self.values[place, visit] = measured_other(
                    measure, middle, self.deviation[place, visit], rng, self.able.get(place)
                )

    def _worse_at(self, visit: int) -> Floats:
        """Return (n,) how much worse than the arm's mean the driving outcome is, in standard deviations."""
        k = self.design.driver
        mean, sign, sd = self.design.means[self.received, k, visit], self.design.signs[k], self.design.sd[k, visit]
        if not self.design.measures[k].is_score:
            return np.asarray(-sign * self.deviation[k, visit] / sd)
        return np.asarray(-sign * (self.values[k, visit] - mean) / sd)

    def _leave(self, visit: int) -> None:
        """Let some leave before a visit, by the value last recorded or by the one they would have had."""
        if self.leaving is None:
            return
        part = self.design.assumptions.dropout
        worse = self._worse_at(visit) if part.mechanism == "mnar" else self.worse
        risk = expit(self.design.dropout[self.received, visit - 1] + np.log(part.odds_ratio) * worse)
        gone = np.isnan(self.left) & (self.leaving[0, visit] < risk)
        self.left = np.where(gone, self._between(visit, self.leaving[1, visit]), self.left)
