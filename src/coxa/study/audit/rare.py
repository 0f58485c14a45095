"""Rare events of an audit, and what the charts look for that are made for them."""

from __future__ import annotations

from pydantic import Field, model_validator

from coxa.study.base import Part

WORSE = "worse"
"""The rare event of every audit: a patient who is worse in the main outcome."""


class RareEvent(Part):
    """An event that has to stay rare: a fall, a serious event, or a standard of care that was not met."""

    label: str | None = Field(None, description="How it is called.")
    happened: str | None = Field(None, description="Column that is true where it happened.")
    standard: str | None = Field(
        None, description="In place of a column: a standard of care; the event is that it is not met."
    )
    among: str | None = Field(
        None, description="With a column: a column that is true where it could happen; all episodes if not named."
    )

    @model_validator(mode="after")
    def _one_definition(self) -> RareEvent:
        if (self.happened is None) == (self.standard is None):
            raise ValueError("an event has either a column or a standard; write `happened` or `standard`")
        if self.standard is not None and self.among is not None:
            raise ValueError("the standard says to which episodes it applies; remove `among`")
        return self


class CusumSettings(Part):
    """What the CUSUM of a rare event looks for, and how often it may signal by chance."""

    odds_ratio: float = Field(2.0, gt=1, le=10, description="How many times the expected odds it looks for.")
    chance: float = Field(
        0.01,
        gt=0,
        le=0.2,
        description="Probability that the chart of a clinic signals by chance, from its first episode to the last.",
    )
