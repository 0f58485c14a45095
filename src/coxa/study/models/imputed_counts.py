"""Options of an analysis of counts with the events of the time not seen imputed under a strategy, in a plan."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from coxa.study.analysis import AdjustedAnalysis
from coxa.study.parts import Name, Part
from coxa.study.words import Measure, Summary

CountStrategyWord = Literal["mar", "j2r", "cr"]
"""What is assumed of events after participants leave; described in `coxa.impute.counts`."""


class CountAssumption(Part):
    """What is assumed of the events of the time that participants were not seen."""

    strategy: CountStrategyWord = Field(
        "mar",
        description="At which rates participants go on after they left: those of their arm (mar), those of the "
        "reference arm from then on (j2r), or as if they had been in the reference arm all along (cr). As a rate is "
        "constant, copying increments is no strategy of its own.",
    )
    strategies: dict[Name, CountStrategyWord] = Field(
        default_factory=dict,
        description="Intercurrent event that the estimand handles as hypothetical: a strategy other than `strategy`.",
    )
    keeps: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Of `j2r`, the share of the difference between the rates of an arm and its reference arm that is "
        "kept after leaving: 0 is a jump to reference, 1 missing at random.",
    )
    multiply: dict[Name, float] = Field(
        default_factory=dict, description="Arm: what the rates of its participants after leaving are multiplied by."
    )

    @model_validator(mode="after")
    def _can_be_imputed(self) -> CountAssumption:
        if self.keeps and "j2r" not in (self.strategy, *self.strategies.values()):
            raise ValueError("`keeps` is of `strategy: j2r`; remove it, or write `strategy: j2r`")
        for arm, factor in self.multiply.items():
            if not factor > 0:
                raise ValueError(f"the rates of {arm} are multiplied by {factor:g}; give a factor above 0")
        return self


class CountBranch(CountAssumption):
    """Another assumption about the events not seen, from the same model: a branch of a sensitivity tree."""

    label: str | None = Field(None, description="How the branch is called in the report.")


class ImputedCounts(AdjustedAnalysis, CountAssumption):
    """Events of the time that participants were not seen, imputed under a strategy; rates over the planned time.

    Events are imputed many times from a negative binomial model at each visit, given how many events a participant had
    before, and each data set is analysed by a negative binomial model.
    """

    summaries: ClassVar[tuple[Summary, ...]] = ("rate_ratio", "rate_difference")
    measures: ClassVar[tuple[Measure, ...]] = ("value", "count")

    model: Literal["imputed_counts"] = Field(description="Events of the time not seen imputed; rates of all.")
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )
    references: dict[Name, Name] = Field(
        default_factory=dict,
        description="Arm: its reference arm; the arm that the estimand compares against unless given.",
    )
    planned_exposure: float | None = Field(
        None,
        gt=0,
        description="Of an outcome with an exposure, the exposure that was planned for every participant, in the unit "
        "of the exposure; the part that is lacking is imputed. Events with dates have the planned day of the visit.",
    )
    imputations: int | None = Field(
        None,
        ge=10,
        le=20_000,
        description="Number of imputed data sets; unless given it is chosen after a first round, so that the Monte "
        "Carlo errors are below `monte_carlo_error`.",
    )
    monte_carlo_error: float = Field(
        0.02,
        gt=0,
        lt=0.5,
        description="Largest Monte Carlo error of estimates and of standard errors, in standard errors.",
    )
    branches: dict[Name, CountBranch] = Field(
        default_factory=dict,
        description="Other assumptions about the events not seen by name: the sensitivity tree of the estimand, drawn "
        "in the report with the estimate of each branch and where its conclusion changes.",
    )
    seed: int = Field(1, ge=0, description="Seed of draws.")
