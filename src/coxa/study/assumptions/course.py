"""Changes from baseline as a plan assumes them: a number, a course in days, or a number by visit."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from coxa.study.assumptions.numbers import Finite, NotNegative
from coxa.study.base import AnyOf
from coxa.study.parts import Name, Part


class Course(Part):
    """A change that sets in after `onset_day`, grows in a straight line to its plateau, and may wane."""

    plateau: Finite = Field(description="Change from baseline in full, in the outcome's unit and direction.")
    onset_day: int = Field(0, ge=0, description="Study day up to which there is none of it.")
    plateau_day: int = Field(gt=0, description="Study day on which it is there in full.")
    waning_per_year: NotNegative = Field(
        0.0, description="What of it is lost per year, in points; never more than all."
    )
    waning_from: int | None = Field(None, description="Study day from which it wanes; the plateau's unless given.")

    @model_validator(mode="after")
    def _days_in_order(self) -> Course:
        if self.onset_day >= self.plateau_day:
            raise ValueError(
                f"the plateau (day {self.plateau_day}) comes after the onset (day {self.onset_day}); exchange the two"
            )
        if self.waning_from is not None and self.waning_from < self.plateau_day:
            raise ValueError(
                f"it wanes from day {self.waning_from}, before its plateau (day {self.plateau_day}); write a later day"
            )
        return self

    def at(self, day: float) -> float:
        """Return the change on a study day.

        Examples
        --------
        >>> course = Course(plateau=12, onset_day=42, plateau_day=84, waning_per_year=3)
        >>> [course.at(day) for day in (42, 63, 84, 84 + 365.25)]
        [0.0, 6.0, 12.0, 9.0]
        """
        grown = min(max((day - self.onset_day) / (self.plateau_day - self.onset_day), 0.0), 1.0)
        years = max(day - (self.waning_from or self.plateau_day), 0.0) / 365.25
        left = max(abs(self.plateau) - self.waning_per_year * years, 0.0)
        return grown * left * (1.0 if self.plateau >= 0 else -1.0)


def _kind_of_change(given: Any) -> str:
    """Return which kind of change is written: a mapping with a key of a course is one, any other is by visit."""
    if isinstance(given, Course) or (isinstance(given, dict) and set(given) & set(Course.model_fields)):
        return "course"
    return "by visit" if isinstance(given, dict) else "number"


Change = Annotated[
    Annotated[Finite, Tag("number")]
    | Annotated[Course, Tag("course")]
    | Annotated[dict[Name, Finite], Tag("by visit")],
    Discriminator(_kind_of_change),
    AnyOf(),
]
"""A change from baseline: at every visit alike, as a course in days, or by visit."""

DailyChange = Annotated[
    Annotated[Finite, Tag("number")] | Annotated[Course, Tag("course")],
    Discriminator(lambda given: "course" if isinstance(given, dict | Course) else "number"),
]
"""A change from baseline on any day: the same from the first day on, or a course in days."""
