"""Options of a comparison of all pairs of participants in a plan."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from coxa.study.analysis import Analysis
from coxa.study.parts import Name
from coxa.study.words import Measure, Summary


class MannWhitney(Analysis):
    """The probability that a participant of an arm has the better value than one of another, without a model."""

    summaries: ClassVar[tuple[Summary, ...]] = ("win_probability", "win_odds")
    measures: ClassVar[tuple[Measure, ...]] = ("value", "change", "percent_change")

    model: Literal["mann_whitney"] = Field(description="All pairs of participants at each visit, without a model.")
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )
    limits: Literal["brunner_munzel", "delong"] = Field(
        "brunner_munzel",
        description="Limits and test, which agree: of the t distribution with Satterthwaite's degrees of freedom "
        "(Brunner and Munzel), or normal on the logit scale (DeLong). Both have the same estimate and standard error.",
    )
    subgroups: tuple[Name, ...] = Field((), description="Covariates in whose levels the arms are compared too.")
