"""What happened in an episode beside the outcomes: who was asked, sessions, standards, and who filled in what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from coxa.simulate.registry.outcomes import Course
from coxa.simulate.registry.patients import ETHNICITIES, Flags, People, Stays, export_day
from coxa.simulate.registry.units import Floats, Units, Whole
from coxa.simulate.seeds import generator
from coxa.study.audit.assumptions import RegistryAssumptions

WINDOW = (-28, 42)
"""Days before and after discharge in which a discharge questionnaire is in time."""

ELIGIBLE, ASKED, INTAKE = 0.96, 0.95, 0.96
"""Shares: episodes that the audit is about, patients who are asked, questionnaires filled in at intake."""

AVERAGE = 2.5
"""Improvement from which the effect of the outcome on completeness is counted."""


@dataclass(frozen=True, slots=True)
class Care:
    """What happened in the episodes (n,).

    wait                     : days from referral to intake
    attended, missed         : sessions; the rest of those booked was cancelled in time
    eligible, asked, intake  : the episode counts, the patient was asked, and filled in the intake questionnaire
    red_flags, needed, referred : red flags were asked for; a referral was needed; it was made
    """

    wait: Whole
    attended: Whole
    missed: Whole
    eligible: Flags
    asked: Flags
    intake: Flags
    red_flags: Flags
    needed: Flags
    referred: Flags


@dataclass(frozen=True, slots=True)
class RedFlagSteps:
    """What followed from screening for red flags, in the episodes (n,).

    asked, found, acted_on, referred : each among those of the step before
    days : from intake to referral
    """

    asked: Flags
    found: Flags
    acted_on: Flags
    referred: Flags
    days: Whole


@dataclass(frozen=True, slots=True)
class Returned:
    """Discharge questionnaires of the episodes (n,).

    chance     : probability of one, given patient and outcome
    discharged : the care had ended by the day of the export
    due        : and the window was over by then
    done       : a questionnaire was filled in by the day of the export
    day        : its day, counted from the first day of the registry
    """

    chance: Floats
    discharged: Flags
    due: Flags
    done: Flags
    day: Whole


def draw_care(units: Units, stays: Stays, people: People, seed: int, block: int) -> Care:
    """Return what happened in these episodes; a clinic that is careful asks more and meets more standards."""
    rng = generator(f"care in block {block}", seed)
    n = len(stays.patient)
    diligence = units.diligence[people.clinic]

    def happens(share: float, weight: float = 1.0) -> Flags:
        return np.asarray(rng.random(n) < expit(logit(share) + weight * diligence))

    eligible = happens(ELIGIBLE, 0.0)
    asked = eligible & happens(ASKED)
    attended = rng.binomial(stays.booked, expit(1.9 + 0.12 * (people.deprivation - 3)))
    needed = happens(0.06, 0.0)
    return Care(
        wait=rng.gamma(2.0, 14.0, n).astype(np.int64),
        attended=attended,
        missed=rng.binomial(stays.booked - attended, 0.6),
        eligible=eligible,
        asked=asked,
        intake=asked & happens(INTAKE, 0.0),
        red_flags=happens(0.90),
        needed=needed,
        referred=needed & happens(0.82),
    )


def draw_red_flag_steps(
    assumed: RegistryAssumptions, units: Units, stays: Stays, people: People, seed: int, block: int
) -> RedFlagSteps | None:
    """Return who was asked for red flags and what followed; None where nothing is assumed of it."""
    plan = assumed.red_flags
    if plan is None:
        return None
    rng = generator(f"red flags in block {block}", seed)
    n = len(stays.patient)
    share = np.full(n, plan.asked)
    if plan.asked_from is not None:
        share[stays.intake >= (plan.asked_from.start - assumed.start).days] = plan.asked_from.asked
    inside = np.clip(share, 1e-9, 1.0 - 1e-9)
    asked = rng.random(n) < np.where(
        (share > 0) & (share < 1), expit(logit(inside) + units.diligence[people.clinic]), share
    )
    found = asked & (rng.random(n) < plan.found)
    acted_on = found & (rng.random(n) < plan.acted_on)
    referred = acted_on & (rng.random(n) < plan.referred)
    return RedFlagSteps(asked, found, acted_on, referred, rng.exponential(plan.days, n).astype(np.int64))


def chance_of_return(assumed: RegistryAssumptions, units: Units, people: People, course: Course) -> Floats:
    """Return the probability (n,) of a discharge questionnaire."""
    lost = assumed.lost
    odds = logit(lost.complete) + units.complete[people.clinic]
    if lost.depends_on != "nothing":
        odds = odds + lost.per_decade_of_age * (people.age - 55) / 10
        odds = odds + lost.not_white * (people.ethnicity != list(ETHNICITIES).index("white"))
        odds = odds + lost.per_fifth_of_deprivation * (people.deprivation - 3)
    if lost.depends_on == "patients_and_outcome":
        odds = odds + lost.per_point_of_improvement * (course.change - AVERAGE)
    return np.asarray(expit(odds))


def draw_returned(
    assumed: RegistryAssumptions,
    units: Units,
    stays: Stays,
    people: People,
    course: Course,
    care: Care,
    seed: int,
    block: int,
) -> Returned:
    """Return the discharge questionnaires of these episodes."""
    rng = generator(f"discharge questionnaires in block {block}", seed)
    n = len(stays.patient)
    low, high = WINDOW
    chance = chance_of_return(assumed, units, people, course)
    done = care.asked & (rng.random(n) < chance)
    in_time = np.clip(np.rint(rng.normal(4.0, 9.0, n)), low, high).astype(np.int64)
    late = high + 1 + rng.exponential(25.0, n).astype(np.int64)
    end = stays.intake + stays.stay
    day = end + np.where(rng.random(n) < assumed.lost.late, late, in_time)
    day = np.maximum(day, stays.intake)
    export = (export_day(assumed) - assumed.start).days
    return Returned(
        chance=chance,
        discharged=end <= export,
        due=end + high <= export,
        done=done & (end <= export) & (day <= export),
        day=day,
    )
