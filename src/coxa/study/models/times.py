"""What analyses of times to an event have in common in a plan: terms other than the arm, and subgroups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field, field_validator

from coxa.study.analysis import TERM, Analysis, without_visit
from coxa.study.parts import Name
from coxa.study.words import Measure


class TimesAnalysis(Analysis):
    """A model of the time to an event up to each visit of the estimand, which may adjust for covariates."""

    measures: ClassVar[tuple[Measure, ...]] = ("time",)

    adjust: tuple[str, ...] = Field((), description="Terms other than the arm, for example `age` or `site`.")
    subgroups: tuple[Name, ...] = Field((), description="Covariates in whose levels the arms are compared too.")

    @field_validator("adjust")
    @classmethod
    def _terms_are_names(cls, terms: tuple[str, ...]) -> tuple[str, ...]:
        for term in terms:
            if not TERM.match(term):
                raise ValueError(f"{term!r} is not a term; a term is a name, or names joined by `*` or `:`")
        return terms

    def terms(self, visits: Sequence[str]) -> list[str]:
        """Return the arm and every `adjust` term, without the visit: each visit has a model of its own."""
        return ["arm", *(without_visit(term) for term in self.adjust)]

    def fewest(self, coefficients: int, visits: int) -> int | None:
        """Return the participants that the coefficients need; a time has no variance of its own."""
        return coefficients + 1
