"""Options of a mixed model for repeated measures in a plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from coxa.study.models.repeated import RepeatedMeasures, check_inference
from coxa.study.parts import Name
from coxa.study.random_effects import RandomEffect, RandomEffects, check_random
from coxa.study.words import FewClusters


class MMRM(RepeatedMeasures):
    """A mixed model for repeated measures: all visits together; an analysis of covariance where there is one visit."""

    model: Literal["mmrm"] = Field(description="All visits together.")
    random: RandomEffects = Field(
        default_factory=dict,
        description="Random effects of factors above the participants, factor: options; for example "
        "`{therapist_id: {only_in: [exercise, manual_therapy], by_arm: true}, site_id: {}}`. They stand beside the "
        "covariance over the visits of a participant. With them `vcov` is that of the model, and `ddf` "
        "is kenward-roger-linear, kenward-roger or satterthwaite; with a factor of fewer than ten levels intervals "
        "hold only with one of the first two.",
    )
    few_clusters: FewClusters = Field(
        "refuse",
        description="A primary analysis with random effects is refused where a comparison that its estimand names "
        "has fewer than 4 degrees of freedom, by the model or by the number of levels (those of each arm less one, "
        "added up): with so few therapists or clinics neither interval nor p-value can be relied on. `accept` lets it "
        "stand, and says so beside every such number. Other roles always carry the warning.",
    )
    group: Name | None = Field(
        None, description="Factor whose levels have a covariance each, with the same structure; for example `arm`."
    )
    weights: Name | None = Field(
        None, description="Covariate, a number above 0, by which the variance of a row is divided."
    )
    subgroups: tuple[Name, ...] = Field((), description="Covariates in whose levels the arms are compared too.")
    standardised_effect: bool = Field(
        False,
        description="Also give Hedges g of each difference, by the standard deviation and error of the model; not with "
        "`random`.",
    )

    @model_validator(mode="after")
    def _inference_fits_the_likelihood(self) -> MMRM:
        check_random(self)
        check_inference(self)
        return self

    @property
    def factors(self) -> Mapping[str, RandomEffect]:
        """The factors of `random`."""
        return self.random
