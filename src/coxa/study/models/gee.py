"""Options of estimating equations of a yes-or-no outcome or a count in a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from coxa.study.analysis import AdjustedAnalysis, RandomEffect
from coxa.study.parts import Name
from coxa.study.words import FewClusters, Measure, Summary


class GEE(AdjustedAnalysis):
    """A marginal model of a yes-or-no outcome or a count by estimating equations: all visits, or clusters.

    Its effects are of the proportions or rates of all participants, not of one of them.
    """

    summaries: ClassVar[tuple[Summary, ...]] = (
        "risk_difference",
        "risk_ratio",
        "odds_ratio",
        "rate_ratio",
        "rate_difference",
    )
    measures: ClassVar[tuple[Measure, ...]] = ("responder", "value", "event", "count")
    over_visits: ClassVar[bool] = True

    model: Literal["gee"] = Field(description="A yes or no, or a count, at all visits together.")
    cluster: Name | None = Field(
        None,
        description="What lies above the participants and makes them alike, such as `site_id`: standard errors are "
        "over its levels. The participant unless given.",
    )
    few_clusters: FewClusters = Field(
        "refuse",
        description="A primary analysis with `cluster` is refused where a comparison that its estimand names has fewer "
        "than 4 degrees of freedom, by the model or by the number of levels; `accept` keeps it, with a warning.",
    )
    working: Literal["independence", "exchangeable", "ar1", "unstructured"] = Field(
        "exchangeable", description="Correlation within a cluster that estimation works with."
    )
    alpha: Literal["geepack", "sas"] = Field(
        "geepack", description="Estimator of that correlation: as in R's geepack, or as in SAS PROC GEE."
    )
    vcov: Literal["LZ", "KC", "MD", "FG"] = Field(
        "KC",
        description="Sandwich over clusters: Liang-Zeger (SAS, geepack), or with the correction for few clusters of "
        "Kauermann-Carroll, Mancl-DeRouen or Fay-Graubard.",
    )
    ddf: Literal["residual", "satterthwaite", "fay-graubard", "normal"] = Field(
        "residual",
        description="Degrees of freedom: clusters less coefficients, Satterthwaite, Fay and Graubard, or the normal "
        "distribution (SAS, geepack).",
    )
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )
    subgroups: tuple[Name, ...] = Field((), description="Covariates in whose levels the arms are compared too.")

    @model_validator(mode="after")
    def _order_is_of_visits(self) -> GEE:
        if self.cluster is None and self.few_clusters != "refuse":
            raise ValueError("`few_clusters` is about `cluster`, and this analysis has none; remove it")
        if self.cluster is not None and self.working in ("ar1", "unstructured"):
            raise ValueError(
                f"`working: {self.working}` is over the visits of a participant, and `cluster: {self.cluster}` "
                "has levels with many participants at a visit; use exchangeable or independence"
            )
        if self.cluster in self.names_used():
            raise ValueError(f"'{self.cluster}' is the cluster and also in `adjust`; keep one of the two")
        return self

    @property
    def factors(self) -> Mapping[str, RandomEffect]:
        """The cluster above the participants; its levels are a sample, as those of a random effect."""
        return {} if self.cluster is None else {self.cluster: RandomEffect()}

    def terms(self, visits: Sequence[str]) -> list[str]:
        """Return the effect of each arm at each visit, and every `adjust` term as written."""
        return ["arm * visit", *self.adjust] if len(visits) > 1 else AdjustedAnalysis.terms(self, visits)

    def random_terms(self) -> list[str]:
        """Return none: what is alike is in the working correlation."""
        return []
