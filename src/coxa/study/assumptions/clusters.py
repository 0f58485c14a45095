"""What a plan assumes of therapists, clinics and classes: how many there are, and how alike they make participants."""

from __future__ import annotations

from pydantic import Field

from coxa.study.assumptions.numbers import NotNegative, Probability
from coxa.study.parts import Name, OneOrMany, Part


class AssumedClusters(Part):
    """Groups of participants with something in common: a therapist, a clinic, a class."""

    number: int = Field(ge=2, description="How many there are; in each higher cluster with `within`.")
    icc: Probability | dict[Name, Probability] = Field(
        0.0, description="Intraclass correlation: their share of an outcome's variance; one, or by outcome."
    )
    arms: OneOrMany[Name] = Field((), description="Arms that have them, such as a therapist's; all unless given.")
    within: Name | None = Field(None, description="Higher cluster in which they are nested; crossed unless given.")
    own_per_arm: bool = Field(
        False, description="True: each arm has its own, `number` of them; false: arms share them."
    )
    at_baseline: bool = Field(
        False, description="False: they matter after baseline, as a therapist does; true: from the start, as a clinic."
    )
    size_variation: NotNegative = Field(
        0.0, description="Coefficient of variation of their sizes; 0 for sizes as equal as can be."
    )
    autocorrelation: Probability = Field(
        1.0,
        description="Of clusters in periods: correlation between what a cluster adds in two periods; 1 where it is "
        "the same in all. `icc` is within one period.",
    )
    decays: bool = Field(
        False, description="True: `autocorrelation` is of neighbouring periods, and is raised to their distance."
    )
