"""What happens to the runners, day by day: training, sleep, pain, exercises, and what of it is written down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.events import draw_happens, draw_serial, logistic_risk
from coxa.simulate.from_plan.diary import (
    Training,
    TrainingHabits,
    draw_training,
    mean_of_yesterdays,
    missed_days,
    next_morning,
    rated,
    yesterdays_load,
)
from coxa.simulate.seeds import generator
from synthetic_data.runner_diary.simulator.design import ARMS, ExerciseDesign, RunnerDesign
from synthetic_data.runner_diary.simulator.people import Runners

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]

WEEK = 7


@dataclass(frozen=True, slots=True)
class RunnerCourse:
    """Everything that happened to n participants on days 1 to t, (n, t) each unless said otherwise.

    training         : from day 0
    latent           : pain as the linear model has it, neither cut nor rounded
    pain, morning    : ratings of the day and of the next morning, as if nothing was missing
    sleep            : hours in the night before
    prescribed, done, reported : sets prescribed, truly done, and written down
    written          : the day is in the diary
    blank_sleep, blank_morning : left empty although the day is in the diary
    left_day         : (n,) first day without a diary for good; NaN if never
    clinic           : (n, 2) ratings in the clinic before the first day and after the last
    """

    training: Training
    latent: Floats
    pain: Floats
    morning: Floats
    sleep: Floats
    prescribed: Integers
    done: Integers
    reported: Integers
    written: Flags
    blank_sleep: Flags
    blank_morning: Flags
    left_day: Floats
    clinic: Floats


def follow(design: RunnerDesign, people: Runners, arm: Integers, weeks: int, seed: int) -> RunnerCourse:
    """Follow participants through the study.

    Parameters
    ----------
    design
        The parameters.
    people
        Participants, n of them.
    arm
        (n,) arms; other arms with the same seed give the same participants' other potential course.
    weeks
        Length of the diary; t = 7 weeks.
    seed
        Seed; what is drawn for a participant does not depend on the arm.
    """
    n, t = len(people), WEEK * weeks
    days = design.days
    habits = TrainingHabits(
        people.train_share, people.minutes, people.exertion, days.minutes_log_sd[1], days.exertion_sd[1]
    )  # fmt: skip
    training = draw_training(generator("training", seed), habits, t)
    nights = generator("sleep", seed).standard_normal((n, t))
    sleep = (people.sleep[:, None] + days.sleep_sd[1] * nights).clip(3.0, 12.0).round(1)
    latent = latent_pain(design, people, arm, training.load, sleep, seed)
    pain = rated(latent)
    settled = generator("next morning", seed).standard_normal((n, t))
    plan = design.morning
    next_day = next_morning(latent, training.load, plan.relief, plan.load, plan.sd * settled)
    prescribed, done, reported = draw_exercises(design.exercises, people.done, arm, t, seed)
    left_day, written = draw_written(design, pain, seed)
    blanks = generator("blanks", seed).random((2, n, t)) < design.entries.blank
    return RunnerCourse(
        training=training,
        latent=latent,
        pain=pain,
        morning=rated(next_day),
        sleep=sleep,
        prescribed=prescribed,
        done=done,
        reported=reported,
        written=written,
        blank_sleep=blanks[0],
        blank_morning=blanks[1],
        left_day=left_day,
        clinic=draw_clinic(starting_pain(design, people, training.load, sleep), latent, design.entries.clinic_sd, seed),
    )


def latent_pain(design: RunnerDesign, people: Runners, arm: Integers, load: Floats, sleep: Floats, seed: int) -> Floats:
    """Return (n, t) pain by the linear model.

    load  : (n, t + 1) from day 0; yesterday's load of day 1 is that of day 0
    sleep : (n, t)
    """
    pain, t = design.pain, sleep.shape[1]
    mean_sleep = sleep.mean(axis=1, keepdims=True)
    within = pain.load_within * yesterdays_load(load) + pain.sleep_within * (sleep - mean_sleep)
    noise = draw_serial(generator("pain", seed), len(people), t, pain.day_sd, pain.day_correlation)
    level = starting_pain(design, people, load, sleep)
    return level + planned_change(design, people, arm, np.arange(1, t + 1) / WEEK) + within + noise


def starting_pain(design: RunnerDesign, people: Runners, load: Floats, sleep: Floats) -> Floats:
    """Return (n, 1) pain of each person at randomisation: the person, the mean load and the mean sleep."""
    pain, days = design.pain, design.days
    mean_load, mean_sleep = mean_of_yesterdays(load), sleep.mean(axis=1, keepdims=True)
    between = pain.load_between * (mean_load - days.load_usual) / 100.0
    between += pain.sleep_between * (mean_sleep - days.sleep_usual)
    return pain.start + people.level[:, None] + between


def planned_change(design: RunnerDesign, people: Runners, arm: Integers, week: Floats) -> Floats:
    """Return (n, len(week)) what the arm, its therapist and time add to pain at randomisation."""
    pain, retrained = design.pain, (arm == ARMS.index("movement_retraining"))[:, None]
    effective = week if pain.plateau is None else np.minimum(week, pain.plateau)
    treated = people.therapist_effect[people.therapist][:, None] + pain.retraining_slope * effective
    return (pain.usual_slope + people.slope[:, None]) * week + retrained * treated


def draw_exercises(
    design: ExerciseDesign, share: Floats, arm: Integers, t: int, seed: int
) -> tuple[Integers, Integers, Integers]:
    """Return (n, t) sets prescribed, done and written down.

    share : (n,) share of the prescribed sets that each participant does
    """
    rng, n = generator("exercises", seed), len(share)
    place = np.arange(t) % WEEK
    days, sets = np.array(design.days_per_week)[arm], np.array(design.sets)[arm]
    prescribed = np.where(place[None, :] * days[:, None] % WEEK < days[:, None], sets[:, None], 0)
    each = rng.random((2, n, t, max(design.sets)))
    asked = np.arange(max(design.sets)) < prescribed[:, :, None]
    does = asked & (each[0] < share[:, None, None])
    writes = does | (asked & (each[1] < design.over_report))
    return prescribed, does.sum(axis=2), writes.sum(axis=2)


def draw_written(design: RunnerDesign, pain: Floats, seed: int) -> tuple[Floats, Flags]:
    """Return the (n,) day from which the diary is given up, and (n, t) which days are in it.

    Giving up in a week depends on the mean pain written down in the last week that has any.
    """
    n, t = pain.shape
    plan = design.entries
    kept = ~missed_days(seed, n, t, plan.single, plan.run, plan.length)
    leaving = generator("leaving", seed)
    left, last = np.full(n, np.nan), np.full(n, plan.usual_pain)
    for start in range(0, t, WEEK):
        week = slice(start, start + WEEK)
        if start:
            leaves = draw_happens(leaving, logistic_risk(plan.leave, plan.leave_pain * (last - plan.usual_pain)))
            day = start + leaving.integers(1, WEEK + 1, n)
            left = np.where(np.isnan(left) & leaves, day, left)
        days = np.arange(1, t + 1)[week]
        kept[:, week] &= ~(days[None, :] >= left[:, None])
        written = np.where(kept[:, week], pain[:, week], 0.0).sum(axis=1)
        count = kept[:, week].sum(axis=1)
        last = np.where(count > 0, written / np.maximum(count, 1), last)
    return left, kept


def draw_clinic(start: Floats, latent: Floats, sd: float, seed: int) -> Floats:
    """Return (n, 2) ratings of the average pain of the week before: at randomisation and after the last day."""
    meant = np.column_stack([start[:, 0], latent[:, -WEEK:].mean(axis=1)])
    return rated(meant + sd * generator("clinic", seed).standard_normal(meant.shape))
