"""What a plan assumes of the screening for red flags: who is screened, what is found, what is done and how soon."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from coxa.study.assumptions.numbers import NotNegative, Probabilities, Probability
from coxa.study.base import AnyNumber, Name, Part

RedFlag = Literal[
    "severe_pain",
    "night_pain",
    "unexplained_weight_loss",
    "fever",
    "history_of_cancer",
    "trauma",
    "inability_to_bear_weight",
    "persistent_or_worsening",
    "suspected_stress_fracture",
    "suspected_avascular_necrosis",
    "corticosteroid_use",
    "cauda_equina_signs",
    "progressive_neurological_deficit",
    "groin_mass",
    "vascular_signs",
    "other",
]
"""Flags of the table `red_flag_screening`."""

PREVALENCE: dict[RedFlag, float] = {
    "severe_pain": 0.04,
    "night_pain": 0.05,
    "unexplained_weight_loss": 0.01,
    "fever": 0.01,
    "trauma": 0.03,
    "inability_to_bear_weight": 0.02,
    "persistent_or_worsening": 0.05,
}
"""Flag -> how often it is present at a screening, where a plan says nothing; plain numbers, made up."""


class AssumedRedFlags(Part):
    """Screening for red flags at visits that took place; every flag named under `present` is asked each time."""

    at: AnyNumber[Name] = Field((), description="Visits with a screening; the baseline visit unless given.")
    screened: Probabilities = Field(0.95, description="Of being screened at such a visit; one, or by arm.")
    present: dict[RedFlag, Probability] = Field(
        default_factory=lambda: dict(PREVALENCE),
        min_length=1,
        description="Flag: how often it is present at a screening. The numbers that are there unless given are made "
        "up.",
    )
    acted_on: Probabilities = Field(0.9, description="Of a flag that is present being acted on; one, or by arm.")
    referred: Probability = Field(0.6, description="Share of the flags acted on of which the action is a referral.")
    delay: NotNegative = Field(3.0, description="Mean days from the screening to the action (geometric).")
    wait: NotNegative = Field(14.0, description="Mean days from a referral to being seen (geometric).")
