"""Options of responders by a mixed model for repeated measures of the score itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from coxa.covariances import COVARIANCES
from coxa.study.analysis import AdjustedAnalysis
from coxa.study.models.mmrm import COUNTS_PARTICIPANTS
from coxa.study.models.repeated import CovarianceWord, check_kenward_roger
from coxa.study.parts import Name, OneOrMany
from coxa.study.words import Ddf, Measure, Summary


class ResponderMMRM(AdjustedAnalysis):
    """Responders of a score, from a mixed model for repeated measures of the score itself.

    The model says how likely each participant reaches the threshold in every arm, also where the outcome at the visit
    is missing; it takes the score as normal.
    """

    summaries: ClassVar[tuple[Summary, ...]] = ("risk_difference", "risk_ratio", "odds_ratio")
    measures: ClassVar[tuple[Measure, ...]] = ("responder",)
    over_visits: ClassVar[bool] = True

    model: Literal["responder_mmrm"] = Field(
        description="Responders by a model of the score itself, all visits together."
    )
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )
    covariance: OneOrMany[CovarianceWord] = Field(
        ("us",), description="A covariance structure, or a ladder of them tried in order; SAS words too."
    )
    ddf: Ddf = Field("satterthwaite", description="Degrees of freedom of the means behind the probabilities.")
    reml: bool = Field(True, description="Restricted maximum likelihood; `false` is full maximum likelihood.")
    subgroups: tuple[Name, ...] = Field((), description="Covariates in whose levels the arms are compared too.")
    covariates: Literal["drawn", "given"] = Field(
        "drawn", description="Whether other participants would have other covariates, or just these are meant."
    )
    interval: Literal["delta", "bootstrap"] = Field(
        "delta",
        description="Standard errors and limits: by the delta method; or by fitting the model anew to participants "
        "drawn within arms with replacement, percentiles as limits, which do not take probabilities as normal "
        "(subgroups: always delta).",
    )
    replicates: int = Field(1000, ge=100, le=100_000, description="Samples of the bootstrap.")
    seed: int = Field(1, ge=0, description="Seed of the bootstrap.")

    @model_validator(mode="after")
    def _inference_fits_the_likelihood(self) -> ResponderMMRM:
        check_kenward_roger(self.ddf, reml=self.reml)
        if self.ddf in COUNTS_PARTICIPANTS and self.ddf != "residual":
            raise ValueError(f"`ddf: {self.ddf}` has no rule for a probability; use `satterthwaite`")
        if spatial := [word for word in self.covariance if COVARIANCES[word].spatial]:
            raise ValueError(f"`{spatial[0]}` looks at the day of each assessment; use a structure of visits")
        if self.interval == "bootstrap":
            if self.margin is not None:
                raise ValueError("`margin` is tested with `interval: delta`, not with bootstrap; leave one of them out")
            if self.covariates == "given":
                raise ValueError(
                    "a bootstrap draws participants with their covariates; leave `covariates: given` out, or use "
                    "`interval: delta`"
                )
        elif {"replicates", "seed"} & self.model_fields_set:
            raise ValueError("`replicates` and `seed` belong to `interval: bootstrap`; leave them out")
        if "arm" in self.names_used():
            raise ValueError("the model has the effect of each arm at each visit; take `arm` out of `adjust`")
        return self

    def terms(self, visits: Sequence[str]) -> list[str]:
        """Return the effect of each arm at each visit, and every `adjust` term as written."""
        return ["arm * visit", *self.adjust] if len(visits) > 1 else AdjustedAnalysis.terms(self, visits)

    def fewest(self, coefficients: int, visits: int) -> int | None:
        """Return the participants that the coefficients of a visit and the first structure need."""
        return coefficients + (visits if COVARIANCES[self.covariance[0]].each_visit else 1)
