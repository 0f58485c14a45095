"""Options that models of repeated measures share: their covariance over the visits, and what is inferred from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, model_validator

from coxa.covariances import COVARIANCES, Covariance, covariance_called
from coxa.study.analysis import MeansAnalysis
from coxa.study.parts import OneOrMany
from coxa.study.words import Contrast, Ddf, Vcov

CovarianceWord = Annotated[
    Covariance, BeforeValidator(lambda word: covariance_called(word) or word, json_schema_input_type=Covariance | str)
]
"""A covariance structure under its short name, in words or under its SAS name."""


class RepeatedMeasures(MeansAnalysis):
    """An analysis of all visits by one model, with a covariance over the visits of a participant."""

    over_visits: ClassVar[bool] = True

    contrasts: OneOrMany[Contrast] = Field(
        ("by_visit",), description="Compare arms at each visit, or by average, slope or area over the visits."
    )
    covariance: OneOrMany[CovarianceWord] = Field(
        ("us",), description="A covariance structure, or a ladder of them tried in order; SAS words too."
    )
    vcov: Vcov = Field(
        "model", description="By the model, or a sandwich over participants: CR0, CR2 (bias-reduced), CR3 (jackknife)."
    )
    ddf: Ddf = Field("kenward-roger-linear", description="Degrees of freedom.")
    reml: bool = Field(True, description="Restricted maximum likelihood; `false` is full maximum likelihood.")

    @model_validator(mode="after")
    def _inference_fits_the_likelihood(self) -> RepeatedMeasures:
        check_inference(self)
        return self

    @property
    def courses(self) -> tuple[str, ...]:
        """The contrasts over the visits."""
        return tuple(word for word in self.contrasts if word != "by_visit")

    def terms(self, visits: Sequence[str]) -> list[str]:
        """Return the effect of each arm at each visit, and every `adjust` term as written."""
        return ["arm * visit", *self.adjust] if len(visits) > 1 else MeansAnalysis.terms(self, visits)

    def fewest(self, coefficients: int, visits: int) -> int | None:
        """Return the participants that the coefficients of a visit and the first structure need."""
        return coefficients + (visits if COVARIANCES[self.covariance[0]].each_visit else 1)


def check_inference(analysis: RepeatedMeasures) -> None:
    """Raise ValueError where degrees of freedom do not go with the likelihood or the standard errors."""
    check_kenward_roger(analysis.ddf, reml=analysis.reml)
    if analysis.vcov != "model" and analysis.ddf.startswith("kenward-roger"):
        raise ValueError(
            f"Kenward-Roger adjusts the model's standard errors, not {analysis.vcov}; use "
            "`ddf: satterthwaite` or `vcov: model`"
        )


def check_kenward_roger(ddf: str, *, reml: bool) -> None:
    """Raise ValueError where Kenward-Roger is asked for without REML."""
    if not reml and ddf.startswith("kenward-roger"):
        raise ValueError("Kenward-Roger needs REML; use `reml: true` or `ddf: satterthwaite`")
