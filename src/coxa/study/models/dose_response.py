"""Options of an analysis of dose and response in a plan."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, field_validator

from coxa.study.analysis import AdjustedAnalysis
from coxa.study.models.cace import without_arm
from coxa.study.words import Dose, Measure, Summary


class DoseResponseModel(AdjustedAnalysis):
    """The effect per unit of dose, by allocation as its instrument, and next to it the curve within the arm.

    The curve is an association: participants choose their dose.
    """

    summaries: ClassVar[tuple[Summary, ...]] = ("effect_per_dose",)
    measures: ClassVar[tuple[Measure, ...]] = ("value", "change", "percent_change")

    model: Literal["dose_response"] = Field(description="Effect per session or minute, and the curve within the arm.")
    dose: Dose = Field("sessions_attended", description="What was taken of the supervised sessions.")
    knots: Literal[3, 4, 5] = Field(3, description="Knots of the restricted cubic spline, at quantiles of the dose.")
    vcov: Literal["model", "HC3"] = Field(
        "HC3", description="Covariance of the coefficients: of one variance, or HC3, which allows unequal variances."
    )
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )

    @property
    def uses_doses(self) -> bool:
        """Whether its rows need what was taken of the sessions."""
        return True

    @field_validator("adjust")
    @classmethod
    def _no_arm(cls, terms: tuple[str, ...]) -> tuple[str, ...]:
        return without_arm(terms)
