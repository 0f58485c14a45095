"""What is assumed of a registry of clinics that is simulated: clinics, patients, outcomes, who is lost."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from coxa.study.assumptions.numbers import Finite, NotNegative, Positive, Probability
from coxa.study.base import Name, Part

Count = Annotated[int, Field(ge=1)]


class AssumedCondition(Part):
    """A condition for which patients come."""

    share: Probability = Field(description="Share of the episodes.")
    intake: Finite = Field(6.0, description="Mean pain at intake, 0 to 10.")
    change: Finite = Field(0.0, description="What it adds to the improvement in pain, in points.")
    age: Finite = Field(55.0, description="Mean age of the patients, in years; the standard deviation is 9.")
    female: Probability = Field(0.58, description="Share of women.")


CONDITIONS = {
    "hip_osteoarthritis": AssumedCondition(share=0.30, intake=6.0, change=0.0, age=64, female=0.60),
    "gluteal_tendinopathy": AssumedCondition(share=0.18, intake=6.3, change=0.4, age=56, female=0.80),
    "fai_syndrome": AssumedCondition(share=0.12, intake=5.6, change=0.1, age=34, female=0.45),
    "groin_pain": AssumedCondition(share=0.10, intake=5.4, change=0.6, age=29, female=0.30),
    "after_hip_replacement": AssumedCondition(share=0.16, intake=5.2, change=0.9, age=68, female=0.60),
    "other": AssumedCondition(share=0.14, intake=5.8, change=-0.2, age=50, female=0.55),
}
"""Condition -> what is assumed of it, where a plan says nothing."""


class AssumedImprovement(Part):
    """Improvement in pain (0 to 10) of an episode in a clinic like all others; positive is better."""

    mean: Finite = Field(2.6, description="Of a patient with hip osteoarthritis and the mean values named below.")
    per_point_of_intake: Finite = Field(0.45, description="For each point of pain at intake above 6.")
    per_decade_of_age: Finite = Field(-0.12, description="For each ten years above 55.")
    female: Finite = Field(-0.05, description="Of women, against men.")
    per_doubling_of_duration: Finite = Field(
        -0.22, description="For each doubling of the symptoms' duration of 6 months."
    )
    previous_surgery: Finite = Field(-0.35, description="After surgery of the hip.")
    per_comorbidity: Finite = Field(-0.18, description="For each comorbidity.")
    per_fifth_of_deprivation: Finite = Field(
        0.08, description="For each fifth of deprivation; 5 is the least deprived."
    )
    patient_sd: NotNegative = Field(0.7, description="Between patients, the same in each episode of a patient.")
    residual_sd: Positive = Field(1.8, description="Between episodes of a patient.")


class AssumedVariation(Part):
    """How clinics and therapists differ beyond their case mix."""

    clinic_sd: NotNegative = Field(0.12, description="Between clinics, in points of improvement in pain.")
    therapist_sd: NotNegative = Field(0.25, description="Between therapists of a clinic.")
    case_mix: NotNegative = Field(
        1.0, description="How different the clinics' patients are: 0 not at all, 1 as in the defaults."
    )


class PlantedOutlier(Part):
    """A clinic whose patients improve more, or less, than their case mix would give."""

    clinic: Count = Field(description="Number of the clinic, counted from 1.")
    effect: Finite = Field(description="Its effect in points of improvement in pain, in place of a drawn one.")


class PlantedImprovement(Part):
    """A clinic that gets better from a date on."""

    clinic: Count = Field(description="Number of the clinic, counted from 1.")
    start: date = Field(description="First day of intake with the effect.")
    effect: Finite = Field(description="Points of improvement in pain that are added from then on.")


class AssumedLoss(Part):
    """Who has no discharge questionnaire; each number is added to the log odds of having one."""

    depends_on: Literal["nothing", "patients", "patients_and_outcome"] = Field(
        "patients_and_outcome",
        description="nothing: all are alike; patients: descriptors count; patients_and_outcome: the improvement as "
        "well, which no adjustment for descriptors mends.",
    )
    complete: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.72,
        description="Share that is done in the reference group: white, middle fifth, 55 years, average improvement.",
    )
    per_point_of_improvement: Finite = Field(0.20, description="For each point of improvement above 2.5.")
    per_decade_of_age: Finite = Field(0.15, description="For each ten years above 55.")
    not_white: Finite = Field(-0.45, description="Of patients of any ethnicity but white.")
    per_fifth_of_deprivation: Finite = Field(0.18, description="For each fifth above the middle one.")
    clinic_sd: NotNegative = Field(0.35, description="Between clinics.")
    late: Probability = Field(0.05, description="Share of the questionnaires that come after their window.")


class ScreenedFrom(Part):
    """From when on more, or fewer, patients are asked for red flags."""

    start: date = Field(description="First day of intake from which it holds.")
    asked: Probability = Field(description="Share of the patients who are asked from then on.")


class AssumedRedFlagSteps(Part):
    """How clinics screen for red flags, step by step."""

    asked: Probability = Field(0.90, description="Share of the patients who are asked for red flags.")
    asked_from: ScreenedFrom | None = Field(None, description="Another share from a day on, as after training.")
    found: Probability = Field(0.06, description="Share of those asked in whom a flag is found.")
    acted_on: Probability = Field(0.85, description="Share of those with a flag in whom it is acted on.")
    referred: Probability = Field(0.60, description="Share of those in whom it is acted on who are referred.")
    days: Positive = Field(6.0, description="Mean days from intake to referral.")


class RegistryAssumptions(Part):
    """What is assumed of a registry: the numbers from which episodes of care and their truth are simulated.

    Examples
    --------
    >>> assumed = RegistryAssumptions(clinics=4, outliers=[{"clinic": 2, "effect": -1.0}], better_from=None)
    >>> assumed.episodes, assumed.variation.therapist_sd, assumed.lost.depends_on
    (6000, 0.25, 'patients_and_outcome')
    """

    clinics: Annotated[int, Field(ge=2)] = Field(12, description="Clinics.")
    therapists: Count = Field(5, description="Therapists of each clinic.")
    episodes: Count = Field(6_000, description="Episodes of care of all clinics together.")
    start: date = Field(date(2021, 1, 1), description="First day of intake.")
    years: Annotated[int, Field(ge=1, le=50)] = Field(4, description="Years of intake.")
    repeats: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.12, description="Share of the episodes that are a further one of a patient who was there before."
    )
    conditions: dict[Name, AssumedCondition] = Field(
        default_factory=lambda: dict(CONDITIONS), min_length=1, description="Conditions of the patients."
    )
    improvement: AssumedImprovement = Field(default_factory=AssumedImprovement, description="Improvement in pain.")
    variation: AssumedVariation = Field(default_factory=AssumedVariation, description="How clinics differ.")
    outliers: tuple[PlantedOutlier, ...] = Field(
        default_factory=lambda: (PlantedOutlier(clinic=3, effect=1.0), PlantedOutlier(clinic=9, effect=-1.0)),
        description="Clinics that are better or worse than the others; clinic 3 by 1 and clinic 9 by -1 unless given.",
    )
    better_from: PlantedImprovement | None = Field(
        default_factory=lambda: PlantedImprovement(clinic=6, start=date(2022, 10, 1), effect=1.5),
        description="A clinic that gets better; clinic 6 by 1.5 from 2022-10-01 unless given.",
    )
    lost: AssumedLoss = Field(default_factory=AssumedLoss, description="Who has no discharge questionnaire.")
    red_flags: AssumedRedFlagSteps | None = Field(
        None,
        description="Screening for red flags with what follows: columns flag_found, flag_acted_on, flag_referred, "
        "days_to_referral and referred_in_7_days; only whether it was asked, unless given.",
    )

    @model_validator(mode="after")
    def _parts_agree(self) -> RegistryAssumptions:
        total = sum(one.share for one in self.conditions.values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"the shares of the conditions add up to {total:g}; give shares that add up to 1")
        planted = [one.clinic for one in self.outliers]
        for clinic in (*planted, *([self.better_from.clinic] if self.better_from else [])):
            if clinic > self.clinics:
                raise ValueError(
                    f"clinic {clinic} is not one of the {self.clinics} clinics; name another or add clinics"
                )
        if len(set(planted)) < len(planted):
            raise ValueError("an outlier is given twice; keep one effect for each clinic")
        return self

    def equal_clinics(self, *, over_dispersion: bool = False) -> RegistryAssumptions:
        """Return the same registry in which no clinic is better or worse than another by design.

        Parameters
        ----------
        over_dispersion
            True: clinics and therapists still vary by their standard deviations, as units do for no special cause.

        Examples
        --------
        >>> null = RegistryAssumptions().equal_clinics()
        >>> null.outliers, null.better_from, null.variation.clinic_sd, null.variation.therapist_sd
        ((), None, 0.0, 0.0)
        """
        kept = (
            self.variation
            if over_dispersion
            else self.variation.model_copy(update={"clinic_sd": 0.0, "therapist_sd": 0.0})
        )
        return self.model_copy(update={"outliers": (), "better_from": None, "variation": kept})
