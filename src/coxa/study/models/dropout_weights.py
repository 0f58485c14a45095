"""Options of an analysis with weights for dropout in a plan."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from coxa.study.analysis import AdjustedAnalysis
from coxa.study.words import Measure


class DropoutWeights(AdjustedAnalysis):
    """Means of each visit from those who stayed, weighted by the inverse probability of having stayed.

    Who stays is modelled in each arm from visit to visit, by the covariates of `adjust` and the outcomes so far.
    """

    measures: ClassVar[tuple[Measure, ...]] = ("value", "change", "percent_change")
    over_visits: ClassVar[bool] = True

    model: Literal["dropout_weights"] = Field(description="Those who stay count for those who leave, by weights.")
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )
    estimator: Literal["augmented", "weighted"] = Field(
        "augmented",
        description="augmented adds regressions of the outcome from visit to visit, and is right where the models of "
        "dropout or those of the outcome are; weighted is a weighted regression at the visit.",
    )

    @model_validator(mode="after")
    def _covariates_are_names(self) -> DropoutWeights:
        if "arm" in self.names_used():
            raise ValueError("each arm has models of its own; take `arm` out of `adjust`")
        return self

    def fewest(self, coefficients: int, visits: int) -> int | None:
        """Return the participants that a regression of the last visit on covariates and visits before needs."""
        return coefficients + visits
