"""Options of Cox's model in a plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from coxa.study.analysis import RandomEffect
from coxa.study.models.times import TimesAnalysis
from coxa.study.parts import Name, OneOrMany
from coxa.study.words import FewClusters, Summary


class Cox(TimesAnalysis):
    """Cox's model of proportional hazards: the time to an event, up to each visit of the estimand."""

    summaries: ClassVar[tuple[Summary, ...]] = ("hazard_ratio",)

    model: Literal["cox"] = Field(description="Proportional hazards up to each visit.")
    ties: Literal["efron", "breslow"] = Field("efron", description="How events on the same day are handled.")
    strata: OneOrMany[Name] = Field(
        (), description="Covariates whose levels have a baseline hazard each, such as those of a stratified list."
    )
    cluster: Name | None = Field(
        None,
        description="What lies above the participants and makes them alike, such as `site_id`: standard errors are "
        "robust over its levels (Lin and Wei), corrected for few of them by the leverage of each (Mancl and DeRouen).",
    )
    few_clusters: FewClusters = Field(
        "refuse",
        description="A primary analysis with `cluster` is refused where a comparison that its estimand names has fewer "
        "than 4 degrees of freedom, by the model or by the number of levels; `accept` keeps it, with a warning.",
    )
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )

    @model_validator(mode="after")
    def _cluster_is_above(self) -> Cox:
        if self.cluster is None and self.few_clusters != "refuse":
            raise ValueError("`few_clusters` is about `cluster`, and this analysis has none; remove it")
        if self.cluster in self.names_used():
            raise ValueError(f"'{self.cluster}' is the cluster and also in `adjust`; keep one of the two")
        if self.cluster in self.strata:
            raise ValueError(f"'{self.cluster}' is the cluster and also in `strata`; keep one of the two")
        return self

    @property
    def factors(self) -> Mapping[str, RandomEffect]:
        """The cluster above the participants; its levels are a sample, as those of a random effect."""
        return {} if self.cluster is None else {self.cluster: RandomEffect()}

    def random_terms(self) -> list[str]:
        """Return none: hazards are of all participants, and only their standard errors know the clusters."""
        return []
