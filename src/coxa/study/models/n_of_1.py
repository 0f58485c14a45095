"""Options of the model of a series of n-of-1 trials in a plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from coxa.study.analysis import Analysis
from coxa.study.models.repeated import check_kenward_roger
from coxa.study.words import Measure


class NOfOne(Analysis):
    """A mixed model of the differences within blocks, with an effect of each participant.

    The mean effect, how it differs between people, a shrunken effect of each, and what to expect in the next person.
    """

    over_visits: ClassVar[bool] = True
    measures: ClassVar[tuple[Measure, ...]] = ("value",)
    of_periods: ClassVar[bool] = True
    of_blocks: ClassVar[bool] = True

    model: Literal["n_of_1"] = Field(description="Each participant takes every treatment, block by block.")
    order: bool = Field(
        True, description="An effect of coming second in a block, which takes up a trend over the periods."
    )
    ddf: Literal["satterthwaite", "kenward-roger"] = Field("kenward-roger", description="Degrees of freedom.")
    reml: bool = Field(True, description="Restricted maximum likelihood; `false` is full maximum likelihood.")
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )

    @model_validator(mode="after")
    def _options_agree(self) -> NOfOne:
        check_kenward_roger(self.ddf, reml=self.reml)
        return self

    def terms(self, visits: Sequence[str]) -> list[str]:
        """Return the treatment and the order in the block."""
        return ["arm", *(["order"] if self.order else [])]

    def random_terms(self) -> list[str]:
        """Return the effects of each participant and block."""
        return ["(arm | participant_id)", "(1 | block)"]

    def fewest(self, coefficients: int, visits: int) -> int | None:
        """Return the participants that the model needs."""
        return 1
