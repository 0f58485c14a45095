"""Options of estimating equations of a yes-or-no outcome or a count in a plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from coxa.study.analysis import AdjustedAnalysis
from coxa.study.models.clustered import ClusteredAnalysis
from coxa.study.parts import Name
from coxa.study.words import Measure, Summary


class GEE(ClusteredAnalysis, AdjustedAnalysis):
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
        if self.cluster is not None and self.working in ("ar1", "unstructured"):
            raise ValueError(
                f"`working: {self.working}` is over the visits of a participant, and `cluster: {self.cluster}` "
                "has levels with many participants at a visit; use exchangeable or independence"
            )
        return self

    def terms(self, visits: Sequence[str]) -> list[str]:
        """Return the effect of each arm at each visit, and every `adjust` term as written."""
        return ["arm * visit", *self.adjust] if len(visits) > 1 else AdjustedAnalysis.terms(self, visits)
