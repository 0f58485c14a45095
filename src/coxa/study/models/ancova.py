"""Options of an analysis of covariance in a plan."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from coxa.study.analysis import MeansAnalysis
from coxa.study.models.modifiers import Modified


class ANCOVA(Modified, MeansAnalysis):
    """An analysis of covariance: each visit by itself."""

    model: Literal["ancova"] = Field(description="Each visit by itself.")
    vcov: Literal["model", "HC3"] = Field(
        "model", description="Covariance of the coefficients: of one variance, or HC3, which allows unequal variances."
    )
    standardised_effect: bool = Field(
        False, description="Also give Hedges g of each difference, by the standard deviation and error of the model."
    )
