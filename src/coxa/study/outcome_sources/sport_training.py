"""Outcomes from what is asked about sport and training: at a visit, or in the weeks before it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from coxa.study.outcome_sources.base import FromTable, Grid
from coxa.study.words import OutcomeKind

SPORT_SCALES: dict[str, tuple[float, float, str, float]] = {
    "sessions": (0, 50, "sessions/week", 1.0),
    "minutes": (0, 10080, "min/week", 1.0),
    "distance": (0, 2000, "km/week", 0.1),
    "load": (0, 100800, "AU", 1.0),
    "hard_sessions": (0, 50, "sessions/week", 1.0),
    "exertion": (0, 10, "points", 0.1),
}
"""Column -> lowest and highest value, unit, and what answers are rounded to."""

SUMMED = ("sessions", "minutes", "distance", "load", "hard_sessions")
"""Columns that are added up over the sports of a week; exertion is averaged."""


class SportTrainingSource(FromTable):
    """A number of the training of a participant at each visit, of one sport or of all together."""

    table: Literal["sport_training"] = Field(description="Sport and training: one row per sport and visit, or week.")
    field: Literal["sessions", "minutes", "distance", "load", "hard_sessions", "exertion"] = Field(
        description="Column of the table; a number per week."
    )
    sport: str | None = Field(
        None, description="One sport, as the data call it; all together, added up, where it is not given."
    )
    weeks: int | None = Field(
        None,
        ge=1,
        le=52,
        description="Mean of so many weeks that end with the visit; what was asked at the visit, unless given.",
    )
    min_weeks: int | None = Field(
        None, ge=1, description="Weeks recorded without which there is no value; all of them by default."
    )

    @property
    def needed(self) -> int:
        """Weeks that have to be recorded."""
        return self.min_weeks or self.weeks or 1

    @property
    def scale(self) -> dict[str, Any]:
        """Range and unit of the column; the direction is the plan's."""
        low, high, unit, _ = SPORT_SCALES[self.field]
        return {"range": (float(low), float(high)), "unit": unit}

    @property
    def grid(self) -> Grid | None:
        """The values that weeks can give."""
        low, high, _, step = SPORT_SCALES[self.field]
        return Grid(step / (self.weeks or 1), low, low, high)

    def problem(self, kind: OutcomeKind) -> str | None:
        """Return what is wrong with the weeks or the kind of the outcome; None if nothing is."""
        if self.min_weeks is not None and self.weeks is None:
            return "`min_weeks` is of `weeks` before the visit; add `weeks`, or remove it"
        if self.weeks is not None and self.needed > self.weeks:
            return f"`min_weeks` is {self.min_weeks}, but `weeks` is {self.weeks}; lower it"
        return super().problem(kind)
