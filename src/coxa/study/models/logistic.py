"""Options of a logistic regression in a plan."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from coxa.study.analysis import AdjustedAnalysis
from coxa.study.models.clustered import ClusteredAnalysis
from coxa.study.parts import Name
from coxa.study.words import Measure, Summary


class Logistic(ClusteredAnalysis, AdjustedAnalysis):
    """A logistic regression at each visit, its risks standardised over all participants."""

    summaries: ClassVar[tuple[Summary, ...]] = ("risk_difference", "risk_ratio", "odds_ratio")
    measures: ClassVar[tuple[Measure, ...]] = ("responder", "value", "event")

    model: Literal["logistic"] = Field(description="A yes or no at each visit, adjusted for covariates.")
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )
    variance: Literal["by_design", "ye", "ge"] = Field(
        "by_design",
        description="Variance of the standardised risks: `ye`, which holds in a randomised trial also where the model "
        "is wrong, or `ge`, which takes model and covariates as given. by_design: ye in a trial, ge elsewhere and with "
        "`cluster`.",
    )
    small_samples: bool = Field(
        True,
        description="True: residuals of the variance by their leverage (with `ye`), and t quantiles, which hold their "
        "level in small trials. False: as RobinCar2 and SAS have it.",
    )
    missing_response: Literal["observed", "non_responder"] = Field(
        "observed", description="A missing yes or no is left out, or counts as no."
    )
    numbers_needed: bool = Field(
        False,
        description="Of a trial: give the number needed to treat too, the inverse of the standardised difference; its "
        "interval passes through infinity where that of the difference includes zero.",
    )
    subgroups: tuple[Name, ...] = Field((), description="Covariates in whose levels the arms are compared too.")

    @model_validator(mode="after")
    def _participants_are_independent(self) -> Logistic:
        if self.cluster is not None and self.variance == "ye":
            raise ValueError(
                "`variance: ye` takes participants as independent, and `cluster` says that they are not; leave one of "
                "them out"
            )
        return self
