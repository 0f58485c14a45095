"""Options of a mixed model for repeated measures in a plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from coxa.study.analysis import RandomEffect, RandomEffects
from coxa.study.models.modifiers import Modified
from coxa.study.models.repeated import RepeatedMeasures, check_inference
from coxa.study.parts import Name
from coxa.study.words import FewClusters

COUNTS_PARTICIPANTS = ("between-within", "residual")
"""Degrees of freedom that take participants, or rows, for independent."""


class MMRM(Modified, RepeatedMeasures):
    """A mixed model for repeated measures: all visits together; an analysis of covariance where there is one visit."""

    model: Literal["mmrm"] = Field(description="All visits together.")
    random: RandomEffects = Field(
        default_factory=dict,
        description="Random effects of factors above the participants, factor: options; for example "
        "`{therapist_id: {only_in: [exercise, manual_therapy], by_arm: true}, site_id: {}}`. They are added to "
        "the covariance over the visits of a participant. With them `vcov` is that of the model, and `ddf` "
        "is kenward-roger-linear, kenward-roger or satterthwaite; with a factor of fewer than ten levels intervals "
        "hold only with one of the first two.",
    )
    few_clusters: FewClusters = Field(
        "refuse",
        description="A primary analysis with random effects is refused where a comparison that its estimand names "
        "has fewer than 4 degrees of freedom, by the model or by the number of levels (those of each arm less one, "
        "added up): with so few therapists or clinics neither interval nor p-value can be relied on. `accept` "
        "keeps it, with a warning at every such number. Other roles always carry the warning.",
    )
    group: Name | None = Field(
        None, description="Factor whose levels have a covariance each, with the same structure; for example `arm`."
    )
    weights: Name | None = Field(
        None, description="Covariate, a number above 0, by which the variance of a row is divided."
    )
    standardised_effect: bool = Field(
        False,
        description="Also give Hedges g of each difference, by the standard deviation and error of the model; not with "
        "`random`.",
    )

    @model_validator(mode="after")
    def _inference_fits_the_likelihood(self) -> MMRM:
        _check_random(self)
        check_inference(self)
        return self

    @property
    def factors(self) -> Mapping[str, RandomEffect]:
        """The factors of `random`."""
        return self.random


def _check_random(analysis: MMRM) -> None:
    """Raise ValueError where other keys of an analysis do not go with its random effects."""
    if not analysis.random:
        if analysis.few_clusters != "refuse":
            raise ValueError("`few_clusters` is about random effects, and this analysis has none; remove it")
        return
    if analysis.vcov != "model":
        raise ValueError(
            f"{analysis.vcov} is a sandwich over participants, who are not independent within the levels "
            "of a random effect; use `vcov: model`"
        )
    if analysis.standardised_effect:
        raise ValueError(
            "the interval of Hedges g takes participants for independent, which they are not within the levels of a "
            "random effect; remove `standardised_effect`"
        )
    if analysis.ddf in COUNTS_PARTICIPANTS:
        raise ValueError(
            f"`ddf: {analysis.ddf}` takes participants for independent, and has no rule for random effects; use "
            "`kenward-roger-linear`, `kenward-roger` or `satterthwaite`"
        )
    fixed = {**dict.fromkeys(analysis.names_used(), "adjust"), **dict.fromkeys(analysis.subgroups, "subgroups")}
    for factor in analysis.random:
        if factor in fixed:
            raise ValueError(
                f"'{factor}' is a random effect and also in `{fixed[factor]}`, which leaves nothing between its "
                "levels; keep `adjust` for a few levels that are of interest themselves, `random` for levels that "
                "stand for others"
            )
