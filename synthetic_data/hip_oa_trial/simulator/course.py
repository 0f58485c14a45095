"""What happens to the participants, visit by visit: outcomes, events, dropout, gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.events import draw_event_days, draw_gaps, draw_happens, fading_effect, lasting_effect, logistic_risk
from coxa.simulate.from_plan.measure import Codes, draw_item_codes, draw_item_gaps, draw_rating
from coxa.simulate.seeds import generator
from synthetic_data.hip_oa_trial.simulator.design import ARMS, DAYS, VISITS, WINDOWS, EventRisk, HipOADesign
from synthetic_data.hip_oa_trial.simulator.people import People
from synthetic_data.hip_oa_trial.simulator.trajectories import draw_trajectories, visit_correlation

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
RATING = "pain_intensity"


@dataclass(frozen=True, slots=True)
class Events:
    """(n,) study days of surgery, new injection and leaving the trial so far; NaN if not yet."""

    operated: Floats
    injected: Floats
    left: Floats

    @classmethod
    def none(cls, n: int) -> Events:
        """No events yet."""
        return cls(*(np.full(n, np.nan) for _ in range(3)))


@dataclass(frozen=True, slots=True)
class Course:
    """Everything that happened to n participants at m = 5 visits.

    received      : (n,) place in `ARMS` of the treatment that was received
    day           : (n, m) study day of each visit
    codes         : scale -> (n, m, k) item codes, as they would be if every item was answered
    gaps          : scale -> (n, m, k) True where an item is not answered
    rating        : (n, m) pain rating
    present       : (n, m) the visit took place
    surgery_day, injection_day, left_day : (n,) study day, NaN if never
    """

    received: NDArray[np.int64]
    day: Floats
    codes: dict[str, Codes]
    gaps: dict[str, Flags]
    rating: Floats
    present: Flags
    surgery_day: Floats
    injection_day: Floats
    left_day: Floats

    def value(self, outcome: str) -> Floats:
        """Return (n, m) values of an outcome as if nothing was missing."""
        if outcome == RATING:
            return self.rating
        return 100.0 - 25.0 * self.codes[outcome].mean(axis=2)


def follow(design: HipOADesign, people: People, arm: NDArray[np.int64], seed: int, *, surgery: bool = True) -> Course:
    """Follow participants through the trial.

    Parameters
    ----------
    design
        The parameters.
    people
        Participants, n of them.
    arm
        (n,) arms allocated; another arm with the same seed gives the same participants' other potential course.
    seed
        Seed; what is drawn for a participant does not depend on arm or events.
    surgery
        False for the course in a world without hip surgery.
    """
    n = len(people)
    received = np.where(people.declines, ARMS.index("usual_care"), arm)
    plain = planned_values(design, people, received, seed)
    day = draw_visit_days(design, n, seed)
    gaps = draw_form_gaps(design, n, seed)
    present = ~draw_gaps(generator("missed visits", seed), n, len(VISITS), design.missed_visit)
    answers: list[dict[str, NDArray[Any]]] = []
    events = Events.none(n)
    last_pain = np.full(n, design.usual_pain)
    for visit, name in enumerate(VISITS):
        if visit:
            worse = (design.usual_pain - last_pain) / 10.0
            events = next_events(design, events, visit, worse, day, seed, surgery=surgery)
            present[:, visit] &= np.isnan(events.left)
        meant = plain[:, :, visit] + event_effects(design, visit, day[:, visit], events)
        answers.append(draw_answers(design, meant, name, seed))
        last_pain = recorded_pain(answers[-1]["pain"], gaps["pain"][:, visit], present[:, visit], last_pain)
    every = {name: np.stack([visit[name] for visit in answers], axis=1) for name in answers[0]}
    rating = every.pop(RATING)
    return Course(received, day, every, gaps, rating, present, events.operated, events.injected, events.left)


def next_events(
    design: HipOADesign, events: Events, visit: int, worse: Floats, day: Floats, seed: int, *, surgery: bool
) -> Events:
    """Return the events so far, after one more interval: from the last visit to the day before this one.

    An event falls after randomisation even if the last visit, baseline, came before it.

    worse : (n,) how much worse than usual the last recorded pain is, in steps of 10 points
    day   : (n, m) study days of the visits
    """

    def first(part: str, risk: EventRisk, so_far: Floats, at_risk: Flags) -> Floats:
        probability = logistic_risk(risk.base[visit - 1], risk.log_odds * worse)
        rng = generator(f"{part} before {VISITS[visit]}", seed)
        after = np.maximum(day[:, visit - 1], 0.0)
        drawn = draw_event_days(rng, probability, after, day[:, visit] - 1)
        return np.where(np.isnan(so_far) & at_risk, drawn, so_far)

    here = np.isnan(events.left)
    operated = first("surgery", design.surgery, events.operated, here) if surgery else events.operated
    injected = first("injection", design.injection, events.injected, here & np.isnan(operated))
    left = first("dropout", design.dropout, events.left, here)
    return Events(operated, injected, left)


def draw_answers(design: HipOADesign, meant: Floats, visit: str, seed: int) -> dict[str, NDArray[Any]]:
    """Draw outcome -> (n, k) item codes or (n,) ratings of one visit, from (n, outcomes) values meant."""
    drawn: dict[str, NDArray[Any]] = {}
    for place, outcome in enumerate(design.outcomes):
        rng = generator(f"answers to {outcome.name} at {visit}", seed)
        value = np.clip(meant[:, place], 0, outcome.high)
        if outcome.items:
            drawn[outcome.name] = draw_item_codes(rng, value, outcome.items[1])
        else:
            drawn[outcome.name] = draw_rating(rng, value, low=0, high=outcome.high)
    return drawn


def planned_values(design: HipOADesign, people: People, received: NDArray[np.int64], seed: int) -> Floats:
    """Return (n, outcomes, visits) values before any event, not yet cut to the range of the outcome."""
    k = len(design.outcomes)
    means = np.array([[outcome.mean(arm) for outcome in design.outcomes] for arm in ARMS])
    sd = np.array([outcome.sd for outcome in design.outcomes])
    sign = np.array([outcome.sign for outcome in design.outcomes])[:, None]
    between_outcomes = np.full((k, k), design.between_outcomes) + (1.0 - design.between_outcomes) * np.eye(k)
    between_visits = visit_correlation(len(VISITS), near=design.near, far=design.far, decay=design.decay)
    deviations = draw_trajectories(generator("trajectories", seed), len(people), sd, between_outcomes, between_visits)
    left_over = np.sqrt(1.0 - design.covariate_share())
    better = left_over * deviations + sd * people.shift[:, None, None]
    return np.asarray(means[received] + sign * better)


def event_effects(design: HipOADesign, visit: int, day: Floats, events: Events) -> Floats:
    """Return (n, outcomes) what surgery and injection add to the values at a visit."""
    better = lasting_effect(day - events.operated, design.surgery.size, design.surgery.time)
    better = better + fading_effect(day - events.injected, design.injection.size, design.injection.time)
    scale = np.array([outcome.sign * outcome.sd[visit] for outcome in design.outcomes])
    return np.asarray(better[:, None] * scale)


def draw_visit_days(design: HipOADesign, n: int, seed: int) -> Floats:
    """Return (n, m) study days: about the planned day within the window, some of them after it."""
    rng = generator("visit days", seed)
    low, high = np.array(WINDOWS, dtype=float).T
    drawn = np.round(rng.normal(0.15 * high, np.maximum(high, 4) / 3.5, (n, len(VISITS))))
    late = draw_happens(rng, np.full((n, len(VISITS)), design.off_window)) & (high > 0)
    days = np.where(late, high + rng.integers(3, 15, (n, len(VISITS))), np.clip(drawn, low, high))
    return np.asarray(np.array(DAYS) + days)


def draw_form_gaps(design: HipOADesign, n: int, seed: int) -> dict[str, Flags]:
    """Return scale -> (n, m, k) unanswered items: single items, whole pages, whole forms.

    No page is skipped at baseline, where somebody looks the form through.
    """
    scales = [outcome for outcome in design.outcomes if outcome.items]
    pages = np.repeat([scale.name for scale in scales], [scale.items[1] for scale in scales if scale.items])
    parts = [
        draw_item_gaps(
            generator(f"item gaps at {name}", seed),
            n,
            pages,
            item=design.item_gap,
            page=design.page_gap if visit else 0.0,
        )
        for visit, name in enumerate(VISITS)
    ]
    lost = draw_happens(generator("lost forms", seed), np.full((n, len(VISITS)), design.lost_form))
    every = np.stack(parts, axis=1) | lost[:, :, None]
    return {scale.name: every[:, :, pages == scale.name] for scale in scales}


def recorded_pain(codes: Codes, gaps: Flags, present: Flags, before: Floats) -> Floats:
    """Return (n,) the HOOS pain score last recorded: this visit's if at least one item is answered."""
    answered = (~gaps).sum(axis=1)
    mean = np.where(gaps, 0, codes).sum(axis=1) / np.maximum(answered, 1)
    return np.where(present & (answered > 0), 100.0 - 25.0 * mean, before)
