"""Options of a model of counts in a plan."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from coxa.study.analysis import AdjustedAnalysis
from coxa.study.models.clustered import ClusteredAnalysis
from coxa.study.parts import Name
from coxa.study.words import Averaging, Measure, Summary


class CountModel(ClusteredAnalysis, AdjustedAnalysis):
    """A log-linear regression of numbers of events at each visit, with their exposure."""

    summaries: ClassVar[tuple[Summary, ...]] = ("rate_ratio", "rate_difference")
    measures: ClassVar[tuple[Measure, ...]] = ("value", "count")

    model: Literal["counts"] = Field(description="A number of events at each visit, adjusted for covariates.")
    family: Literal[
        "negative_binomial", "quasi-poisson", "poisson", "zero_inflated_poisson", "zero_inflated_negative_binomial"
    ] = Field(
        "negative_binomial",
        description="How counts vary about their mean: mu + alpha mu^2, a multiple of mu, or mu as Poisson's. "
        "zero_inflated_...: the same of those who can have an event, and a share of the participants who cannot; rates "
        "and their ratio are of all.",
    )
    vcov: Literal["model", "HC0", "HC1", "HC2", "HC3"] = Field(
        "model", description="Of Poisson's: errors of the model, or a sandwich that does not rely on its variance."
    )
    information: Literal["observed", "expected"] = Field(
        "observed", description="Of negative binomial errors: observed, as SAS has it, or expected, as R's glm.nb."
    )
    averaging: Averaging = Field(
        "counterfactual",
        description="Adjusted rates: averaged over all participants (counterfactual), or at the mean of covariates.",
    )
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )
    subgroups: tuple[Name, ...] = Field((), description="Covariates in whose levels the arms are compared too.")

    @model_validator(mode="after")
    def _options_go_together(self) -> CountModel:
        if self.vcov != "model" and self.family != "poisson":
            raise ValueError(f"`vcov: {self.vcov}` belongs to `family: poisson`, not to {self.family}; leave it out")
        if self.cluster is not None and self.family not in ("poisson", "negative_binomial"):
            raise ValueError(
                f"`cluster` belongs to `family: poisson` or `negative_binomial`, not to {self.family}; leave it out"
            )
        if self.cluster is not None and (self.vcov != "model" or self.information != "observed"):
            raise ValueError("with `cluster` standard errors are over its levels; leave `vcov` and `information` out")
        if self.information != "observed" and self.family != "negative_binomial":
            raise ValueError("`information` belongs to `family: negative_binomial`; leave it out")
        return self
