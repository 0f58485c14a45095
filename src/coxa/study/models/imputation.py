"""Options of an analysis with missing outcomes imputed under a strategy, in a plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from coxa.covariances import COVARIANCES
from coxa.study.analysis import AdjustedAnalysis, Margin
from coxa.study.models.repeated import CovarianceWord
from coxa.study.parts import Name, OneOrMany, Part

MissingStrategy = Literal["mar", "j2r", "cr", "cir", "lmcf"]
"""What is assumed of outcomes after an event; described in `coxa.impute.strategies`."""


class Deltas(Part):
    """What is added to imputed outcomes, or what they are multiplied by."""

    add: dict[Name, float] = Field(
        default_factory=dict, description="Arm: what is added to its imputed outcomes, in units of the endpoint."
    )
    multiply: dict[Name, float] = Field(
        default_factory=dict, description="Arm: what its imputed outcomes are multiplied by."
    )
    visits: dict[Name, float] = Field(
        default_factory=dict, description="Visit: share of the delta there; 1 unless given."
    )
    since_event: tuple[float, ...] = Field(
        (),
        description="Shares of the delta at the first, second ... visit after the event; the last one counts for all "
        "later visits.",
    )
    of: Literal["missing", "after_event"] = Field(
        "missing", description="Whether all that is imputed gets a delta, or what is imputed after an event only."
    )


class Imputation(AdjustedAnalysis):
    """Missing outcomes imputed under a strategy, and an analysis of covariance of all participants at each visit.

    Outcomes are imputed from a mixed model for repeated measures. An event is an intercurrent event that the estimand
    handles as hypothetical, whose later outcomes are set to missing, or the last visit with an outcome. Gaps before it
    are missing at random.
    """

    over_visits: ClassVar[bool] = True

    model: Literal["imputation"] = Field(description="Missing outcomes imputed; all participants at each visit.")
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )
    strategy: MissingStrategy = Field(
        "mar",
        description="What is assumed of outcomes after an event: missing at random (mar), jump to reference (j2r), "
        "copy reference (cr), copy increments in reference (cir), last mean carried forward (lmcf).",
    )
    strategies: dict[Name, MissingStrategy] = Field(
        default_factory=dict,
        description="Intercurrent event that the estimand handles as hypothetical: a strategy other than `strategy`.",
    )
    references: dict[Name, Name] = Field(
        default_factory=dict,
        description="Arm: its reference arm; the arm that the estimand compares against unless given.",
    )
    by: Literal["conditional_mean"] = Field(
        "conditional_mean", description="How: each missing outcome at its expectation, from one model."
    )
    standard_error: Literal["rubin", "jackknife", "gradient", "bootstrap"] = Field(
        "rubin",
        description="rubin is the variance of multiple imputation with infinitely many imputations: under every "
        "strategy about as much information is lost as under missing at random. The others are the variance over "
        "repeated samples, which is smaller where an arm is imputed from another one: jackknife over participants, "
        "gradient (its linear form), bootstrap.",
    )
    deltas: Deltas = Field(
        default_factory=lambda: Deltas.model_validate({}),
        description="What is added to imputed outcomes, or what they are multiplied by.",
    )
    covariance: OneOrMany[CovarianceWord] = Field(
        ("us",), description="A covariance structure of the imputation model, or a ladder of them; SAS words too."
    )
    by_arm: bool = Field(False, description="True: each arm has a covariance of its own in the imputation model.")
    reml: bool = Field(True, description="Restricted maximum likelihood; `false` is full maximum likelihood.")
    averaging: Literal["counterfactual", "equal"] = Field(
        "counterfactual", description="How means average over covariates: over all participants, or levels equally."
    )
    margin: Margin | None = Field(None, description="Non-inferiority, superiority or equivalence by this much.")
    replicates: int = Field(1000, ge=100, description="Samples of a bootstrap.")
    seed: int = Field(1, ge=0, description="Seed of a bootstrap.")

    @model_validator(mode="after")
    def _outcomes_can_be_imputed(self) -> Imputation:
        if spatial := [word for word in self.covariance if COVARIANCES[word].spatial]:
            raise ValueError(
                f"`{spatial[0]}` looks at the day of each assessment, and a missing one has none; use another structure"
            )
        if "arm" in self.names_used():
            raise ValueError("the model has the effect of each arm at each visit; take `arm` out of `adjust`")
        return self

    def terms(self, visits: Sequence[str]) -> list[str]:
        """Return the effect of each arm at each visit, and every `adjust` term as written."""
        return ["arm * visit", *self.adjust] if len(visits) > 1 else AdjustedAnalysis.terms(self, visits)

    def fewest(self, coefficients: int, visits: int) -> int | None:
        """Return the participants that the coefficients of a visit and the first structure need."""
        return coefficients + (visits if COVARIANCES[self.covariance[0]].each_visit else 1)
