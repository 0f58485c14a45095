"""Options of a doubly robust comparison in a plan."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from coxa.study.models.weighting import BalancedByWeights


class DoublyRobust(BalancedByWeights):
    """Weights and a model of the outcome in each group: right where one of them is."""

    model: Literal["doubly_robust"] = Field(
        description="Groups made comparable by weights and by models of the outcome on the confounders (AIPW)."
    )
