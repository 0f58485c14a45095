"""Options of a comparison of proportions in a plan."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from coxa.study.analysis import Analysis
from coxa.study.words import Measure, Summary


class Proportions(Analysis):
    """Proportions of responders, compared without adjustment."""

    summaries: ClassVar[tuple[Summary, ...]] = ("risk_difference", "risk_ratio", "odds_ratio")
    measures: ClassVar[tuple[Measure, ...]] = ("responder", "value", "event")

    model: Literal["proportions"] = Field(description="Responders at each visit, without a model.")
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )
    missing_response: Literal["observed", "non_responder"] = Field(
        "observed", description="A missing responder status is left out, or counts as no response."
    )
    limits: Literal["newcombe", "miettinen-nurminen", "exact"] = Field(
        "newcombe",
        description="Limits of a difference: newcombe; miettinen-nurminen, score limits of it and of ratios, with "
        "the p-value of the same test; exact, of the difference and the odds ratio in small samples.",
    )

    @model_validator(mode="after")
    def _margins_are_of_newcombe(self) -> Proportions:
        if self.margin is not None and self.limits != "newcombe":
            raise ValueError(
                f"`margin` is tested with `limits: newcombe`, not with {self.limits}; leave one of them out"
            )
        return self

    def summary_problem(self, summary: Summary) -> tuple[str, str] | None:
        """Return that a risk ratio has no exact limits."""
        if self.limits == "exact" and summary == "risk_ratio":
            return "limits", "there are no exact limits of a risk ratio; write `miettinen-nurminen`"
        return None
