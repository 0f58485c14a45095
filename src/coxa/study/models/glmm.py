"""Options of a generalised linear mixed model of a yes-or-no outcome or a count in a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from coxa.study.analysis import AdjustedAnalysis, RandomEffect, RandomEffects
from coxa.study.parts import Name
from coxa.study.words import FewClusters, Measure, Summary


class GLMM(AdjustedAnalysis):
    """A generalised linear mixed model: all visits together, with a random intercept of each participant.

    With `random` the intercept is of a factor above the participants, such as `site_id`, and the model has one visit.
    """

    summaries: ClassVar[tuple[Summary, ...]] = (
        "risk_difference",
        "risk_ratio",
        "odds_ratio",
        "conditional_odds_ratio",
        "rate_ratio",
        "rate_difference",
    )
    measures: ClassVar[tuple[Measure, ...]] = ("value", "responder")
    over_visits: ClassVar[bool] = True

    model: Literal["glmm"] = Field(description="All visits together, with a random intercept.")
    random: RandomEffects = Field(
        default_factory=dict,
        description="One factor above the participants in place of the participants, where the model has one visit; "
        "for example `{site_id: {}}`.",
    )
    few_clusters: FewClusters = Field(
        "refuse",
        description="A primary analysis with `random` is refused where a comparison that its estimand names has fewer "
        "than 4 degrees of freedom by the number of levels; `accept` keeps it, with a warning.",
    )
    subgroups: tuple[Name, ...] = Field((), description="Covariates in whose levels the arms are compared too.")
    family: Literal["poisson", "negative_binomial"] | None = Field(
        None, description="Family of a count: negative_binomial unless given. A yes or no is binomial."
    )
    quadrature: int = Field(
        25, ge=1, le=100, description="Nodes of adaptive Gauss-Hermite quadrature; 1 is Laplace's approximation."
    )
    ddf: Literal["normal", "between-within"] = Field(
        "between-within", description="Degrees of freedom: z tests, or counted between and within participants."
    )

    @model_validator(mode="after")
    def _one_random_intercept(self) -> GLMM:
        if len(self.random) > 1 or any(options.only_in or options.by_arm for options in self.random.values()):
            raise ValueError(
                "a glmm has one random intercept, of every arm; write one factor, such as `random: {site_id: {}}`"
            )
        if not self.random and self.few_clusters != "refuse":
            raise ValueError("`few_clusters` is about `random`, and this analysis has none; remove it")
        for factor in self.random:
            if factor in (*self.names_used(), *self.subgroups):
                raise ValueError(f"'{factor}' is a random effect and a fixed one; keep one of the two")
        return self

    @property
    def factors(self) -> Mapping[str, RandomEffect]:
        """The factor of `random`, if there is one."""
        return self.random

    @property
    def cluster(self) -> str:
        """The column of what has a random intercept."""
        return next(iter(self.random), "participant_id")

    def terms(self, visits: Sequence[str]) -> list[str]:
        """Return the effect of each arm at each visit, and every `adjust` term as written."""
        return ["arm * visit", *self.adjust] if len(visits) > 1 else AdjustedAnalysis.terms(self, visits)

    def random_terms(self) -> list[str]:
        """Return the random intercept."""
        return [f"(1 | {self.cluster})"]

    def visits_problem(self, visits: int) -> str | None:
        """Return why the number of visits does not go with what has the random intercept."""
        if not self.random and visits < 2:
            return (
                "a random intercept of each participant needs 2 visits, and the model has 1; Use `model: proportions`, "
                "or a random intercept of a factor above the participants, such as `random: {site_id: {}}`."
            )
        if self.random and visits > 1:
            return (
                f"with a random intercept of {self.cluster} alone, the {visits} visits of a participant would be taken "
                "for independent; Write the visit of the estimand in `visits`, or leave `random` out."
            )
        return None

    def fewest(self, coefficients: int, visits: int) -> int | None:
        """Return the participants that the coefficients and the variance of the intercept need."""
        return coefficients + 1
