"""The plan of a cohort study: groups as they were found, which nobody was allocated to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from coxa.study.base import Problem
from coxa.study.checks.comparison import comparison_problems
from coxa.study.comparative import ComparativeStudy
from coxa.study.design_words import COHORT, DesignWords


class CohortStudy(ComparativeStudy):
    """The plan of a cohort study: `arms` are groups as they were found, and nothing is randomised."""

    words: ClassVar[DesignWords] = COHORT

    design: Literal["cohort"] = Field(description="Participants are compared in the groups that they are in.")

    def _problems(self) -> Iterator[Problem]:
        yield from comparison_problems(self)
