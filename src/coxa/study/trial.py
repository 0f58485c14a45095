"""The plan of a trial: arms that participants, or clusters of them, were allocated to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from coxa.study.base import Problem
from coxa.study.checks.comparison import comparison_problems
from coxa.study.comparative import ComparativeStudy
from coxa.study.design_words import TRIAL, DesignWords
from coxa.study.factorial import factorial_problem
from coxa.study.randomisation import Randomisation, randomisation_problems


class Trial(ComparativeStudy):
    """The plan of a trial, in which participants or clusters of them are allocated to arms."""

    words: ClassVar[DesignWords] = TRIAL

    design: Literal["parallel", "factorial", "cluster"] = Field(
        "parallel",
        description="Design of the trial; in a cluster trial a primary analysis has a random effect of the clusters.",
    )
    randomisation: Randomisation | None = Field(None, description="How participants are allocated to the arms.")

    @property
    def allocation(self) -> Randomisation | None:
        """How participants are allocated to the arms; None where the plan does not say."""
        return self.randomisation

    def _problems(self) -> Iterator[Problem]:
        if self.design == "factorial" and (problem := factorial_problem(self.arms)):
            yield Problem(("arms",), problem)
        if self.randomisation:
            found = randomisation_problems(self.randomisation, self.arms, self.covariates, self.design)
            yield from (Problem(("randomisation", *path), message) for path, message in found)
        cluster = self.randomisation.cluster if self.randomisation else None
        yield from comparison_problems(self, cluster)
