"""What the comparisons of the runner diary are worth, on the scale on which pain is rated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.seeds import generator
from coxa.simulate.truth import TrueValue, Truth
from synthetic_data.runner_diary.simulator.course import WEEK, RunnerCourse, follow
from synthetic_data.runner_diary.simulator.design import ARMS, RunnerDesign
from synthetic_data.runner_diary.simulator.people import Runners, draw_runners

Floats = NDArray[np.float64]

SIZE, SEED = 4_000, 20_260
"""Participants and seed of the large run; each participant is followed under both arms."""

HOW = (
    "{n} simulated participants, each followed under both arms with the same draws; the value is the mean difference "
    "between the arms in what would be rated with every day written down, each treated by a therapist of their own"
)


def true_values(design: RunnerDesign, weeks: int, *, n: int = SIZE, seed: int = SEED) -> Truth:
    """Return the planted parameters and the value of every comparison, with its Monte Carlo error.

    Parameters
    ----------
    design
        The parameters of the generator.
    weeks
        Length of the diary.
    n, seed
        Size (rounded down to an even number) and seed of the large run.

    Returns
    -------
    Truth
        The planted coefficients are those of pain before it is cut to the scale and rounded; a linear model of
        ratings estimates them approximately. The values are those of ratings.
    """
    people = own_therapists(draw_runners(design, n // len(ARMS), seed), design.pain.therapist_sd, seed)
    arms = {arm: np.full(len(people), place) for place, arm in enumerate(ARMS)}
    courses = [follow(design, people, arm, weeks, seed) for arm in arms.values()]
    last = f"week_{weeks}"
    values = (
        true_value(courses, slope, estimand="pain_slope", outcome="pain", measure="slope_per_week", visit=""),
        true_value(courses, last_week, estimand="pain_last_week", outcome="pain", measure="value", visit=last),
        true_value(courses, clinic_change, estimand="primary", outcome="pain", measure="change", visit=last),
    )
    return Truth({"weeks": weeks, **design.planted()}, values, HOW.format(n=len(people)))


def own_therapists(people: Runners, sd: float, seed: int) -> Runners:
    """Return the participants, each with a therapist of their own, so that the five of a study do not count."""
    effect = sd * generator("therapists of everybody", seed).standard_normal(len(people))
    return replace(people, therapist=np.arange(len(people)), therapist_effect=effect)


def true_value(
    courses: list[RunnerCourse],
    endpoint: Callable[[RunnerCourse], Floats],
    *,
    estimand: str,
    outcome: str,
    measure: str,
    visit: str,
) -> TrueValue:
    """Return the mean difference of an endpoint, (n,) of a course, between the arms of the same participants."""
    reference, other = ARMS
    difference = endpoint(courses[1]) - endpoint(courses[0])
    return TrueValue(
        estimand=estimand,
        outcome=outcome,
        measure=measure,
        visit=visit,
        arm=other,
        reference=reference,
        value=float(difference.mean()),
        monte_carlo_error=float(difference.std(ddof=1) / np.sqrt(len(difference))),
        obtained="simulation",
    )


def slope(course: RunnerCourse) -> Floats:
    """Return the slope of each participant's least-squares line through all days, points per week."""
    week = np.arange(1, course.pain.shape[1] + 1) / WEEK
    centred = week - week.mean()
    return np.asarray(course.pain @ centred / (centred @ centred))


def last_week(course: RunnerCourse) -> Floats:
    """Return the mean pain of the last seven days."""
    return np.asarray(course.pain[:, -WEEK:].mean(axis=1))


def clinic_change(course: RunnerCourse) -> Floats:
    """Return the change of the rating in the clinic."""
    return course.clinic[:, 1] - course.clinic[:, 0]
