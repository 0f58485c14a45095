"""Outcomes from the exercise log: the share of the prescribed dose that was done."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from coxa.study.base import AnyNumber, Name
from coxa.study.outcome_sources.base import FromTable, Grid

EXERCISES_EACH, SETS_EACH = 10, 3
"""Exercises of a simulated participant at a visit, and the sets prescribed of each."""


class ExerciseSource(FromTable):
    """Adherence at each visit: the dose of exercise done of that prescribed, in %, at most 100."""

    table: Literal["exercise_log"] = Field(description="Exercise log: one row per exercise of a participant and day.")
    since: Literal["last_visit", "start"] = Field(
        "last_visit",
        description="Days that count, up to the end of the visit's window: those after the visit before, or all.",
    )
    exercises: AnyNumber[Name] = Field((), description="Exercises that count; all of them unless given.")

    @property
    def scale(self) -> dict[str, Any]:
        """A share in %; more is better."""
        return {"range": (0.0, 100.0), "unit": "%", "higher_is_better": True}

    @property
    def grid(self) -> Grid | None:
        """Whole sets of those that a simulated participant is prescribed."""
        return Grid(100.0 / (EXERCISES_EACH * SETS_EACH), 0.0, 0.0, 100.0)
