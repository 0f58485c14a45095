"""Options of the model of a crossover trial in a plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from coxa.study.analysis import MeansAnalysis
from coxa.study.models.repeated import check_kenward_roger
from coxa.study.words import Measure

WITHIN, BETWEEN = "baseline_deviation", "baseline_average"
"""Columns of the value at the start of a period: less the participant's mean over the periods, and that mean."""


class Crossover(MeansAnalysis):
    """A linear mixed model of treatment and period, with an effect of each participant.

    Treatments are compared within participants, and where a period is missing also between them, as REML weights the
    two. Carry-over is not tested before the treatments are compared: such a test has little power, and an analysis
    that follows from it is biased (Freeman 1989).
    """

    over_visits: ClassVar[bool] = True
    measures: ClassVar[tuple[Measure, ...]] = ("value", "change")
    of_periods: ClassVar[bool] = True

    model: Literal["crossover"] = Field(description="Treatments that participants receive one after the other.")
    participants: Literal["random", "fixed"] = Field(
        "random",
        description="Effects of participants: random, which also uses those with one period, or fixed, which compares "
        "within participants alone.",
    )
    sequence: bool = Field(
        False, description="Add an effect of the sequence; it changes nothing where all periods are complete."
    )
    carry_over: Literal["none", "adjusted"] = Field(
        "none",
        description="adjusted: an effect of the treatment of the period before; it needs a design that can tell it "
        "from the treatments, such as a Williams design of three or more.",
    )
    baselines: Literal["none", "covariate"] = Field(
        "none",
        description="covariate: adjust for the value at the start of each period (`periods: baselines`), by how it "
        "differs from the participant's mean over the periods, and by that mean. With the two apart nothing between "
        "participants biases the comparison within them (Kenward & Roger 2010). Change from the start of a period is "
        "no outcome: it is less precise than this.",
    )
    ddf: Literal["satterthwaite", "kenward-roger"] = Field("kenward-roger", description="Degrees of freedom.")
    reml: bool = Field(True, description="Restricted maximum likelihood; `false` is full maximum likelihood.")

    @model_validator(mode="after")
    def _options_agree(self) -> Crossover:
        check_kenward_roger(self.ddf, reml=self.reml)
        for name in ("arm", "visit", "sequence", "carried", WITHIN, BETWEEN):
            if name in self.names_used():
                raise ValueError(f"'{name}' is in the model already, or is an option; Take it out of `adjust`.")
        if self.participants == "fixed" and (self.sequence or self.adjust):
            raise ValueError(
                "fixed effects of participants leave nothing between participants to adjust for; Remove `adjust` and "
                "`sequence`, or write `participants: random`."
            )
        return self

    def terms(self, visits: Sequence[str]) -> list[str]:
        """Return the treatment, the period, and what else the plan asks for."""
        return [
            "arm",
            "visit",
            *(["sequence"] if self.sequence else []),
            *(["carried"] if self.carry_over == "adjusted" else []),
            *(["participant_id"] if self.participants == "fixed" else []),
            *self._baseline_terms(),
            *self.adjust,
        ]

    def _baseline_terms(self) -> list[str]:
        """Return the value at the start of a period as two covariates; one within participants that are fixed."""
        if self.baselines == "none":
            return []
        return [WITHIN] if self.participants == "fixed" else [WITHIN, BETWEEN]

    def random_terms(self) -> list[str]:
        """Return the effect of each participant, where it is random."""
        return ["(1 | participant_id)"] if self.participants == "random" else []

    def visits_problem(self, visits: int) -> str | None:
        """Return why one period is too few."""
        return None if visits >= 2 else "a crossover has two periods or more; leave `visits` out"

    def fewest(self, coefficients: int, visits: int) -> int | None:
        """Return the participants that the coefficients and two variances need."""
        return coefficients + 1
