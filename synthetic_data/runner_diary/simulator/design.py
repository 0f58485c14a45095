"""The numbers behind the simulated runner diary. Pain in points (0 none to 10), higher is worse."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

ARMS = ("usual_care", "movement_retraining")
"""Arms, the reference first."""

THERAPISTS = 5
"""Therapists, all of them of the arm movement_retraining."""


@dataclass(frozen=True, slots=True)
class PainDesign:
    """The linear model of pain that is planted, before it is cut to the scale and rounded.

    start               : pain at randomisation of an average runner with average load and sleep
    usual_slope         : change per week under usual care
    retraining_slope    : what movement retraining adds to it, points per week
    plateau             : week from which retraining adds nothing more; none if not given
    person_sd, slope_sd : standard deviations between persons of pain at randomisation and of the change per week
    person_slope        : correlation of the two
    therapist_sd        : standard deviation between therapists, of the retraining arm only, on every day
    load_within         : per 100 AU of yesterday's load above the person's mean
    load_between        : per 100 AU of the person's mean above `load_usual`; of opposite sign: who trains more has less
    sleep_within        : per hour of last night's sleep above the person's mean
    sleep_between       : per hour of the person's mean above `sleep_usual`
    day_sd, day_correlation : deviations from day to day, and their correlation from one day to the next
    """

    start: float = 5.0
    usual_slope: float = -0.08
    retraining_slope: float = -0.15
    plateau: float | None = None
    person_sd: float = 0.9
    slope_sd: float = 0.10
    person_slope: float = -0.2
    therapist_sd: float = 0.3
    load_within: float = 0.20
    load_between: float = -0.50
    sleep_within: float = -0.15
    sleep_between: float = -0.20
    day_sd: float = 1.0
    day_correlation: float = 0.6


@dataclass(frozen=True, slots=True)
class DayDesign:
    """How runners train and sleep. Load does not follow from pain here; in life it does.

    train_share, train_spread : share of days with training, and the sum of the parameters of its beta distribution
    minutes, minutes_log_sd   : median duration, and the spread of its logarithm between persons and between days
    exertion, exertion_sd     : mean perceived exertion, and its spread between persons and between days
    load_usual                : mean load per day at which `PainDesign.load_between` adds nothing, AU
    sleep_usual, sleep_sd     : mean hours of sleep, and their spread between persons and between nights
    """

    train_share: float = 0.55
    train_spread: float = 10.0
    minutes: float = 42.0
    minutes_log_sd: tuple[float, float] = (0.35, 0.25)
    exertion: float = 5.0
    exertion_sd: tuple[float, float] = (0.8, 1.2)
    load_usual: float = 130.0
    sleep_usual: float = 7.2
    sleep_sd: tuple[float, float] = (0.6, 0.8)


@dataclass(frozen=True, slots=True)
class MorningDesign:
    """Pain on waking the next day: how far it has settled.

    relief : points below the pain of the day
    load   : per 100 AU of the day's load above the person's mean
    sd     : of what is left
    """

    relief: float = 1.6
    load: float = 0.25
    sd: float = 0.5


@dataclass(frozen=True, slots=True)
class ExerciseDesign:
    """Home exercises, in sets. What is written down is more than what is done.

    days_per_week, sets : prescribed, by arm in the order of `ARMS`
    done, done_spread   : share of the prescribed sets that is done, and the sum of the parameters of its beta
                          distribution between persons; about 62 % at home (Harris-Hayes 2020)
    over_report         : share of the sets not done that is written down as done. With 62 % done, 0.408 makes the
                          reported 25 % more than the true number (220 against 176: Nicolson 2018)
    """

    days_per_week: tuple[int, int] = (3, 5)
    sets: tuple[int, int] = (2, 3)
    done: float = 0.62
    done_spread: float = 6.0
    over_report: float = 0.408


@dataclass(frozen=True, slots=True)
class EntryDesign:
    """Which days are written down.

    single       : probability that a day is missed by itself
    run, length  : probability that a run of missed days begins, and its mean length in days
    leave        : probability of giving up the diary in a week after one with a mean recorded pain of `usual_pain`
    leave_pain   : log odds ratio of it per point more; nothing else drives it, so that given the recorded pain the
                   days after are missing at random
    blank        : probability that sleep, or pain the next morning, is left empty on a day that is filled in
    clinic_sd    : spread of the rating in the clinic about the mean pain of the week before
    """

    single: float = 0.05
    run: float = 0.012
    length: float = 4.0
    leave: float = 0.015
    leave_pain: float = 0.35
    usual_pain: float = 4.5
    blank: float = 0.01
    clinic_sd: float = 0.6


@dataclass(frozen=True, slots=True)
class RunnerDesign:
    """Every parameter of the simulated diary, part by part."""

    pain: PainDesign = PainDesign()
    days: DayDesign = DayDesign()
    morning: MorningDesign = MorningDesign()
    exercises: ExerciseDesign = ExerciseDesign()
    entries: EntryDesign = EntryDesign()

    def fixed_effects(self) -> dict[str, float]:
        """Return the planted coefficients under the names that they have in a fitted model.

        The model is ``pain ~ arm * week + load_lag1_within + load_lag1_between + sleep_within + sleep_between``, load
        in 100 AU, the between parts centred at `load_usual` and `sleep_usual`. It is what was planted where there is no
        plateau.
        """
        pain, arm = self.pain, f"arm[{ARMS[1]}]"
        return {
            "Intercept": pain.start,
            arm: 0.0,
            "week": pain.usual_slope,
            f"{arm}:week": pain.retraining_slope,
            "load_lag1_within": pain.load_within,
            "load_lag1_between": pain.load_between,
            "sleep_within": pain.sleep_within,
            "sleep_between": pain.sleep_between,
        }

    def planted(self) -> dict[str, Any]:
        """Return every parameter as plain numbers and words."""
        return {"arms": list(ARMS), "therapists": THERAPISTS, "fixed_effects": self.fixed_effects(), **asdict(self)}
