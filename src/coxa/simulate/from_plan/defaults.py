"""Where an outcome begins of which nothing is assumed: numbers that are usual of the field, in one place.

They are working values for people in musculoskeletal rehabilitation, so that what is simulated looks like the field;
a plan that rests on such a number states its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.stats import norm

from coxa.instruments.measures import load_measures
from coxa.study.assumptions.exercise_log import AssumedExerciseLog
from coxa.study.assumptions.trial import AssumedBaseline, Assumptions
from coxa.study.comparative import ComparativeStudy
from coxa.study.outcome import Outcome
from coxa.study.outcome_sources.clinical_measures import ClinicalMeasureSource
from coxa.study.outcome_sources.daily_diary import DailyDiarySource
from coxa.study.outcome_sources.exercise_log import ExerciseSource
from coxa.study.outcome_sources.goals import GoalSource
from coxa.study.outcome_sources.sport_training import SportTrainingSource
from coxa.study.scales import outcome_scale

Limits = tuple[float, float]

LIKE_SIDES: Limits = (70.0, 130.0)
"""Range of a symmetry in which an outcome begins, in %: both sides alike in the middle; a working value."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual of a number: its mean, and its spread between participants and between their days."""

    mean: float
    sd: float
    day_sd: float = 0.0


DAILY: dict[str, Usual] = {
    "pain": Usual(4.5, 1.5, 1.0),
    "pain_next_morning": Usual(4.0, 1.5, 1.0),
    "pain_during": Usual(4.5, 1.5, 1.2),
    "soreness": Usual(3.0, 1.3, 1.3),
    "fatigue": Usual(4.0, 1.5, 1.3),
    "training_minutes": Usual(25.0, 10.0, 20.0),
    "perceived_exertion": Usual(5.0, 1.0, 1.2),
    "training_load": Usual(130.0, 50.0, 100.0),
    "distance": Usual(4.0, 1.8, 3.0),
    "steps": Usual(7000.0, 2200.0, 2000.0),
    "sleep_hours": Usual(7.0, 0.8, 0.9),
    "sleep_quality": Usual(6.5, 1.3, 1.2),
    "protein": Usual(85.0, 20.0, 18.0),
    "hydration": Usual(1.8, 0.45, 0.35),
    "exercises_prescribed": Usual(9.0, 2.0, 0.0),
    "exercises_done": Usual(6.0, 2.0, 2.0),
}
"""Column of the diary -> what is usual of a day, in its unit."""

SHARES: dict[str, Usual] = {"medication": Usual(0.3, 0.2), "in_flare": Usual(0.1, 0.08)}
"""Column of the diary that is yes or no -> share of the days with a yes."""

WEEKLY: dict[str, Usual] = {
    "sessions": Usual(3.0, 1.0),
    "minutes": Usual(180.0, 60.0),
    "distance": Usual(25.0, 10.0),
    "load": Usual(900.0, 300.0),
    "hard_sessions": Usual(1.0, 0.5),
    "exertion": Usual(5.0, 1.0),
    "years": Usual(8.0, 3.0),
    "footwear_distance": Usual(350.0, 120.0),
}
"""Column of sport and training -> what is usual of a week; years of the sport, and km of the shoes."""

GOALS: dict[str, Usual] = {
    "mean_rating": Usual(3.7, 1.4),
    "share_met": Usual(5.0, 8.0),
    "attainment": Usual(36.0, 5.0),
    "all_met": Usual(0.02, 0.0),
    "any_met": Usual(0.1, 0.0),
}
"""What is taken of goals -> what is usual when they are set: few are met, and most are below the level expected."""


def with_planned_log(study: ComparativeStudy, part: Assumptions) -> Assumptions:
    """Return assumptions with an exercise log where the plan prescribes exercises and has an outcome of that log.

    Nothing is added where the log, or the outcome, is assumed.
    """
    of_log = [name for name, one in study.outcomes.items() if isinstance(one.source, ExerciseSource)]
    planned = any(arm.delivery and arm.delivery.exercises for arm in study.arms.values())
    if part.exercise_log is not None or not of_log or not planned or any(name in part.outcomes for name in of_log):
        return part
    last = max(visit.day for visit in study.visits.values())
    return part.model_copy(update={"exercise_log": AssumedExerciseLog(last_day=max(int(last), 1))})


def default_baseline(outcome: Outcome) -> AssumedBaseline:
    """Return what is usual of an outcome from a table; else the middle of its usual range, and a sixth of it.

    Of a plan that gives a range of its own it is the middle of that.
    """
    scale = outcome_scale(outcome)
    usual = usual_values(outcome)
    if usual is not None and usual.sd > 0:
        return AssumedBaseline(mean=usual.mean, sd=usual.sd)
    low, high = usual_range(outcome) or (scale.low, scale.high)
    if not np.isfinite(high - low):
        low, high = 0.0, 100.0
    return AssumedBaseline(mean=(low + high) / 2, sd=(high - low) / 6)


def usual_values(outcome: Outcome) -> Usual | None:
    """Return what is usual of an outcome from the diary, training or goals; None where the plan has a range."""
    source = outcome.source
    if source is None or (outcome.is_score and outcome.range != source.scale.get("range")):
        return None
    if isinstance(source, DailyDiarySource):
        return of_days(source)
    if isinstance(source, SportTrainingSource):
        return WEEKLY[source.field]
    return GOALS[source.take] if isinstance(source, GoalSource) else None


def of_days(source: DailyDiarySource) -> Usual:
    """Return what is usual of a summary of days.

    Examples
    --------
    >>> total = {"table": "daily_diary", "field": "protein", "take": "sum"}
    >>> of_days(DailyDiarySource.model_validate(total)).mean
    595.0
    """
    days = source.length
    if source.take in ("share", "days"):
        times = 100.0 if source.take == "share" else float(days)
        share = SHARES[source.field] if source.field in SHARES else _share_within(source)
        return Usual(times * share.mean, times * share.sd)
    one = DAILY[str(source.field)]
    # The largest of several normal days lies on average about sqrt(2 ln days) standard deviations above their mean.
    reach = {"max": 1.0, "min": -1.0}.get(source.take, 0.0) * sqrt(2.0 * np.log(max(days, 1))) * 0.7 * one.day_sd
    times = float(days) if source.take == "sum" else 1.0
    return Usual(times * max(one.mean + reach, 0.0), times * one.sd)


def _share_within(source: DailyDiarySource) -> Usual:
    """Return the usual share of days within a range."""
    one = DAILY[str(source.field)]
    low, high = source.within or (-np.inf, np.inf)
    share = float(np.diff(norm.cdf([low, high], one.mean, np.hypot(one.sd, one.day_sd)))[0])
    return Usual(min(max(share, 0.05), 0.95), 0.2)


def usual_range(outcome: Outcome) -> Limits | None:
    """Return the usual range of a clinical measure; None for other outcomes, and where the plan has a range."""
    source = outcome.source
    if not isinstance(source, ClinicalMeasureSource) or outcome.range != source.scale["range"]:
        return None
    return LIKE_SIDES if source.side == "symmetry" else load_measures()[source.measure].soft
