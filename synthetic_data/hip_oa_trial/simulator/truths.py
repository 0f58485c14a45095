"""The value of each estimand of the hip osteoarthritis trial, from its generator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.truth import TrueValue, Truth
from synthetic_data.hip_oa_trial.simulator.course import Course, follow
from synthetic_data.hip_oa_trial.simulator.design import ARMS, VISITS, HipOADesign
from synthetic_data.hip_oa_trial.simulator.people import draw_people

Floats = NDArray[np.float64]

RESPONSE = 10.0
"""Improvement that counts as a response, points of a HOOS scale."""

SIZE, SEED = 30_000, 20_250
"""Participants and seed of the large run; each participant is followed under every arm."""

HOW = (
    "{n} simulated participants, each followed under every arm with the same draws; the value is the mean "
    "difference between an arm and the reference, with all visits attended and all items answered"
)


@dataclass(frozen=True, slots=True)
class Target:
    """An estimand of the trial in the words of the generator.

    surgery : hypothetical (a world without it), treatment_policy (values as they are after it), or composite
              (after surgery nobody is a responder); a new injection always follows treatment policy
    """

    estimand: str
    outcome: str
    measure: Literal["change", "responder"]
    visits: tuple[str, ...]
    surgery: Literal["hypothetical", "treatment_policy", "composite"]


TARGETS = (
    Target("primary", "pain", "change", ("week_12",), "hypothetical"),
    Target("pain_over_time", "pain", "change", ("week_6", "week_26", "week_52"), "hypothetical"),
    Target("pain_treatment_policy", "pain", "change", ("week_12", "week_52"), "treatment_policy"),
    Target("pain_responders", "pain", "responder", ("week_12",), "composite"),
    Target("function", "function", "change", ("week_12",), "hypothetical"),
    Target("pain_intensity", "pain_intensity", "change", ("week_12",), "hypothetical"),
)


def true_values(design: HipOADesign, *, n: int = SIZE, seed: int = SEED) -> Truth:
    """Return the planted parameters and the value of every estimand, with its Monte Carlo error.

    Parameters
    ----------
    design
        The parameters of the generator.
    n, seed
        Size (rounded down to a multiple of three) and seed of the large run.

    Returns
    -------
    Truth
        The population is everybody who could be randomised, in the arm allocated, started or not.
    """
    people = draw_people(design, n // len(ARMS), seed)
    arms = {arm: np.full(len(people), place) for place, arm in enumerate(ARMS)}
    worlds = {
        surgery: {name: follow(design, people, arm, seed, surgery=surgery) for name, arm in arms.items()}
        for surgery in (True, False)
    }
    values = [value for target in TARGETS for value in target_values(target, worlds[target.surgery != "hypothetical"])]
    return Truth(design.planted(), tuple(values), HOW.format(n=len(people)))


def target_values(target: Target, courses: dict[str, Course]) -> list[TrueValue]:
    """Return the differences of one estimand at its visits, from the courses of the same people by arm."""
    reference, *others = ARMS
    found = []
    for visit in target.visits:
        comparator = endpoint(target, courses[reference], VISITS.index(visit))
        for arm in others:
            difference = endpoint(target, courses[arm], VISITS.index(visit)) - comparator
            error = difference.std(ddof=1) / np.sqrt(len(difference))
            found.append(
                TrueValue(
                    estimand=target.estimand,
                    outcome=target.outcome,
                    measure=target.measure,
                    visit=visit,
                    arm=arm,
                    reference=reference,
                    value=float(difference.mean()),
                    monte_carlo_error=float(error),
                    obtained="simulation",
                )
            )
    return found


def endpoint(target: Target, course: Course, visit: int) -> Floats:
    """Return (n,) the endpoint of every participant at a visit."""
    value = course.value(target.outcome)
    change = value[:, visit] - value[:, 0]
    if target.measure == "change":
        return change
    response = change >= RESPONSE
    if target.surgery == "composite":
        response &= ~(course.surgery_day < course.day[:, visit])
    return response.astype(float)
