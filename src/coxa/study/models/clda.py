"""Options of a constrained longitudinal data analysis in a plan."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from coxa.covariances import COVARIANCES
from coxa.study.models.repeated import RepeatedMeasures, check_inference
from coxa.study.words import Measure


class CLDA(RepeatedMeasures):
    """A constrained longitudinal data analysis: a mixed model for repeated measures with the baseline as an outcome.

    All arms have one mean at baseline, as randomisation makes it. Participants without a baseline are analysed, and so
    are those with nothing else. A difference in values is one in changes from baseline.
    """

    measures: ClassVar[tuple[Measure, ...]] = ("value", "change")

    model: Literal["clda"] = Field(description="The baseline and all visits together, arms equal at baseline.")

    @model_validator(mode="after")
    def _inference_fits_the_likelihood(self) -> CLDA:
        check_inference(self)
        if "baseline" in self.names_used():
            raise ValueError("the baseline is an outcome of a clda; Take it out of `adjust`.")
        if "arm" in self.names_used():
            raise ValueError("a clda has the effect of each arm at each visit; Take `arm` out of `adjust`.")
        if spatial := [word for word in self.covariance if COVARIANCES[word].spatial]:
            raise ValueError(
                f"{spatial[0]} looks at the day of each assessment, and a baseline has none; Use another structure."
            )
        return self

    def adjusted_for(self) -> tuple[str, ...]:
        """Return the baseline and what `adjust` names."""
        return ("baseline", *self.names_used())

    def fewest(self, coefficients: int, visits: int) -> int | None:
        """Return the participants needed for one visit more: the baseline."""
        return RepeatedMeasures.fewest(self, coefficients, visits + 1)
