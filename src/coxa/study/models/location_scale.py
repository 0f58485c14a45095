"""Options of a mixed location scale model of the days of a diary in a plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from coxa.study.analysis import IDENTIFIER, AdjustedAnalysis, check_terms
from coxa.study.assumptions.numbers import NotNegative
from coxa.study.parts import Name, OneOrMany, Part
from coxa.study.words import Measure, Summary


class MissingDays(Part):
    """What is reported of days that were not written, next to an analysis of days."""

    weights: bool = Field(
        True, description="The analysis again, with days weighted by the model of whether a day is written."
    )
    delta: OneOrMany[NotNegative] = Field(
        (),
        description="The analysis again with the days that were not written filled in, worse than the others of the "
        "participant by so many points; 0: like them.",
    )
    in_arms: OneOrMany[Name] = Field((), description="Arms whose days are worse by delta; all unless given.")
    imputations: int = Field(10, ge=2, le=200, description="Completed sets of days for each delta.")


class LocationScale(AdjustedAnalysis):
    """A model of the days in the window of a visit: their level and how variable they are, of each arm.

    The outcome is a mean of days of the diary. At each visit of the estimand the days behind that mean are modelled: a
    difference in level, and a ratio of the standard deviations of a participant's days.
    """

    summaries: ClassVar[tuple[Summary, ...]] = ("difference_in_means", "within_person_sd_ratio")
    measures: ClassVar[tuple[Measure, ...]] = ("value",)
    of_days: ClassVar[bool] = True

    model: Literal["location_scale"] = Field(description="The days of a diary: their level and their variability.")
    variance: tuple[str, ...] = Field(
        (), description="Covariates on which the logarithm of the variance of a participant's days depends, with arm."
    )
    trend: Literal["by_arm", "common", "none"] = Field(
        "by_arm",
        description="A straight line over the days of the window: of each arm, one of all, or none. What of a trend is "
        "not in the model counts as variability.",
    )
    between_by_arm: bool = Field(
        False, description="True: the spread between participants has a value of its own in each arm."
    )
    random_scale: bool = Field(True, description="Participants differ in how variable their days are.")
    vcov: Literal["model", "CR0"] = Field(
        "model",
        description="Standard errors by the model, or by a sandwich over participants, for days that correlate from "
        "one to the next.",
    )
    ddf: Literal["normal", "between-within"] = Field(
        "between-within", description="Degrees of freedom: z tests, or counted between participants."
    )
    missing_days: MissingDays = Field(
        default_factory=lambda: MissingDays.model_validate({}),
        description="What is reported of days that were not written.",
    )
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )

    @field_validator("variance")
    @classmethod
    def _variance_has_terms(cls, terms: tuple[str, ...]) -> tuple[str, ...]:
        return check_terms(terms)

    @model_validator(mode="after")
    def _arm_is_there(self) -> LocationScale:
        for key in ("adjust", "variance"):
            names = {name for term in getattr(self, key) for name in IDENTIFIER.findall(term)}
            if repeated := names & {"arm", "visit", "week"}:
                raise ValueError(f"'{min(repeated)}' is in the model by its kind; take it out of `{key}`")
        return self

    def names_used(self) -> tuple[str, ...]:
        """Return the variables that `adjust` and `variance` name, each once, in order."""
        found = (name for term in (*self.adjust, *self.variance) for name in IDENTIFIER.findall(term))
        return tuple(dict.fromkeys(found))

    def terms(self, visits: Sequence[str]) -> list[str]:
        """Return the arm with the trend over the days of the window, and every `adjust` term."""
        first = {"by_arm": ["arm * week"], "common": ["arm", "week"], "none": ["arm"]}[self.trend]
        return [*first, *self.adjust]

    def random_terms(self) -> list[str]:
        """Return the random intercept of a participant; the model has it without its being written."""
        return []

    @property
    def within(self) -> str:
        """Terms of the logarithm of the variance within participants."""
        return " + ".join(("arm", *self.variance))

    def fewest(self, coefficients: int, visits: int) -> int | None:
        """Return the participants that the coefficients and the spreads need."""
        return coefficients + 2
