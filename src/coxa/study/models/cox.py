"""Options of Cox's model in a plan."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

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
    split_at: OneOrMany[int] = Field(
        (),
        description="Days after which the hazard ratio of the arms may be another, such as `[91]`: the report also has "
        "the ratio in each part of follow-up, and the test that they are alike.",
    )
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )

    @model_validator(mode="after")
    def _parts_follow_each_other(self) -> Cox:
        if any(later <= earlier for earlier, later in zip((0, *self.split_at), self.split_at, strict=False)):
            raise ValueError(
                f"`split_at` is {list(self.split_at)}; write days after randomisation, above 0 and in ascending order"
            )
        if self.split_at and "arm" in self.names_used():
            raise ValueError("`split_at` and an interaction of the arm in `adjust` do not go together; take one out")
        return self
