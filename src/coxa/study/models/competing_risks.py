"""Options of an analysis with competing events in a plan."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from coxa.study.models.times import TimesAnalysis
from coxa.study.parts import Name, OneOrMany
from coxa.study.words import Summary


class CompetingRisks(TimesAnalysis):
    """Cumulative incidence of an event that others prevent, its subdistribution hazard and that of its cause."""

    summaries: ClassVar[tuple[Summary, ...]] = ("subdistribution_hazard_ratio", "risk_difference")

    model: Literal["competing_risks"] = Field(description="The events under `competing` prevent the one analysed.")
    variance: Literal["fine-gray", "sandwich"] = Field(
        "fine-gray",
        description="Of the subdistribution hazard ratio: with what is due to the estimated censoring, or without.",
    )
    strata: OneOrMany[Name] = Field(
        (),
        description="Covariates within whose levels Gray's test compares; each level has a baseline of both hazards, "
        "and a distribution of censoring.",
    )
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )
