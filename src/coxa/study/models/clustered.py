"""What models with standard errors over clusters have in common in a plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field, model_validator

from coxa.study.analysis import Analysis, RandomEffect
from coxa.study.parts import Name
from coxa.study.words import FewClusters


class ClusteredAnalysis(Analysis):
    """A model whose coefficients are of all participants, with standard errors over what lies above them."""

    factor_key: ClassVar[str] = "cluster"

    cluster: Name | None = Field(
        None,
        description="What lies above the participants and makes them alike, such as `site_id`: standard errors are "
        "over its levels, corrected for few of them. Without it participants are independent.",
    )
    few_clusters: FewClusters = Field(
        "refuse",
        description="A primary analysis with `cluster` is refused where a comparison that its estimand names has fewer "
        "than 4 degrees of freedom, by the model or by the number of levels; `accept` keeps it, with a warning.",
    )

    @model_validator(mode="after")
    def _cluster_is_above(self) -> ClusteredAnalysis:
        if self.cluster is None and self.few_clusters != "refuse":
            raise ValueError("`few_clusters` is about `cluster`, and this analysis has none; remove it")
        for key, names in (("adjust", self.names_used()), ("strata", self.option("strata", ()))):
            if self.cluster in names:
                raise ValueError(f"'{self.cluster}' is the cluster and also in `{key}`; keep one of the two")
        return self

    @property
    def factors(self) -> Mapping[str, RandomEffect]:
        """The cluster above the participants; its levels are a sample, as those of a random effect."""
        return {} if self.cluster is None else {self.cluster: RandomEffect()}

    def random_terms(self) -> list[str]:
        """Return none: only the standard errors know the clusters."""
        return []
