"""Options of the mixed model of clusters in periods in a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from coxa.study.analysis import MeansAnalysis, RandomEffect
from coxa.study.models.repeated import check_kenward_roger
from coxa.study.parts import Name
from coxa.study.words import FewClusters, Measure

CLUSTER_PERIOD = "cluster_period"
"""Column of a row's cluster and period together."""

EXPOSURE_TIME = "exposure_time"
"""Column of the number of periods that a row's cluster has had the treatment, with this one; 0 before."""

RESERVED = ("arm", "visit", "period", "sequence", "carried", CLUSTER_PERIOD, EXPOSURE_TIME)
"""Columns that are in the model already, or are no covariates."""


DECAYING = ("decay", "decays", "discrete_time_decay", "exponential_decay", "exponential", "ar1", "autoregressive")
"""Words for correlations over periods that fall with their distance."""


class ClusterPeriodModel(MeansAnalysis):
    """A linear mixed model of treatment and period, with random effects of clusters and of clusters in periods.

    The period is a factor: what changes with time in all clusters is not taken for an effect of the treatment
    (Hussey & Hughes 2007). With `correlation: nested` participants of one cluster are more alike in one period than
    in two (Hooper and others 2016).
    """

    over_visits: ClassVar[bool] = True
    measures: ClassVar[tuple[Measure, ...]] = ("value", "change")
    of_periods: ClassVar[bool] = True
    of_clusters: ClassVar[bool] = True

    model: Literal["cluster_periods"] = Field(description="Treatments that clusters receive one after the other.")
    cluster: Name = Field("site_id", description="The clusters that cross over, as in `periods`.")
    correlation: Literal["nested", "exchangeable"] = Field(
        "nested",
        description="nested: an effect of each cluster, and one of each cluster in each period; exchangeable: of each "
        "cluster alone, which takes a cluster to be the same in all periods.",
    )
    effect: Literal["immediate", "by_exposure_time"] = Field(
        "immediate",
        description="immediate: the treatment has its whole effect at once and keeps it; by_exposure_time: an effect "
        "for each number of periods since the cluster crossed, of which the average is reported. Where the effect "
        "grows with time the first is biased, and can have the wrong sign.",
    )
    permutation: bool = Field(
        True, description="Add a test by permuting the clusters among the sequences, which rests on no model of them."
    )
    few_clusters: FewClusters = Field(
        "refuse",
        description="A primary comparison with fewer than 4 degrees of freedom is refused; `accept` keeps it, with a "
        "warning.",
    )
    ddf: Literal["satterthwaite", "kenward-roger"] = Field("kenward-roger", description="Degrees of freedom.")
    reml: bool = Field(True, description="Restricted maximum likelihood; `false` is full maximum likelihood.")

    @field_validator("correlation", mode="before")
    @classmethod
    def _no_decay(cls, given: object) -> object:
        """Refuse a correlation that falls with the distance of periods, with what to do instead."""
        if str(given).lower().replace("-", "_") in DECAYING:
            raise ValueError(
                f"`correlation: {given}`, which falls with the distance of periods, has no model here: effects of a "
                "cluster in its periods would correlate, and those of the mixed model are independent; write `nested`, "
                "and keep `permutation: true`, whose test holds with any correlation over the periods"
            )
        return given

    @model_validator(mode="after")
    def _options_agree(self) -> ClusterPeriodModel:
        check_kenward_roger(self.ddf, reml=self.reml)
        for name in (*RESERVED, self.cluster):
            if name in self.names_used():
                raise ValueError(f"'{name}' is in the model already; Take it out of `adjust`.")
        if self.effect == "by_exposure_time" and self.margin is not None:
            raise ValueError("a margin is of an immediate effect; remove `margin`, or write `effect: immediate`")
        if self.multiplicity in ("dunnett", "tukey"):
            raise ValueError("treatments in periods have no simultaneous limits; use holm, hochberg or bonferroni")
        return self

    @property
    def factors(self) -> Mapping[str, RandomEffect]:
        """The clusters."""
        return {self.cluster: RandomEffect()}

    def terms(self, visits: Sequence[str]) -> list[str]:
        """Return the treatment, or the time since it began, the period, and what is adjusted for."""
        first = EXPOSURE_TIME if self.effect == "by_exposure_time" else "arm"
        return [first, "period", *self.adjust]

    def random_terms(self) -> list[str]:
        """Return the effects of clusters, of clusters in periods, and of participants who are seen in each."""
        nested = [f"(1 | {CLUSTER_PERIOD})"] if self.correlation == "nested" else []
        return [f"(1 | {self.cluster})", *nested]

    def fewest(self, coefficients: int, visits: int) -> int | None:
        """Return the participants that the coefficients and the variances need."""
        return coefficients + 2
