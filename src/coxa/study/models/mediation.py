"""Options of a mediation analysis in a plan."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from coxa.study.analysis import AdjustedAnalysis
from coxa.study.models.cace import without_arm
from coxa.study.parts import Name, Part
from coxa.study.words import Dose, Measure, Summary


class Mediator(Part):
    """What an effect may run through: an outcome at a visit before that of the endpoint, or the dose taken."""

    outcome: Name | None = Field(None, description="One of the outcomes ...")
    visit: Name | None = Field(None, description="... at a visit before that of the endpoint.")
    dose: Dose | None = Field(None, description="In place of them: what was taken of the supervised sessions.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Mediator:
        if (self.dose is None) == (self.outcome is None) or (self.outcome is None) != (self.visit is None):
            raise ValueError("a mediator is an `outcome` at a `visit`, or a `dose`; give one of them")
        return self


class Mediation(AdjustedAnalysis):
    """Natural direct and indirect effects of an arm through one mediator, at each visit of the estimand."""

    summaries: ClassVar[tuple[Summary, ...]] = ("natural_indirect_effect",)
    measures: ClassVar[tuple[Measure, ...]] = ("value", "change", "percent_change", "responder")

    model: Literal["mediation"] = Field(description="How much of an effect runs through a mediator.")
    mediator: Mediator = Field(description="What the effect may run through.")
    interaction: bool = Field(
        False, description="Whether the mediator may act on the outcome differently in the two arms."
    )
    mediator_baseline: bool = Field(
        True, description="Whether both models adjust for the mediator at baseline, where it is an outcome."
    )
    interval: Literal["delta", "product", "bootstrap"] = Field(
        "delta",
        description="Limits: normal, of a product of two normal variables (of a mean, without an interaction), or "
        "percentiles of bootstrap samples.",
    )
    replicates: int = Field(1000, ge=200, description="Bootstrap samples.")
    seed: int = Field(1, ge=0, description="Of the bootstrap.")
    link: Literal["logit", "probit"] = Field("logit", description="Of a yes or no.")
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )

    @property
    def uses_doses(self) -> bool:
        """Whether its rows need what was taken of the sessions."""
        return self.mediator.dose is not None

    @property
    def earlier(self) -> tuple[tuple[str, str], ...]:
        """Outcome and visit of the mediator, where it is one."""
        given = self.mediator
        return ((given.outcome, given.visit),) if given.outcome and given.visit else ()

    @field_validator("adjust")
    @classmethod
    def _no_arm(cls, terms: tuple[str, ...]) -> tuple[str, ...]:
        return without_arm(terms)

    @model_validator(mode="after")
    def _product_is_of_a_product(self) -> Mediation:
        if self.interval == "product" and self.interaction:
            raise ValueError("`interval: product` is for a model without an interaction; use delta or bootstrap")
        return self
