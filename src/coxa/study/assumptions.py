"""What a plan assumes of its trial: the numbers from which data, truth and power are simulated."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from coxa.study.assumed_numbers import (
    Correlation,
    Finite,
    NotNegative,
    Positive,
    Probabilities,
    Probability,
    Rates,
    Spread,
)
from coxa.study.parts import Name, OneOrMany, Part

PER_ARM = 100
"""Participants per arm, on average, where the plan says nothing."""

Count = Annotated[int, Field(ge=1)]


class Course(Part):
    """A change that sets in after `onset_day`, grows in a straight line to its plateau, and may wane."""

    plateau: Finite = Field(description="Change from baseline in full, in the outcome's unit and direction.")
    onset_day: int = Field(0, ge=0, description="Study day up to which there is none of it.")
    plateau_day: int = Field(gt=0, description="Study day on which it is there in full.")
    waning_per_year: NotNegative = Field(
        0.0, description="What of it is lost per year, in points; never more than all."
    )
    waning_from: int | None = Field(None, description="Study day from which it wanes; the plateau's unless given.")

    @model_validator(mode="after")
    def _days_in_order(self) -> Course:
        if self.onset_day >= self.plateau_day:
            raise ValueError(
                f"the plateau (day {self.plateau_day}) comes after the onset (day {self.onset_day}); exchange the two"
            )
        if self.waning_from is not None and self.waning_from < self.plateau_day:
            raise ValueError(
                f"it wanes from day {self.waning_from}, before its plateau (day {self.plateau_day}); write a later day"
            )
        return self

    def at(self, day: float) -> float:
        """Return the change on a study day.

        Examples
        --------
        >>> course = Course(plateau=12, onset_day=42, plateau_day=84, waning_per_year=3)
        >>> [course.at(day) for day in (42, 63, 84, 84 + 365.25)]
        [0.0, 6.0, 12.0, 9.0]
        """
        grown = min(max((day - self.onset_day) / (self.plateau_day - self.onset_day), 0.0), 1.0)
        years = max(day - (self.waning_from or self.plateau_day), 0.0) / 365.25
        left = max(abs(self.plateau) - self.waning_per_year * years, 0.0)
        return grown * left * (1.0 if self.plateau >= 0 else -1.0)


def _kind_of_change(given: Any) -> str:
    """Return which kind of change is written: a mapping with a key of a course is one, any other is by visit."""
    if isinstance(given, Course) or (isinstance(given, dict) and set(given) & set(Course.model_fields)):
        return "course"
    return "by visit" if isinstance(given, dict) else "number"


Change = Annotated[
    Annotated[Finite, Tag("number")]
    | Annotated[Course, Tag("course")]
    | Annotated[dict[Name, Finite], Tag("by visit")],
    Discriminator(_kind_of_change),
]
"""A change from baseline: at every visit alike, as a course in days, or by visit."""


class FallingCorrelation(Part):
    """A correlation between visits that falls from `near` to `far` with the number of visits between them."""

    near: Correlation = Field(description="Between neighbouring visits.")
    far: Correlation = Field(description="What it approaches for visits far apart.")
    decay: Probability = Field(0.5, description="Share of the way from near to far left with each further visit.")


class AssumedBaseline(Part):
    """An outcome before treatment."""

    mean: Finite = Field(description="Mean of all arms.")
    sd: Spread = Field(description="Standard deviation between participants.")


class AssumedOutcome(Part):
    """The course of one outcome. Changes are value minus baseline, in the outcome's own direction.

    Where lower is better an improvement is a negative change. Means, standard deviations and correlations are those
    before dropout, events and the ends of the scale; what covariates and clusters add is a part of them.
    """

    baseline: AssumedBaseline | None = Field(
        None, description="Mean and spread; the middle of the range, and a sixth of it, unless given."
    )
    shared_change: Change = Field(
        0.0,
        description="Change of every arm, beside its own: natural course and non-specific response as under sham. A "
        "number, a course, or by visit.",
    )
    mean_change: dict[Name, Change] = Field(
        default_factory=dict,
        description="Arm: its mean change, beside the shared one; a number, a course, or by visit. An arm that is not "
        "named has none.",
    )
    sd: Spread | dict[Name, Spread] | None = Field(
        None, description="Standard deviation after baseline, one or by visit; that of the baseline unless given."
    )
    sd_by_arm: dict[Name, Spread | dict[Name, Spread]] = Field(
        default_factory=dict,
        description="Arm: its own standard deviation after baseline, one or by visit, where it is not that of `sd`.",
    )
    correlation: Correlation | FallingCorrelation | tuple[tuple[float, ...], ...] = Field(
        0.6, description="Between visits, the baseline among them: one, falling with distance, or a matrix by day."
    )
    covariates: dict[Name, Finite | dict[str, Finite]] = Field(
        default_factory=dict,
        description="Covariate: what it adds to the value at every visit, per unit, or by level of a category.",
    )
    scale: Literal["continuous", "bounded", "items"] = Field(
        "bounded",
        description="continuous: normal values; bounded: cut at the ends of the range (floor and ceiling); items: "
        "answers to the instrument's items, whose score has the value as its mean.",
    )
    step: Positive | None = Field(
        None, description="Values are multiples of this, rounded up or down at random so that means are kept."
    )


class AssumedCovariate(Part):
    """A covariate in the population: mean and spread of a number, or shares of a category's levels."""

    mean: Finite | None = Field(None, description="Mean of a number; the middle of its range unless given.")
    sd: Spread | None = Field(None, description="Spread of a number; a sixth of its range unless given.")
    shares: dict[str, Probability] = Field(
        default_factory=dict, description="Level: its share of the participants; all alike unless given."
    )

    @model_validator(mode="after")
    def _one_kind(self) -> AssumedCovariate:
        if self.shares and (self.mean is not None or self.sd is not None):
            raise ValueError("a covariate has a mean and spread, or shares of levels; keep what fits its type")
        if self.shares and abs(sum(self.shares.values()) - 1) > 1e-6:
            raise ValueError(f"the shares add up to {sum(self.shares.values()):g}; give shares that add up to 1")
        return self


class AssumedClusters(Part):
    """Groups of participants with something in common: a therapist, a clinic, a class."""

    number: int = Field(ge=2, description="How many there are; in each higher cluster with `within`.")
    icc: Probability | dict[Name, Probability] = Field(
        0.0, description="Intraclass correlation: their share of an outcome's variance; one, or by outcome."
    )
    arms: OneOrMany[Name] = Field((), description="Arms that have them, such as a therapist's; all unless given.")
    within: Name | None = Field(None, description="Higher cluster in which they are nested; crossed unless given.")
    own_per_arm: bool = Field(
        False, description="True: each arm has its own, `number` of them; false: arms share them."
    )
    at_baseline: bool = Field(
        False, description="False: they matter after baseline, as a therapist does; true: from the start, as a clinic."
    )
    size_variation: NotNegative = Field(
        0.0, description="Coefficient of variation of their sizes; 0 for sizes as equal as can be."
    )


class AssumedDropout(Part):
    """Who leaves, and which visits are missed."""

    probability: Probabilities = Field(0.0, description="Of having left before the last visit; one, or by arm.")
    mechanism: Literal["mcar", "mar", "mnar"] = Field(
        "mcar",
        description="mcar: at random; mar: by the value last recorded; mnar: by the value at the visit that is missed.",
    )
    odds_ratio: Positive = Field(
        1.0, description="For mar and mnar: odds ratio of leaving per standard deviation of a worse value."
    )
    outcome: Name | None = Field(
        None, description="The outcome that drives it; that of the first estimand if not given."
    )
    gaps: Probability = Field(0.0, description="Of a single visit being missed, at random; the baseline never is.")
    item_gaps: Probability = Field(0.0, description="Of a single item being left unanswered, at random.")

    @model_validator(mode="after")
    def _mechanism_fits(self) -> AssumedDropout:
        if self.mechanism == "mcar" and self.odds_ratio != 1:
            raise ValueError("with an `odds_ratio` dropout depends on values; write `mechanism: mar`, or `mnar`")
        if self.mechanism != "mcar" and self.odds_ratio == 1:
            raise ValueError(f"{self.mechanism} needs an `odds_ratio` other than 1; add for example `odds_ratio: 1.4`")
        return self


class AssumedEvent(Part):
    """An intercurrent event of the plan: how often it happens, and what happens after it."""

    probability: Probabilities = Field(description="Of happening before the last visit; one, or by arm.")
    odds_ratio: Positive = Field(1.0, description="Odds ratio of it per standard deviation of a worse last value.")
    effect: Finite | dict[Name, Finite] = Field(
        0.0, description="What it adds to values afterwards; one for the driving outcome, or by outcome."
    )
    build_up_days: NotNegative = Field(0.0, description="Time constant with which the effect builds up; 0: at once.")
    fading_days: Positive | None = Field(None, description="Time constant with which it fades; it lasts unless given.")
    switch_to: Name | None = Field(
        None, description="Arm whose course the participant follows afterwards: crossing over, or stopping treatment."
    )
    keeps: Probability = Field(
        0.0, description="With `switch_to`: share kept of what the arms differ by when it happens; 0: all is lost."
    )
    leaves: Probability = Field(0.0, description="Of leaving the trial with the event.")
    ends_treatment: bool = Field(False, description="True: no sessions after it.")


class AssumedSessions(Part):
    """Treatment sessions, and exercise at home with its diary."""

    attendance: Probabilities = Field(0.85, description="Share attended of the arm's `sessions_planned`.")
    consistency: Positive = Field(
        8.0, description="How alike participants are: parameters of the beta distribution, summed."
    )
    last_day: int = Field(84, ge=1, description="Study day of the last session.")
    home_per_week: Rates = Field(0.0, description="Sessions at home asked for per week; one, or by arm.")
    home: Probabilities = Field(0.62, description="Share of them that is done.")
    over_reporting: Positive = Field(1.25, description="What the diary reports, as a multiple of what was done.")
    agreement: Correlation = Field(0.5, description="Correlation between participants of reported and done sessions.")
    fidelity: Probabilities | None = Field(
        None,
        description="Mean share of a session's protocol that is delivered; one, or by arm. Not rated unless given.",
    )


class AssumedCondition(Part):
    """A condition in the case mix."""

    share: Probability = Field(description="Share of the participants.")
    shift: Finite | dict[Name, Finite] = Field(
        0.0, description="What it adds to values at every visit; one for the driving outcome, or by outcome."
    )


class Assumptions(Part):
    """What the trial is assumed to be like. `coxa simulate` makes a trial of it; all keys may be left out."""

    participants: Count | dict[Name, Count] | None = Field(
        None,
        description=f"By arm, or in all, divided by the ratio of the randomisation; {PER_ARM} per arm unless given.",
    )
    outcomes: dict[Name, AssumedOutcome] = Field(
        default_factory=dict, description="The course of each outcome; an outcome that is not named does not change."
    )
    correlation_of_outcomes: Correlation | dict[Name, dict[Name, Correlation]] = Field(
        0.5,
        description="Between outcomes at one visit: one for the improvements in all pairs, or outcome: {other: "
        "correlation of the values}.",
    )
    covariates: dict[Name, AssumedCovariate] = Field(default_factory=dict, description="Case mix at baseline.")
    conditions: dict[Name, AssumedCondition] = Field(
        default_factory=dict, description="Hip conditions of the participants, as the data dictionary names them."
    )
    not_started: Probabilities = Field(
        0.0, description="Of not starting treatment and getting that of the reference arm instead; one, or by arm."
    )
    clusters: dict[Name, AssumedClusters] = Field(
        default_factory=dict, description="By column: `site_id`, `therapist_id`, or a category of the covariates."
    )
    dropout: AssumedDropout = Field(default_factory=AssumedDropout, description="Who leaves, what is missed.")
    events: dict[Name, AssumedEvent] = Field(
        default_factory=dict, description="Intercurrent events of the plan; those not named do not happen."
    )
    sessions: AssumedSessions | None = Field(None, description="Sessions; none are simulated unless given.")
    dose_response: Finite | dict[Name, Finite] = Field(
        0.0,
        description="What a session attended above the arm's mean adds; one for the driving outcome, or by outcome.",
    )
    adverse_events: Rates = Field(0.0, description="Mean number per participant up to the last visit; one, or by arm.")
    flares: Rates = Field(0.0, description="Mean number of flares of symptoms; one, or by arm.")
    soreness: Probabilities = Field(
        0.0, description="Of expected soreness after a session that was attended; one, or by arm. It needs `sessions`."
    )
    co_interventions: Rates = Field(
        0.0, description="Mean number of treatments beside those of the trial; one, or by arm."
    )
    first_day: date | None = Field(None, description="First day of enrolment; chosen so that all visits are past.")
    enrolment_days: int = Field(365, ge=1, description="Days over which participants are enrolled, evenly.")

    @field_validator("conditions")
    @classmethod
    def _all_conditions(cls, given: dict[str, Any]) -> dict[str, Any]:
        total = sum(part.share for part in given.values())
        if given and abs(total - 1) > 1e-6:
            raise ValueError(f"the shares of the conditions add up to {total:g}; give shares that add up to 1")
        return given
