"""Options of a comparison of pairs in a plan."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from coxa.study.models.weighting import WithoutRandomisation
from coxa.study.words import Summary


class Matching(WithoutRandomisation):
    """Each treated participant and the nearest of the reference group, by the propensity score; of the ATT only."""

    summaries: ClassVar[tuple[Summary, ...]] = (*WithoutRandomisation.summaries, "hazard_ratio")
    within: ClassVar[str] = "within the pairs"
    in_pairs: ClassVar[bool] = True

    model: Literal["matching"] = Field(
        description="Pairs of a treated participant and the nearest one of the reference group, one to one, without "
        "replacement; errors by pair. A pair of whom one has no outcome is left out."
    )
    caliper: float | None = Field(
        0.2,
        gt=0,
        description="Largest distance of a pair, in standard deviations of the distance measure; null for no limit.",
    )
    distance: Literal["logit", "score"] = Field(
        "logit", description="Differences of the logit of the propensity score, or of the score itself."
    )
    order: Literal["largest", "smallest", "data"] = Field(
        "largest", description="Whose turn is first: the largest score, the smallest, or the first row."
    )
