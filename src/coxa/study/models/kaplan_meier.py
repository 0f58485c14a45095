"""Options of a comparison of curves of times to an event in a plan."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from coxa.study.analysis import Analysis
from coxa.study.parts import Name, OneOrMany
from coxa.study.words import Measure, Summary


class KaplanMeier(Analysis):
    """Curves of Kaplan and Meier: shares with the event at each visit, and restricted mean times up to it."""

    summaries: ClassVar[tuple[Summary, ...]] = ("risk_difference", "difference_in_restricted_means")
    measures: ClassVar[tuple[Measure, ...]] = ("time",)

    model: Literal["kaplan_meier"] = Field(description="Curves up to each visit, without a model.")
    strata: OneOrMany[Name] = Field((), description="Covariates within whose levels the log-rank test compares.")
    adjusted_test: OneOrMany[Name] = Field(
        (),
        description="Of a trial: covariates that a second log-rank test of each comparison is adjusted for, with the "
        "hazard ratio that belongs to it (Ye, Shao and Yi). It keeps its size where they tell nothing.",
    )
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )
