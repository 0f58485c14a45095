"""Options of estimating equations of clusters in periods in a plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from coxa.study.models.cluster_periods import RESERVED
from coxa.study.models.gee import GEE
from coxa.study.parts import Name


class ClusterPeriodGEE(GEE):
    """A marginal model of a yes or no, or a count, of treatment and period, with standard errors over clusters.

    The standard errors are over the clusters, with a correction for few of them, and hold however alike the
    participants of a cluster are.
    """

    of_periods: ClassVar[bool] = True
    of_clusters: ClassVar[bool] = True

    model: Literal["cluster_periods_gee"] = Field(  # type: ignore[assignment]
        description="A yes or no, or a count, of treatments that clusters receive one after the other."
    )
    cluster: Name = Field("site_id", description="The clusters that cross over, as in `periods`.")
    working: Literal["independence", "exchangeable"] = Field(
        "exchangeable", description="Correlation within a cluster that estimation works with."
    )
    ddf: Literal["residual", "satterthwaite", "fay-graubard", "normal"] = Field(
        "satterthwaite",
        description="Degrees of freedom: Satterthwaite, Fay and Graubard, clusters less coefficients, or the normal "
        "distribution.",
    )

    @model_validator(mode="after")
    def _no_name_twice(self) -> ClusterPeriodGEE:
        for name in RESERVED:
            if name in (*self.names_used(), *self.subgroups):
                raise ValueError(f"'{name}' is in the model already; take it out.")
        return self

    def terms(self, visits: Sequence[str]) -> list[str]:
        """Return the treatment, the period, and what is adjusted for."""
        return ["arm", "period", *self.adjust]
