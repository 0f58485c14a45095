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
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )
