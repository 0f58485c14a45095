"""Options of a comparison of proportions in a plan."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

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
