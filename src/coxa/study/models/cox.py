"""Options of Cox's model in a plan."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from coxa.study.models.clustered import ClusteredAnalysis
from coxa.study.models.times import TimesAnalysis
from coxa.study.parts import Name, OneOrMany
from coxa.study.words import Summary


class Cox(ClusteredAnalysis, TimesAnalysis):
    """Cox's model of proportional hazards: the time to an event, up to each visit of the estimand."""

    summaries: ClassVar[tuple[Summary, ...]] = ("hazard_ratio",)

    model: Literal["cox"] = Field(description="Proportional hazards up to each visit.")
    ties: Literal["efron", "breslow"] = Field("efron", description="How events on the same day are handled.")
    strata: OneOrMany[Name] = Field(
        (), description="Covariates whose levels have a baseline hazard each, such as those of a stratified list."
    )
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )
