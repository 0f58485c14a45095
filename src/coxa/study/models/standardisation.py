"""Options of a standardised comparison (g-computation) in a plan."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from coxa.study.models.weighting import OneVisit


class Standardisation(OneVisit):
    """Models of the outcome in each group, standardised over the target population."""

    model: Literal["standardisation"] = Field(
        description="Models of the outcome on the confounders in each group, standardised (g-computation)."
    )
