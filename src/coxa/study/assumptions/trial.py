"""What a plan assumes of its trial: the numbers from which data, truth and power are simulated."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from coxa.study.assumptions.clusters import AssumedClusters
from coxa.study.assumptions.course import Change
from coxa.study.assumptions.diary import AssumedDiary
from coxa.study.assumptions.events import AssumedEvent
from coxa.study.assumptions.exercise_log import AssumedExerciseLog
from coxa.study.assumptions.numbers import (
    Correlation,
    Finite,
    NotNegative,
    PeopleOrShare,
    Positive,
    Probabilities,
    Probability,
    Rates,
    Spread,
)
from coxa.study.assumptions.red_flags import AssumedRedFlags
from coxa.study.conditions import ConditionCode
from coxa.study.covariate_sources import ConditionSource
from coxa.study.parts import Covariate, Name, Part

PER_ARM = 100
"""Participants per arm, on average, where the plan says nothing."""

BASELINE = "baseline"
"""Among the modifiers of an outcome: its own value before treatment."""

Count = Annotated[int, Field(ge=1)]


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
        None,
        description="Mean and spread; unless given what is usual of an outcome from the diary, training or goals, else "
        "the middle of the range (of a clinical measure the usual one), and a sixth of it.",
    )
    shared_change: Change = Field(
        0.0,
        description="Change of every arm, in addition to its own: natural course and non-specific response as "
        "under sham. A "
        "number, a course, or by visit.",
    )
    mean_change: dict[Name, Change] = Field(
        default_factory=dict,
        description="Arm: its mean change, in addition to the shared one; a number, a course, or by visit. An "
        "arm that is not "
        "named has none.",
    )
    treatments: dict[Name, Finite | Annotated[tuple[Finite, ...], Field(min_length=1)]] = Field(
        default_factory=dict,
        description="Where arms receive treatments in periods: treatment: what it adds at the end of each of its "
        "periods; one that is not named adds nothing. A list is by the number of periods in a row with it, the last "
        "lasting. Of clusters also of a yes or no, in log odds, and of a count, in logarithms.",
    )
    by_period: dict[Name, Finite] = Field(
        default_factory=dict,
        description="Where each participant is in one period: period: what it adds after baseline under any "
        "treatment, as a trend over time does.",
    )
    carry_over: dict[Name, Finite] = Field(
        default_factory=dict,
        description="Where arms receive treatments in periods: treatment: what of it is left a period later; the truth "
        "of an estimand is without it.",
    )
    treatment_sd: dict[Name, NotNegative] = Field(
        default_factory=dict, description="In n-of-1 trials: treatment: SD between participants of what it adds."
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
        description="Covariate: what it adds to the value at every visit, per unit, or by level of a category. Of an "
        "outcome that is no score: in standard deviations of what differs between participants.",
    )
    modifiers: dict[Name, dict[Name, Finite | dict[float, Finite] | dict[str, Finite]]] = Field(
        default_factory=dict,
        description="Of a score: covariate, or `baseline`: {arm: what it adds to the arm's effect after baseline}: one "
        "number per unit, a table of values of the covariate (straight between them, level outside), or by level of "
        "a category. The mean over participants is taken out, so that `mean_change` remains the mean effect.",
    )
    risk: Probability | dict[Name, Probability | dict[Name, Probability]] | None = Field(
        None, description="Of `kind: yes_no`: the probability of a yes after baseline; one, by arm, or arm: by visit."
    )
    shares: dict[int, Probability] | None = Field(
        None,
        description="Of `kind: ordered`: level: its share in the reference arm; equal shares unless given.",
    )
    odds_ratio: dict[Name, Positive | dict[Name, Positive]] = Field(
        default_factory=dict,
        description="Of `kind: ordered`: arm: its odds ratio of a higher level, one after baseline or by visit.",
    )
    rate: NotNegative | dict[Name, NotNegative | dict[Name, NotNegative]] | None = Field(
        None,
        description="Of `kind: count`: the mean number after baseline (per unit of `exposure`, if there is one); one, "
        "by arm, or arm: by visit.",
    )
    dispersion: NotNegative = Field(
        0.5,
        description="Of `kind: count`: squared coefficient of variation between participants with the same mean; 0 for "
        "Poisson counts.",
    )
    never: Probability = Field(
        0.0,
        lt=1,
        description="Of `kind: count`: share of the participants who can have no event at any visit, in addition to "
        "those who happen to have none; `rate` is the mean of all.",
    )
    scale: Literal["continuous", "bounded", "items"] = Field(
        "bounded",
        description="continuous: normal values; bounded: cut at the ends of the range; items: answers to the items, "
        "whose score has the value as its mean.",
    )
    step: Positive | None = Field(None, description="Values are multiples of this, rounded so that means are kept.")


class AssumedHappening(Part):
    """How an event outcome comes about: once, by its probability, or repeatedly, by its mean number."""

    probability: Probabilities | None = Field(
        None, description="Of an event that counts once: of happening by the last visit; one, or by arm."
    )
    number: Rates | None = Field(
        None, description="Of an event that recurs: mean number up to the last visit; one, or by arm."
    )
    shape: Positive = Field(
        1.0, description="Shape of the hazard: 1 for a constant one, above 1 where it rises, below 1 where it falls."
    )
    variation: NotNegative = Field(
        0.0, description="Of an event that recurs: variance of the proneness of participants, whose mean is 1."
    )
    never: Probability = Field(
        0.0,
        lt=1,
        description="Of an event that recurs: share of the participants to whom it cannot happen; `number` is the mean "
        "of all.",
    )
    covariates: dict[Name, Positive | dict[str, Positive]] = Field(
        default_factory=dict,
        description="Covariate: what it multiplies the hazard by, per unit, or by level of a category (1 unless "
        "given); the probability, or the number, is that of all participants.",
    )

    @model_validator(mode="after")
    def _once_or_often(self) -> AssumedHappening:
        if (self.probability is None) == (self.number is None):
            raise ValueError("an event has a `probability` (once) or a `number` (it recurs); give one of them")
        if self.number is None and (self.variation or self.never):
            key = "variation" if self.variation else "never"
            raise ValueError(f"`{key}` is of events that recur; write `number`, or remove it")
        return self


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


class AssumedClinic(Part):
    """Patients of a clinic, whom the result is carried to by `transport:`."""

    patients: int = Field(300, ge=10, le=100_000, description="How many are in the file.")
    covariates: dict[Name, AssumedCovariate] = Field(
        default_factory=dict, description="Their case mix, where it differs from that of the trial."
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
            raise ValueError(
                f"the mechanism {self.mechanism} needs an `odds_ratio` other than 1; add for example `odds_ratio: 1.4`"
            )
        return self


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

    share: Probability = Field(0.0, description="Share of the participants whose main condition it is.")
    also: Probability = Field(
        0.0, description="Share of the participants with another main condition who have it as well."
    )
    shift: Finite | dict[Name, Finite] = Field(
        0.0,
        description="What it adds to values at every visit as the main condition; one for the driving outcome, or by "
        "outcome.",
    )
    bilateral: Probability = Field(0.0, description="Of being on both sides; else left or right alike.")
    traumatic: Probability = Field(0.0, description="Of having come about by an injury and not by overuse.")
    confirmed: Probability = Field(1.0, description="Of being confirmed and not only probable.")
    months: Positive = Field(12.0, description="Median duration of symptoms at entry, in months.")


class AssumedScreening(Part):
    """Who is assessed for eligibility and does not take part."""

    excluded: dict[str, PeopleOrShare] = Field(
        default_factory=dict,
        description="Reason: people who are not eligible. From 1 their number, below 1 their share of those assessed.",
    )
    declined: PeopleOrShare | dict[str, PeopleOrShare] = Field(
        0, description="People who are eligible and decline: one, or by reason; number or share as above."
    )
    other: dict[str, PeopleOrShare] = Field(
        default_factory=dict, description="Other reason: people who do not take part; number or share as above."
    )

    @model_validator(mode="after")
    def _somebody_takes_part(self) -> AssumedScreening:
        declined = self.declined.values() if isinstance(self.declined, dict) else [self.declined]
        shares = sum(number for number in (*self.excluded.values(), *declined, *self.other.values()) if number < 1)
        if shares > 0.99:
            raise ValueError(
                f"the shares add up to {shares:g}, and no person is left to take part; keep them below 0.99"
            )
        return self


class Assumptions(Part):
    """What the trial is assumed to be like. `coxa simulate` makes a trial of it; all keys may be left out."""

    participants: Count | dict[Name, Count] | None = Field(
        None,
        description=f"By arm, or in all; {PER_ARM} per arm unless given. The plan's `randomisation` allocates them.",
    )
    outcomes: dict[Name, AssumedOutcome] = Field(
        default_factory=dict,
        description="The course of each outcome. One that is not named follows from the rows of its `source`, where "
        "these are assumed; else it does not change.",
    )
    correlation_of_outcomes: Correlation | dict[Name, dict[Name, Correlation]] = Field(
        0.5,
        description="Between outcomes at one visit: one for the improvements in all pairs, or outcome: {other: "
        "correlation of the values}.",
    )
    covariates: dict[Name, AssumedCovariate] = Field(default_factory=dict, description="Case mix at baseline.")
    confounding: dict[Name, dict[Name, Finite | dict[str, Finite]]] = Field(
        default_factory=dict,
        description="Of a cohort: group: {covariate: what it adds to the log odds of being in this group and not in "
        "the reference group}, per unit, or by level of a category. Groups have their numbers on average.",
    )
    clinic: AssumedClinic | None = Field(
        None,
        description="Patients whom the result is carried to by `transport:`: how many, and their case mix. Their file "
        "is simulated, and the value of the estimand in them is among the true values.",
    )
    conditions: dict[ConditionCode, AssumedCondition] = Field(
        default_factory=dict, description="Conditions of the participants, as the data dictionary names them."
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
    happenings: dict[Name, AssumedHappening] = Field(
        default_factory=dict, description="Events of the plan's `events`; those not named do not happen."
    )
    sessions: AssumedSessions | None = Field(None, description="Sessions; none are simulated unless given.")
    diary: AssumedDiary | None = Field(
        None, description="A daily diary of pain and training load; none is simulated unless given."
    )
    exercise_log: AssumedExerciseLog | None = Field(
        None, description="A log of exercises with their dose; none is simulated unless given."
    )
    dose_response: Finite | dict[Name, Finite] = Field(
        0.0,
        description="What a session attended above the arm's mean adds; one for the driving outcome, or by outcome.",
    )
    adverse_events: Rates = Field(0.0, description="Mean number per participant up to the last visit; one, or by arm.")
    flares: Rates = Field(0.0, description="Mean number of flares of symptoms; one, or by arm.")
    screening: AssumedScreening | None = Field(
        None, description="Who is assessed and does not take part; no screening log is simulated unless given."
    )
    soreness: Probabilities = Field(
        0.0, description="Of expected soreness after a session that was attended; one, or by arm. It needs `sessions`."
    )
    red_flags: AssumedRedFlags | None = Field(
        None, description="Screening for red flags and what comes of it; none is simulated unless given."
    )
    co_interventions: Rates = Field(0.0, description="Mean number of concomitant treatments; one, or by arm.")
    first_day: date | None = Field(None, description="First day of enrolment; chosen so that all visits are past.")
    enrolment_days: int = Field(365, ge=1, description="Days over which participants are enrolled, evenly.")

    @field_validator("conditions")
    @classmethod
    def _all_conditions(cls, given: dict[str, Any]) -> dict[str, Any]:
        total = sum(part.share for part in given.values())
        if given and abs(total - 1) > 1e-6:
            raise ValueError(f"the shares of the conditions add up to {total:g}; give shares that add up to 1")
        return given

    def conditions_give(self, name: str, covariate: Covariate) -> bool:
        """Return whether a covariate follows from the conditions assumed, as nothing is assumed of it by itself."""
        source = covariate.source
        if not isinstance(source, ConditionSource) or not self.conditions or name in self.covariates:
            return False
        if any(name in outcome.covariates for outcome in self.outcomes.values()):
            return False
        return source.take != "present" or any(code in self.conditions for code in source.codes)
