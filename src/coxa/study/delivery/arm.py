"""How an arm's treatment is delivered: the items of TIDieR and CERT, doses, and exercises prescribed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from coxa.study.assumptions.numbers import NotNegative, Positive, Probability
from coxa.study.base import Part
from coxa.study.delivery.exercises import ExerciseCode


def _in_order(given: float | tuple[float, float], info: ValidationInfo) -> float | tuple[float, float]:
    if isinstance(given, tuple) and given[0] > given[1]:
        raise ValueError(f"{info.field_name} goes from {given[0]:g} to {given[1]:g}; write [fewest, most]")
    return given


OneOrSpan = Annotated[Positive | tuple[Positive, Positive], AfterValidator(_in_order)]
"""A number above 0, or [fewest, most]."""

LoadType = Literal["bodyweight", "band", "kg", "percent_1rm", "rm", "water"]


class Prescription(Part):
    """One exercise prescribed (CERT 8 and 13)."""

    exercise: ExerciseCode = Field(
        description="Code of the exercise: one of those listed below, or one that the plan adds under `exercises`."
    )
    target: str | None = Field(None, description="What it is for, where the vocabulary says something else.")
    stage: str | None = Field(None, description="Stage, level or phase of the programme it belongs to.")
    sets: OneOrSpan | None = Field(None, description="Sets; a number, or [fewest, most].")
    reps: OneOrSpan | None = Field(None, description="Repetitions per set; a number, or [fewest, most].")
    hold_s: OneOrSpan | None = Field(None, description="Seconds held; a number, or [shortest, longest].")
    rest_s: OneOrSpan | None = Field(None, description="Seconds of rest between sets.")
    minutes: OneOrSpan | None = Field(None, description="Duration, for exercise that is not counted in repetitions.")
    tempo: str | None = Field(None, description="Seconds of lowering, holding and lifting, for example 3-0-3.")
    load_type: LoadType | None = Field(
        None,
        description="bodyweight, a band, kg, percent_1rm, rm (what can be lifted `load` times), or water.",
    )
    load: Positive | tuple[Positive, Positive] | str | None = Field(
        None, description="Load in the unit of its type, [at first, at last] where it changes, or a band's colour."
    )
    effort: OneOrSpan | None = Field(None, description="Perceived exertion, 0-10.")
    per_week: OneOrSpan | None = Field(None, description="Times per week.")
    supervised: bool | None = Field(None, description="True: with a provider; false: at home.")
    position: str | None = Field(None, description="Starting position.")
    side: Literal["affected", "both", "alternating"] | None = Field(None, description="Leg or legs.")
    per_side: bool = Field(False, description="True: sets and repetitions are of each side.")


class Delivery(Part):
    """How an arm's treatment is delivered, in the items of TIDieR (1-12) and CERT (1-16b). All may be left out.

    TIDieR 1, the name, is the arm's label.
    """

    why: str | None = Field(None, description="Rationale or theory (TIDieR 2).")
    materials: str | None = Field(None, description="Equipment and materials (TIDieR 3, CERT 1).")
    procedures: str | None = Field(None, description="What is done (TIDieR 4, CERT 8).")
    provider: str | None = Field(None, description="Profession, training and expertise (TIDieR 5, CERT 2).")
    mode: Literal["individual", "group", "individual_and_group"] | None = Field(
        None, description="One at a time or in groups (TIDieR 6, CERT 3)."
    )
    supervision: Literal["supervised", "unsupervised", "both"] | None = Field(
        None, description="With a provider present or not (TIDieR 6, CERT 4)."
    )
    setting: str | None = Field(None, description="Where (TIDieR 7, CERT 12).")
    sessions: int | None = Field(
        None,
        ge=0,
        description="Supervised sessions (TIDieR 8, CERT 13); fills `sessions_planned` of the arm.",
    )
    minutes: OneOrSpan | None = Field(
        None, description="Length of a session; a number, or [shortest, longest] (TIDieR 8, CERT 13)."
    )
    weeks: Positive | None = Field(None, description="Length of the programme (TIDieR 8, CERT 13).")
    per_week: OneOrSpan | None = Field(None, description="Sessions per week (TIDieR 8, CERT 13).")
    intensity: str | None = Field(None, description="Intensity or load in words (TIDieR 8, CERT 13).")
    exercises: tuple[Prescription, ...] = Field((), description="Exercises prescribed (TIDieR 4, CERT 8 and 13).")
    home_programme: str | None = Field(None, description="What is done at home (CERT 9).")
    home_per_week: OneOrSpan | None = Field(None, description="Home sessions asked for per week (CERT 9 and 13).")
    home_minutes: OneOrSpan | None = Field(None, description="Length of a home session (CERT 9 and 13).")
    not_exercise: str | None = Field(None, description="Components that are not exercise, such as education (CERT 10).")
    tailoring: Literal["generic", "tailored"] | None = Field(
        None, description="The same for all, or tailored to the participant (TIDieR 9, CERT 14a)."
    )
    tailored_how: str | None = Field(None, description="How it is tailored (TIDieR 9, CERT 14b).")
    starting_level: str | None = Field(None, description="Rule for the level to start at (CERT 15).")
    progression: str | None = Field(None, description="Rule for when to progress (CERT 7a).")
    progression_how: str | None = Field(None, description="How it is progressed (CERT 7b).")
    pain_limit: NotNegative | None = Field(None, le=10, description="Pain accepted during exercise, 0-10 (CERT 7a).")
    motivation: str | None = Field(None, description="What is done to motivate (CERT 6).")
    adherence: str | None = Field(None, description="How adherence is measured (CERT 5).")
    harms: str | None = Field(None, description="Adverse events during exercise, and how they are recorded (CERT 11).")
    modifications: str | None = Field(None, description="Changes during the study (TIDieR 10).")
    fidelity: str | None = Field(None, description="How fidelity is to be assessed (TIDieR 11, CERT 16a).")
    delivered: str | None = Field(None, description="How well it was delivered as planned (TIDieR 12, CERT 16b).")
    attended: Probability | None = Field(None, description="Share of sessions that was attended (TIDieR 12, CERT 16b).")

    @model_validator(mode="after")
    def _tailored_says_so(self) -> Delivery:
        if self.tailored_how is not None and self.tailoring == "generic":
            raise ValueError("`tailored_how` belongs to a tailored treatment; write `tailoring: tailored`")
        return self
