"""Options of comparisons without randomisation in a plan: what all kinds have, and those by weights."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from coxa.study.analysis import Analysis
from coxa.study.parts import Name, Part
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
        "difference_in_restricted_means",
    )
    measures: ClassVar[tuple[Measure, ...]] = ("value", "change", "responder", "event", "count", "time")
    within: ClassVar[str] = "given group and confounders"
    """Within what it is taken not to matter who is missing, without weights for them."""
    in_pairs: ClassVar[bool] = False

    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )
    subgroups: tuple[Name, ...] = Field(
        (),
        description="Covariates in whose levels the groups are compared too; groups are made comparable anew within "
        "each level.",
    )


class BySolvedEquations(WithoutRandomisation):
    """Options of comparisons whose errors take account of weights and models."""

    standard_error: Literal["stacked", "bootstrap"] = Field(
        "stacked",
        description="stacked: by equations of weights, models and means that are solved together. bootstrap: by "
        "samples of participants, in each of which all of them are found anew; a second way to the same error.",
    )
    replicates: int = Field(1000, ge=100, le=100_000, description="Samples of the bootstrap.")
    seed: int = Field(1, ge=0, description="Seed of the bootstrap.")
    groups: Literal["together", "apart"] = Field(
        "together",
        description="Of an estimand that compares several groups with another. together: one multinomial propensity "
        "score (or entropy balancing to one population), one target population for all groups, and differences of "
        "every two and a joint test from one set of equations. apart: each group with the comparator, in the "
        "participants of both.",
    )


class OneVisit(BySolvedEquations):
    """Options of comparisons of one visit, whose outcomes may be missing."""

    missing_outcome: Literal["weighted", "complete"] = Field(
        "weighted",
        description="weighted: those with an outcome also count for those like them without one, by the inverse "
        "probability of having one given group and confounders. complete: those with an outcome as they are. Not of "
        "times, which are censored.",
    )


class WeightsOfGroups(Part):
    """Options of the weights."""

    method: Literal["propensity", "entropy"] = Field(
        "propensity",
        description="propensity: a logistic regression of the group on the confounders. entropy: weights that make "
        "the means of the confounders exactly equal; of the ATT, and of several groups together of the ATE too.",
    )
    stabilised: bool = Field(False, description="Multiply weights by the share of the group.")
    truncate: float | None = Field(
        None,
        gt=0.5,
        lt=1,
        description="Quantile at which weights are cut, for example 0.99; they are not unless given.",
    )

    @model_validator(mode="after")
    def _entropy_is_not_cut(self) -> WeightsOfGroups:
        if self.method == "entropy" and (self.truncate is not None or self.stabilised):
            raise ValueError("entropy balancing has no `truncate` or `stabilised`; remove them, or use propensity")
        return self


class BalancedByWeights(WeightsOfGroups, OneVisit):
    """A comparison by weights."""


class Weighting(BalancedByWeights):
    """Weighted means, risks or times of two groups."""

    summaries: ClassVar[tuple[Summary, ...]] = (*WithoutRandomisation.summaries, "hazard_ratio")
    within: ClassVar[str] = "within the weighted groups"

    model: Literal["weighting"] = Field(description="Groups made comparable by weights; no model of the outcome.")
