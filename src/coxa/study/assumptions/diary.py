"""What a plan assumes of the daily diary: pain and training load day by day, and what of it is written down."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from coxa.study.assumptions.course import DailyChange
from coxa.study.assumptions.numbers import (
    Correlation,
    Finite,
    NotNegative,
    Positive,
    Probabilities,
    Probability,
    Spread,
)
from coxa.study.parts import Name, Part

OtherNumber: TypeAlias = Literal[
    "pain_during", "soreness", "fatigue", "distance", "steps", "sleep_hours", "sleep_quality", "protein", "hydration"
]
"""Columns of the diary that are drawn by themselves."""


class AssumedDailyChange(Part):
    """How a number of the diary changes from randomisation on."""

    shared_change: DailyChange = Field(0.0, description="Change of every arm: from the first day, or a course.")
    mean_change: dict[Name, DailyChange] = Field(
        default_factory=dict,
        description="Arm: its mean change in addition to the shared one; less is negative.",
    )


class AssumedDailySpread(AssumedDailyChange):
    """How variable a number of the diary is from day to day."""

    day_sd_by_arm: dict[Name, Spread] = Field(
        default_factory=dict,
        description="Arm: its own standard deviation of a participant's days from randomisation on.",
    )
    day_sd_spread: NotNegative = Field(
        0.0,
        description="Standard deviation between participants of the logarithm of the variance of their days: 0, all "
        "are equally variable; 0.5, two thirds have 0.78 to 1.28 times the middle standard deviation.",
    )


class AssumedColumn(AssumedDailySpread):
    """A further number of the diary; what is not given is usual of the field (docs/simulate.md)."""

    mean: Finite | None = Field(None, description="Mean at randomisation, in the unit of the column.")
    sd: Spread | None = Field(None, description="Standard deviation between participants.")
    day_sd: Spread | None = Field(None, description="Standard deviation of a participant's days.")
    day_correlation: Probability = Field(0.3, lt=1, description="Of these deviations between one day and the next.")


class AssumedDailyPain(AssumedDailySpread):
    """Pain over the day, 0 to 10. The numbers are those before it is cut at the ends and rounded to one decimal."""

    start: Finite = Field(5.0, ge=0, le=10, description="Mean at randomisation.")
    sd: Spread = Field(1.2, description="Standard deviation between participants.")
    agreement: Correlation = Field(
        0.5, description="Correlation between participants with how bad the driving outcome is at baseline."
    )
    day_sd: Spread = Field(1.0, description="Standard deviation of a participant's days.")
    day_correlation: Probability = Field(0.5, lt=1, description="Of these deviations between one day and the next.")
    treatments: dict[Name, Finite] = Field(
        default_factory=dict,
        description="In n-of-1 trials: treatment: what it adds to pain once it has its full effect.",
    )
    treatment_sd: dict[Name, NotNegative] = Field(
        default_factory=dict,
        description="In n-of-1 trials: treatment: standard deviation between participants of what it adds.",
    )
    carry_over_days: NotNegative = Field(
        0.0,
        description="In n-of-1 trials: time constant in days with which the effect of a treatment builds up and that "
        "of the one before fades; 0: at once.",
    )
    yesterday_load: Finite = Field(
        0.0, description="What 100 AU of yesterday's training load above the participant's mean add to pain."
    )


class AssumedMorning(Part):
    """Pain on waking the next day."""

    relief: Finite = Field(1.0, description="How far it lies below the pain of the day.")
    load: Finite = Field(0.0, description="What 100 AU of the day's load above the participant's mean add to it.")
    sd: Spread = Field(0.5, description="Standard deviation of what is left.")


class AssumedTraining(Part):
    """Training or sport. Load is minutes times perceived exertion; it does not follow from pain."""

    days: Probabilities = Field(0.5, description="Mean share of the days with training; one, or by arm.")
    consistency: Positive = Field(
        10.0, description="How alike participants are in it: parameters of the beta distribution, summed."
    )
    minutes: Positive = Field(40.0, description="Median duration of a day's training, in minutes.")
    exertion: Finite = Field(5.0, ge=1, le=10, description="Mean perceived exertion, 1 to 10.")


class AssumedFlares(Part):
    """Flares of pain in the diary: runs of days with more of it."""

    per_week: Probability = Field(description="Probability of one beginning in a week at the participant's mean load.")
    odds_ratio: Positive = Field(
        1.0, description="Odds ratio of beginning per 100 AU of yesterday's load above the participant's mean."
    )
    rise: NotNegative = Field(2.0, description="Points that they add to pain.")
    days: int = Field(4, ge=1, description="How long they last.")


class AssumedMissingDays(Part):
    """Which days are not written down: at random, or by arm and by how much pain there is."""

    single: Probability = Field(0.05, description="Of a day by itself.")
    single_by_arm: dict[Name, Probability] = Field(
        default_factory=dict, description="Arm: its own probability of a day by itself."
    )
    yesterday: Positive = Field(
        1.0,
        description="Odds ratio of a day by itself not being written per point by which pain of the day before is "
        "above what is usual of the participant; above 1, days after bad days are lost.",
    )
    today: Positive = Field(
        1.0,
        description="The same per point of the day's own pain, which is not seen if the day is not written: missing "
        "not at random.",
    )
    level: Positive = Field(1.0, description="The same per point by which the participant is above the mean of all.")
    run: Probability = Field(0.01, description="Of a run of missed days beginning.")
    run_length: float = Field(4.0, ge=1, description="Mean length of such runs, in days.")
    blank: Probability = Field(0.01, description="Of pain the next morning left empty on a day that is filled in.")


class AssumedDiary(Part):
    """A daily diary of pain and training load, and of exercise at home."""

    first_day: int = Field(
        1, le=1, description="Study day of the first entry; below 1 for days before randomisation, such as -6."
    )
    last_day: int = Field(84, ge=2, description="Study day of the last entry.")
    pain: AssumedDailyPain = Field(default_factory=AssumedDailyPain, description="Pain over the day.")
    next_morning: AssumedMorning = Field(default_factory=AssumedMorning, description="Pain on waking the next day.")
    training: AssumedTraining = Field(default_factory=AssumedTraining, description="Training or sport.")
    flares: AssumedFlares | None = Field(None, description="Flares of pain; none unless given.")
    columns: dict[OtherNumber, AssumedColumn] = Field(
        default_factory=dict,
        description="Further columns, such as `sleep_hours: {}` or `protein: {mean_change: {advice: 15}}`.",
    )
    missing: AssumedMissingDays = Field(default_factory=AssumedMissingDays, description="Days without an entry.")
