"""Options of a complier average causal effect in a plan."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, field_validator

from coxa.study.analysis import AdjustedAnalysis
from coxa.study.words import Measure, Summary


class CACE(AdjustedAnalysis):
    """The effect in those who receive the treatment where it is allocated, and not otherwise.

    Who received the treatment is defined once, by `compliance` of the plan.
    """

    summaries: ClassVar[tuple[Summary, ...]] = ("complier_average_effect",)
    measures: ClassVar[tuple[Measure, ...]] = ("value", "change", "percent_change", "responder")

    model: Literal["cace"] = Field(description="Allocation as the instrument of treatment received, at each visit.")
    vcov: Literal["model", "HC0", "HC1", "HC3"] = Field(
        "HC1", description="Covariance of the coefficients: of one variance, or one that allows unequal variances."
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


def without_arm(terms: tuple[str, ...]) -> tuple[str, ...]:
    """Return terms; raise ValueError for one with the arm, which the model has by itself."""
    if named := [term for term in terms if "arm" in term.replace("*", ":").replace(" ", "").split(":")]:
        raise ValueError(f"the model has the arm by itself; take {named[0]!r} out of `adjust`")
    return terms
