"""Where a covariate comes from that is no column of the participants: conditions, sport, a score at baseline."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from coxa.study.base import Name, Part
from coxa.study.conditions import ConditionCode, ConditionFamily, conditions
from coxa.study.outcome_sources.clinical_measures import ClinicalMeasureSource

CovariateType = Literal["number", "category"]

# `drawn` of a source: whether a simulation draws the covariate, and makes rows of its table that give it back; the
# others follow from outcomes and covariates that are drawn.

NO_OR_YES = {"no": "No", "yes": "Yes"}
"""Levels of a covariate that says whether a participant has something."""

SPORT_NUMBERS = ("sessions", "minutes", "distance", "load", "years", "footwear_distance")
"""Fields of sport and training that are numbers; the others are categories."""


SPORT_LEVELS: dict[str, tuple[str, ...]] = {
    "level": ("none", "recreational", "competitive_amateur", "semi_professional", "professional"),
    "surface": ("road", "trail", "track", "treadmill", "grass", "sand", "indoor", "mixed", "other"),
    "footwear": ("neutral", "stability", "minimal", "maximal", "spikes", "barefoot", "other"),
}
"""Field of sport and training -> its levels in the data dictionary, of which a plan lists those that it has.

What the plan does not list is "other" of the covariate, so that every field may have it.
"""

PARTICIPANT_NUMBERS = ("age", "height", "weight", "bmi", "duration", "sitting_hours", "previous_injuries")
"""Numbers of the table of participants, in addition to the covariates of the plan."""


class ListedLevels:
    """A source whose covariate has the levels that the plan lists, and none by itself."""

    @property
    def levels(self) -> dict[str, str]:
        """Levels that it has by itself; empty: the plan lists them."""
        return {}


class ConditionSource(ListedLevels, Part):
    """The conditions of a participant: whether one is among them, which is the main one, or how many they are."""

    drawn: ClassVar[bool] = True

    table: Literal["conditions"] = Field(description="The table of conditions.")
    take: Literal["present", "main", "number"] = Field(
        "present",
        description="present: whether the participant has the condition, or one of the family; main: the code of the "
        "main condition; number: how many different conditions.",
    )
    condition: ConditionCode | None = Field(None, description="Of `present`: the condition.")
    family: ConditionFamily | None = Field(None, description="Of `present`: any condition of this family.")
    at_least: Literal["suspected", "probable", "confirmed"] = Field(
        "suspected", description="Conditions that are less sure than this do not count; those not rated do."
    )

    @model_validator(mode="after")
    def _asks_for_one_thing(self) -> ConditionSource:
        named = [key for key in ("condition", "family") if getattr(self, key) is not None]
        if self.take == "present" and len(named) != 1:
            raise ValueError("`take: present` is of a condition or of a family; name one of them")
        if self.take != "present" and named:
            raise ValueError(f"`take: {self.take}` is of all conditions; remove `{named[0]}`")
        return self

    @property
    def gives(self) -> CovariateType:
        """Whether it is a number or a category."""
        return "number" if self.take == "number" else "category"

    @property
    def levels(self) -> dict[str, str]:
        """Levels that it has by itself; empty where the plan lists them."""
        return dict(NO_OR_YES) if self.take == "present" else {}

    @property
    def codes(self) -> tuple[str, ...]:
        """The conditions that it asks for; all where it is not about some."""
        if self.condition:
            return (self.condition,)
        return tuple(code for code, one in conditions().items() if self.family in (None, one.family))


class SportSource(ListedLevels, Part):
    """A participant's sport and training at entry.

    Rows of the baseline visit, or without a visit and a week. Numbers are summed over the sports, unless one is named;
    years and the distance of the shoes are the largest. Categories are those of the main sport, or of the only one.
    """

    drawn: ClassVar[bool] = True

    table: Literal["sport_training"] = Field(description="The table of sport and training.")
    field: Literal[
        "sessions", "minutes", "distance", "load", "years", "footwear_distance", "sport", "level", "surface", "footwear"
    ] = Field(description="What is taken of it.")
    sport: str | None = Field(None, description="The sport, as the data write it; all, or the main one, unless given.")

    @property
    def gives(self) -> CovariateType:
        """Whether it is a number or a category."""
        return "number" if self.field in SPORT_NUMBERS else "category"


class BaselineOutcome(ListedLevels, Part):
    """The value of an outcome of the plan at the baseline visit."""

    drawn: ClassVar[bool] = False

    table: Literal["assessments"] = Field(description="The outcomes of the plan, from items as well.")
    outcome: Name = Field(description="One of the outcomes of the plan.")

    @property
    def gives(self) -> CovariateType:
        """A number."""
        return "number"


class ParticipantSource(ListedLevels, Part):
    """A number of the participants, to be cut into levels."""

    drawn: ClassVar[bool] = False

    table: Literal["participants"] = Field(description="The table of participants.")
    field: Name = Field(description="A number of the participants: a covariate of the plan, or a field such as age.")

    @property
    def gives(self) -> CovariateType:
        """A number."""
        return "number"


class BaselineMeasure(ListedLevels, ClinicalMeasureSource):
    """A clinical measure at the baseline visit; a sign is 1 or 0, to be cut into levels at 1."""

    drawn: ClassVar[bool] = True

    @property
    def gives(self) -> CovariateType:
        """A number."""
        return "number"


CovariateSource = Annotated[
    ConditionSource | SportSource | BaselineOutcome | ParticipantSource | BaselineMeasure, Field(discriminator="table")
]
"""Where a covariate comes from, by its table."""
