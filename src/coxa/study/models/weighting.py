"""Options of comparisons without randomisation in a plan: by weights, by models of the outcome, or by both."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from coxa.study.analysis import Analysis
from coxa.study.words import Measure, Summary


class WithoutRandomisation(Analysis):
    """A comparison of groups that are made comparable by the confounders of `target_trial:`."""

    summaries: ClassVar[tuple[Summary, ...]] = (
        "difference_in_means",
        "risk_difference",
        "risk_ratio",
        "odds_ratio",
        "rate_ratio",
        "rate_difference",
    )
    measures: ClassVar[tuple[Measure, ...]] = ("value", "change", "responder", "event", "count")

    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )
    missing_outcome: Literal["weighted", "complete"] = Field(
        "weighted",
        description="weighted: those with an outcome also count for those like them without one, by the inverse "
        "probability of having one given group and confounders. complete: those with an outcome as they are.",
    )


class BalancedByWeights(WithoutRandomisation):
    """Options of the weights."""

    method: Literal["propensity", "entropy"] = Field(
        "propensity",
        description="propensity: a logistic regression of the group on the confounders. entropy: weights that make "
        "the means of the confounders exactly equal; of the ATT only.",
    )
    stabilised: bool = Field(False, description="Multiply weights by the share of the group.")
    truncate: float | None = Field(
        None,
        gt=0.5,
        lt=1,
        description="Quantile at which weights are cut, for example 0.99; they are not unless given.",
    )

    @model_validator(mode="after")
    def _entropy_is_not_cut(self) -> BalancedByWeights:
        if self.method == "entropy" and (self.truncate is not None or self.stabilised):
            raise ValueError("entropy balancing has no `truncate` or `stabilised`; remove them, or use propensity")
        return self


class Weighting(BalancedByWeights):
    """Weighted means, risks or times of two groups."""

    summaries: ClassVar[tuple[Summary, ...]] = (
        *WithoutRandomisation.summaries,
        "hazard_ratio",
        "difference_in_restricted_means",
    )
    measures: ClassVar[tuple[Measure, ...]] = (*WithoutRandomisation.measures, "time")

    model: Literal["weighting"] = Field(description="Groups made comparable by weights; no model of the outcome.")
