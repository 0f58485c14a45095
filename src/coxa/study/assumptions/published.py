"""Where a plan's assumptions come from: a published trial, its figures, and what is a working value."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from coxa.study.assumptions.numbers import Finite, NotNegative
from coxa.study.base import Name, OneOrMany, Part

FigureKind = Literal[
    "mean",
    "sd",
    "change",
    "change_sd",
    "residual_sd",
    "difference",
    "change_difference",
    "standardised_difference",
    "interaction",
    "responders",
    "risk_difference",
    "retention",
    "attendance",
    "attended_at_least",
    "adverse_events",
]

NEEDS: dict[str, tuple[str, ...]] = {
    "mean": ("outcome", "visit"),
    "sd": ("outcome", "visit"),
    "change": ("outcome", "visit"),
    "change_sd": ("outcome", "visit"),
    "residual_sd": ("outcome", "visit"),
    "difference": ("outcome", "visit", "arm", "against"),
    "change_difference": ("outcome", "visit", "arm", "against"),
    "standardised_difference": ("outcome", "visit", "arm", "against"),
    "interaction": ("outcome", "visit"),
    "responders": ("outcome", "visit", "arm"),
    "risk_difference": ("outcome", "visit", "arm", "against"),
    "retention": ("visit",),
    "attendance": (),
    "attended_at_least": ("sessions",),
    "adverse_events": (),
}
"""Kind of figure -> the keys it cannot do without."""


class Figure(Part):
    """One published number that the simulated trial is to reproduce.

    A difference is `arm` minus `against`, in the outcome's own direction; an interaction is both minus one minus the
    other plus neither, of the four arms of a factorial design.
    """

    kind: FigureKind = Field(description="What the number is.")
    outcome: Name | None = Field(None, description="One of the outcomes.")
    visit: Name | None = Field(None, description="One of the visits.")
    arm: Name | None = Field(None, description="One of the arms; all arms together unless given.")
    against: Name | None = Field(None, description="The other arm of a difference.")
    sessions: int | None = Field(None, ge=1, description="For attended_at_least: how many sessions.")
    value: Finite = Field(description="The number; shares between 0 and 1.")
    interval: tuple[Finite, Finite] | None = Field(None, description="Its 95% confidence interval as published.")
    rounding: NotNegative = Field(description="Half a unit of the last digit printed.")
    tag: Literal["read", "secondary", "computed"] = Field(
        "read",
        description="read: in the paper or its abstract; secondary: in a source that reports on it; computed: from "
        "figures that were read, as `how` says.",
    )
    origin: str | None = Field(None, description="Where it was read, if not in the paper: a DOI or address.")
    how: str | None = Field(None, description="How it was computed.")
    allow: NotNegative = Field(
        0.0, description="How far the simulation may be off, on top of rounding and its own error."
    )
    because: str | None = Field(None, description="Why it may.")

    @model_validator(mode="after")
    def _says_what_it_needs(self) -> Figure:
        silent = [key for key in NEEDS[self.kind] if getattr(self, key) is None]
        if silent:
            raise ValueError(f"a figure of kind {self.kind} needs its {' and '.join(silent)}; add them")
        if self.tag == "computed" and self.how is None:
            raise ValueError("a figure that was computed says how; add `how:`")
        if self.allow and self.because is None:
            raise ValueError("a figure that may be off says why; add `because:`")
        return self


class TrialSource(Part):
    """The published trial that the assumptions are calibrated to."""

    trial: str = Field(description="Short name: first author or acronym, and year.")
    paper: str = Field(description="The paper: journal, year, volume and page.")
    addresses: OneOrMany[str] = Field((), description="Addresses at which figures were read.")
    registration: str | None = Field(None, description="Registry and number.")
    figures: tuple[Figure, ...] = Field((), description="Published numbers, compared with the simulation's.")
    working: OneOrMany[str] = Field((), description="Assumptions that are working values, not figures of the paper.")
    left_out: OneOrMany[str] = Field((), description="What the trial has and this plan has not, and why.")
