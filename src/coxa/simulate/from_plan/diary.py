"""The daily diary that a plan assumes: pain, training load and other numbers on every day, and which are written down.

Arrays: n participants, t days of a diary, the first of them `first_day`. Training has a day more, before them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from coxa.simulate.events import draw_runs, draw_serial
from coxa.simulate.from_plan.defaults import DAILY
from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.own_sequences import effects_on_days
from coxa.simulate.seeds import generator
from coxa.study.assumptions.course import Course
from coxa.study.assumptions.diary import (
    AssumedColumn,
    AssumedDailyChange,
    AssumedDailyPain,
    AssumedDailySpread,
    AssumedDiary,
    AssumedFlares,
    AssumedTraining,
)
from coxa.study.assumptions.numbers import by_name
from coxa.study.diary import DIARY_SCALES

if TYPE_CHECKING:
    import pandas as pd


Floats = NDArray[np.float64]

Flags = NDArray[np.bool_]

WORST = 10.0
"""Upper end of the scale of pain."""

AU = 100.0
"""Arbitrary units of load in which its effects are stated."""


@dataclass(frozen=True, slots=True)
class TrainingHabits:
    """How n participants train.

    share          : (n,) share of the days with training
    minutes        : (n,) median duration
    exertion       : (n,) mean perceived exertion
    minutes_log_sd : spread of the logarithm of the duration between a participant's days
    exertion_sd    : spread of exertion between a participant's days
    """

    share: Floats
    minutes: Floats
    exertion: Floats
    minutes_log_sd: float
    exertion_sd: float


@dataclass(frozen=True, slots=True)
class Training:
    """Training on days 0 to t of n participants: (n, t + 1) minutes, perceived exertion, and load in AU."""

    minutes: Floats
    exertion: Floats
    load: Floats


def draw_training(rng: np.random.Generator, habits: TrainingHabits, t: int) -> Training:
    """Draw training on days 0 to t: minutes in fives, exertion in whole numbers, 0 and NaN on days of rest."""
    n = len(habits.share)
    trains = rng.random((n, t + 1)) < habits.share[:, None]
    longer = np.exp(habits.minutes_log_sd * rng.standard_normal((n, t + 1)))
    minutes = np.maximum(5.0 * np.round(habits.minutes[:, None] * longer / 5.0), 10.0)
    harder = habits.exertion_sd * rng.standard_normal((n, t + 1))
    exertion = np.clip(np.round(habits.exertion[:, None] + harder), 1.0, 10.0)
    return Training(
        minutes=np.where(trains, minutes, 0.0),
        exertion=np.where(trains, exertion, np.nan),
        load=np.where(trains, minutes * exertion, 0.0),
    )


def mean_of_yesterdays(load: Floats) -> Floats:
    """Return (n, 1) mean load of days 1 to t - 1, as the diary has it: yesterday on day 1 is not in it."""
    return load[:, 1:-1].mean(axis=1, keepdims=True)


def yesterdays_load(load: Floats) -> Floats:
    """Return (n, t) yesterday's load above the participant's mean, in 100 AU.

    Examples
    --------
    >>> yesterdays_load(np.array([[300.0, 0.0, 400.0, 200.0]])).tolist()
    [[1.0, -2.0, 2.0]]
    """
    return np.asarray((load[:, :-1] - mean_of_yesterdays(load)) / AU)


def next_morning(pain: Floats, load: Floats, relief: float, slope: float, noise: Floats) -> Floats:
    """Return (n, t) pain on waking the next day: below that of the day, more after a day of much load."""
    hard = load[:, 1:] - load[:, 1:].mean(axis=1, keepdims=True)
    return np.asarray(pain - relief + slope * hard / AU + noise)


def rated(pain: Floats) -> Floats:
    """Return pain as it is rated: on a line from 0 to 10, read to one decimal."""
    return pain.clip(0.0, WORST).round(1)


def missed_days(seed: int, n: int, t: int, single: float | Floats, run: float, length: float) -> Flags:
    """Draw (n, t) days without an entry: by themselves, and in runs of a mean length that begin with `run`."""
    alone = generator("single days", seed).random((n, t)) < single
    return alone | draw_runs(generator("runs of days", seed), n, t, run, length)


KEYS = ["participant_id", "diary_date"]

WEEK = 7

MINUTES_LOG_SD = (0.35, 0.25)
"""Spread of the logarithm of the duration of training between participants, and between their days."""

EXERTION_SD = (0.8, 1.2)
"""Spread of perceived exertion between participants, and between their days."""


@dataclass(frozen=True, slots=True)
class DailyCourse:
    """What happens to n participants on t days, (n, t) unless said otherwise.

    first    : study day of the first of them
    training : from the day before
    latent   : pain neither cut nor rounded
    begins   : a flare begins
    pain, morning : ratings of the day and of the next morning
    written  : the day is in the diary
    blank    : the next morning is left empty
    others   : further columns of the diary
    """

    first: int
    training: Training
    latent: Floats
    begins: Flags
    pain: Floats
    morning: Floats
    written: Flags
    blank: Flags
    others: dict[str, Floats]

    def columns(self, *, complete: bool) -> dict[str, Floats]:
        """Return column -> (n, t) what the diary has, NaN on days not written; on every day with `complete`."""
        kept = np.ones_like(self.written) if complete else self.written
        morning = kept if complete else kept & ~self.blank
        training = self.training
        found = {
            "pain": np.where(kept, self.pain, np.nan),
            "pain_next_morning": np.where(morning, self.morning, np.nan),
            "training_minutes": np.where(kept, training.minutes[:, 1:], np.nan),
            "perceived_exertion": np.where(kept, training.exertion[:, 1:], np.nan),
            "training_load": np.where(kept, training.load[:, 1:], np.nan),
        }
        return found | {name: np.where(kept, values, np.nan) for name, values in self.others.items()}


def daily_course(design: TrialDesign, drawn: DrawnTrial, plan: AssumedDiary) -> DailyCourse:
    """Follow the participants of a drawn trial from day to day, under the treatment received."""
    n, first, seed = len(drawn.arm), plan.first_day, drawn.seed
    t = plan.last_day - first + 1
    training = draw_training(generator("daily training", seed), habits_of(design, drawn, plan.training), t)
    hard, pain = yesterdays_load(training.load), plan.pain
    begins = draw_flares(plan.flares, hard, seed)
    latent = pain.start + personal_level(drawn, pain) + daily_changes(design, pain, t, first)[drawn.received]
    latent += effects_on_days(design.study, pain, n, t, first, seed)
    latent += pain.yesterday_load * hard
    own = day_sds(design, drawn, pain, pain.day_sd, "pain", first, t)
    latent += own * draw_serial(generator("daily pain", seed), n, t, 1.0, pain.day_correlation)
    if plan.flares is not None:
        latent += plan.flares.rise * in_flare(begins, plan.flares.days)
    settled = plan.next_morning.sd * generator("next morning", seed).standard_normal((n, t))
    morning = next_morning(latent, training.load, plan.next_morning.relief, plan.next_morning.load, settled)
    risk = risk_of_missing(design, drawn, plan, latent)
    missed = missed_days(seed, n, t, risk, plan.missing.run, plan.missing.run_length)
    missing = plan.missing
    return DailyCourse(
        first=first,
        training=training,
        latent=latent,
        begins=begins,
        pain=rated(latent),
        morning=rated(morning),
        written=~missed & ~(np.arange(first, first + t) > drawn.left[:, None]),
        blank=generator("blank mornings", seed).random((n, t)) < missing.blank,
        others={name: other_column(design, drawn, plan, name, part) for name, part in plan.columns.items()},
    )


def risk_of_missing(design: TrialDesign, drawn: DrawnTrial, plan: AssumedDiary, latent: Floats) -> Floats:
    """Return (n, t) the probability that a day by itself is not written, by arm and by the pain of the days."""
    missing, (n, t) = plan.missing, latent.shape
    usual = np.array([missing.single_by_arm.get(arm, missing.single) for arm in design.arms])[drawn.received]
    risk = np.repeat(usual[:, None], t, axis=1)
    logs = {name: float(np.log(getattr(missing, name))) for name in ("yesterday", "today", "level")}
    if not any(logs.values()):
        return risk
    level = personal_level(drawn, plan.pain)
    course = plan.pain.start + daily_changes(design, plan.pain, t, plan.first_day)[drawn.received]
    above = latent - course - level
    before = np.concatenate([np.zeros((n, 1)), above[:, :-1]], axis=1)
    inside = (risk > 0) & (risk < 1)
    shift = logs["yesterday"] * before + logs["today"] * above + logs["level"] * level
    risk[inside] = expit(logit(risk[inside]) + shift[inside])
    return risk


def other_column(design: TrialDesign, drawn: DrawnTrial, plan: AssumedDiary, name: str, part: AssumedColumn) -> Floats:
    """Return (n, t) a further column of the diary, such as sleep: participants differ, and so do their days."""
    usual, scale = DAILY[name], DIARY_SCALES[name]
    n, t = len(drawn.arm), plan.last_day - plan.first_day + 1
    mean, sd, day_sd = (
        getattr(usual, key) if getattr(part, key) is None else float(getattr(part, key))
        for key in ("mean", "sd", "day_sd")
    )
    values = mean + daily_changes(design, part, t, plan.first_day)[drawn.received]
    values += sd * generator(f"{name} of participants", drawn.seed).standard_normal((n, 1))
    own = day_sds(design, drawn, part, day_sd, name, plan.first_day, t)
    values += own * draw_serial(generator(f"daily {name}", drawn.seed), n, t, 1.0, part.day_correlation)
    stepped = np.round(values.clip(scale.low, scale.high) / scale.step) * scale.step
    return np.asarray(np.round(stepped, 6))


def day_sds(
    design: TrialDesign, drawn: DrawnTrial, part: AssumedDailySpread, usual: float, name: str, first: int, t: int
) -> Floats:
    """Return (n, t) the standard deviation of each participant on each day: the usual one until randomisation."""
    of_arm = np.array([part.day_sd_by_arm.get(arm, usual) for arm in design.arms])[drawn.received]
    found = np.where(np.arange(first, first + t) < 1, usual, of_arm[:, None])
    if not part.day_sd_spread:
        return found
    own = generator(f"variability of {name}", drawn.seed).standard_normal((len(of_arm), 1))
    return np.asarray(found * np.exp(part.day_sd_spread * own / 2.0))


def habits_of(design: TrialDesign, drawn: DrawnTrial, plan: AssumedTraining) -> TrainingHabits:
    """Draw how each participant trains."""
    rng, n = generator("training habits", drawn.seed), len(drawn.arm)
    mean = np.array([by_name(plan.days, arm) for arm in design.arms])[drawn.received]
    share, inside = mean.copy(), (mean > 0) & (mean < 1)
    share[inside] = rng.beta(mean[inside] * plan.consistency, (1 - mean[inside]) * plan.consistency)
    return TrainingHabits(
        share=share,
        minutes=plan.minutes * np.exp(MINUTES_LOG_SD[0] * rng.standard_normal(n)),
        exertion=plan.exertion + EXERTION_SD[0] * rng.standard_normal(n),
        minutes_log_sd=MINUTES_LOG_SD[1],
        exertion_sd=EXERTION_SD[1],
    )


def personal_level(drawn: DrawnTrial, pain: AssumedDailyPain) -> Floats:
    """Return (n, 1) by how much each participant lies above the mean, as the driving outcome at baseline does."""
    own = generator("daily pain of participants", drawn.seed).standard_normal(len(drawn.arm))
    return np.asarray(pain.sd * (pain.agreement * drawn.severity + np.sqrt(1 - pain.agreement**2) * own))[:, None]


def daily_changes(design: TrialDesign, part: AssumedDailyChange, t: int, first: int = 1) -> Floats:
    """Return (a, t) mean change of each arm on t days; none up to the day of randomisation."""
    days = range(first, first + t)
    shared = np.array([_on(part.shared_change, day) for day in days])
    own = [[_on(part.mean_change.get(arm, 0.0), day) for day in days] for arm in design.arms]
    return shared + np.array(own)


def _on(change: float | Course, day: int) -> float:
    if day < 1:
        return 0.0
    return change.at(day) if isinstance(change, Course) else change


def draw_flares(plan: AssumedFlares | None, hard: Floats, seed: int) -> Flags:
    """Draw (n, t) whether a flare begins, by yesterday's load above the mean; on any day, in one or not."""
    if plan is None or plan.per_week in (0.0, 1.0):
        return np.full(hard.shape, plan is not None and plan.per_week == 1.0)
    per_day = 1.0 - (1.0 - plan.per_week) ** (1.0 / WEEK)
    risk = expit(logit(per_day) + np.log(plan.odds_ratio) * hard)
    return np.asarray(generator("daily flares", seed).random(hard.shape) < risk)


def in_flare(begins: Flags, days: int) -> Flags:
    """Return (n, t) the days of flares that last so many days; one that begins within another makes it longer."""
    found = begins.copy()
    for later in range(1, min(days, begins.shape[1])):
        found[:, later:] |= begins[:, :-later]
    return found


def one_diary(daily: pd.DataFrame, at_home: pd.DataFrame) -> pd.DataFrame:
    """Return the diary with exercise at home on the days on which it is asked for."""
    if not len(daily) or not len(at_home):
        return at_home if len(at_home) else daily
    counts = {name: at_home[name].astype("Int64") for name in at_home.columns.difference(KEYS, sort=False)}
    return daily.merge(at_home.assign(**counts), on=KEYS, how="outer", sort=True)


def planted_diary(design: TrialDesign, plan: AssumedDiary) -> dict[str, Any]:
    """Return what a model of the diary should find: differences between arms in pain, and effects of load."""
    changes = daily_changes(design, plan.pain, plan.last_day)  # days from 1, after randomisation
    differences = {
        arm: {
            "mean_of_all_days": round(float((changes[place] - changes[0]).mean()), 6),
            "last_day": round(float(changes[place, -1] - changes[0, -1]), 6),
        }
        for place, arm in enumerate(design.arms)
        if place
    }
    told: dict[str, Any] = {
        "reference": design.arms[0],
        "difference_in_pain": differences,
        "pain_per_100_au_of_yesterday": plan.pain.yesterday_load,
        "next_morning_per_100_au_of_the_day": plan.next_morning.load,
    }
    if plan.flares is not None:
        told["odds_ratio_of_a_flare_per_100_au_of_yesterday"] = plan.flares.odds_ratio
    return told
