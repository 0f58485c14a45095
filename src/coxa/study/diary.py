"""What a plan says of the daily diary: when it is due, how pain and load are read, and what is asked of its days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pydantic import Field, model_validator

from coxa.study.base import AnyNumber, Name, Part, Problem, known

FLARE = "flare"
"""Outcome of a model of days: whether a flare begins, on the days on which one could."""

DiaryNumber: TypeAlias = Literal[
    "pain",
    "pain_next_morning",
    "pain_during",
    "soreness",
    "fatigue",
    "training_minutes",
    "perceived_exertion",
    "training_load",
    "distance",
    "steps",
    "sleep_hours",
    "sleep_quality",
    "protein",
    "hydration",
    "exercises_prescribed",
    "exercises_done",
]
"""Columns of the diary that are numbers."""

YESTERDAY = "yesterday"


@dataclass(frozen=True, slots=True)
class DiaryScale:
    """What a column of the diary can be.

    low, high        : ends of its range, those of the data dictionary
    unit             : its unit
    higher_is_better : its direction; None where the plan has to say it
    step             : what ratings are rounded to, where they are simulated
    """

    low: float
    high: float
    unit: str
    higher_is_better: bool | None = None
    step: float = 0.1


DIARY_SCALES: dict[str, DiaryScale] = {
    "pain": DiaryScale(0, 10, "points", higher_is_better=False),
    "pain_next_morning": DiaryScale(0, 10, "points", higher_is_better=False),
    "pain_during": DiaryScale(0, 10, "points", higher_is_better=False),
    "soreness": DiaryScale(0, 10, "points", higher_is_better=False),
    "fatigue": DiaryScale(0, 10, "points", higher_is_better=False),
    "training_minutes": DiaryScale(0, 1440, "min", step=1),
    "perceived_exertion": DiaryScale(0, 10, "points"),
    "training_load": DiaryScale(0, 14400, "AU", step=1),
    "distance": DiaryScale(0, 300, "km"),
    "steps": DiaryScale(0, 200000, "steps", step=1),
    "sleep_hours": DiaryScale(0, 24, "h"),
    "sleep_quality": DiaryScale(0, 10, "points", higher_is_better=True),
    "protein": DiaryScale(0, 600, "g", step=1),
    "hydration": DiaryScale(0, 15, "l"),
    "exercises_prescribed": DiaryScale(0, 500, "sets", step=1),
    "exercises_done": DiaryScale(0, 500, "sets", higher_is_better=True, step=1),
}
"""Column -> range, unit and direction."""


class FlareDefinition(Part):
    """When pain counts as a flare; published definitions differ, and the default is a working definition."""

    rise: float = Field(2.0, gt=0, description="Points above the reference that make a day a raised day.")
    days: int = Field(2, ge=1, description="Raised days that make a flare.")
    reference: Literal["baseline_mean", "rolling_median"] = Field(
        "baseline_mean",
        description="What pain is compared with: the mean of the participant's first days in the diary, which are then "
        "not at risk, or the median of the days before.",
    )
    reference_days: int = Field(7, ge=1, description="Calendar days of the reference.")
    min_recorded: int = Field(4, ge=1, description="Recorded days among them, without which there is no reference.")
    max_gap: int = Field(1, ge=0, description="Days in a row without a value that a flare may go on through.")
    source: str | None = Field(None, description="Where the definition comes from (paper, protocol).")

    @model_validator(mode="after")
    def _enough_days(self) -> FlareDefinition:
        if self.min_recorded > self.reference_days:
            raise ValueError(
                f"`min_recorded` is {self.min_recorded}, but the reference has {self.reference_days} days; lower it"
            )
        return self


class BandDefinition(Part):
    """Cut points of the pain-monitoring model, by which training is progressed."""

    safe: float = Field(2.0, ge=0, le=10, description="Pain up to and with this is safe.")
    acceptable: float = Field(5.0, ge=0, le=10, description="Pain above `safe`, up to and with this, is acceptable.")
    tolerance: float = Field(
        0.0, ge=0, description="Points by which the mean of a week may exceed that of the week before."
    )
    min_recorded: int = Field(
        4, ge=1, le=7, description="Days with pain in a week, without which nothing is known of its progression."
    )
    source: str = Field(
        "pain-monitoring model of Thomee and Silbernagel (safe to 2, acceptable to 5); published cut points differ",
        min_length=1,
        description="Where the cut points come from.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> BandDefinition:
        if not self.safe < self.acceptable < 10:
            raise ValueError(
                f"bands of {self.safe:g} and {self.acceptable:g} are not in order; write `safe` below `acceptable`, "
                "and `acceptable` below 10"
            )
        return self


class Standard(Part):
    """A range that days are counted in, with its source, such as 7 to 9 hours of sleep."""

    range: tuple[float, float] = Field(description="Lowest and highest value that meets the standard.")
    source: str = Field(min_length=1, description="Where the standard comes from; it is printed with the share.")

    @model_validator(mode="after")
    def _not_empty(self) -> Standard:
        if self.range[0] > self.range[1]:
            raise ValueError(f"range {list(self.range)} is empty; write [lowest, highest]")
        return self


class LoadOptions(Part):
    """How recent training load is compared with earlier load."""

    field: Literal["training_load", "training_minutes", "distance", "steps"] = Field(
        "training_load", description="Column of the diary that is the load of a day; 0 on a day of rest."
    )
    missing: Literal["unknown", "zero"] = Field(
        "unknown", description="What a day without an entry means: not known, or a day of rest."
    )
    min_recorded: float = Field(
        0.7, gt=0, le=1, description="Share of the days of a window without which it has no load."
    )


class DiaryModel(Part):
    """A model of days: what moves with an outcome within participants, and between them."""

    label: str | None = Field(None, description="How it is called in the report.")
    outcome: DiaryNumber | Literal["flare"] = Field(
        description="A column of the diary; `flare`: whether a flare begins, by `flares`."
    )
    yesterday: AnyNumber[DiaryNumber] = Field((), description="Columns whose value of the day before is asked about.")
    same_day: AnyNumber[DiaryNumber] = Field((), description="Columns whose value of the same day is asked about.")
    per: dict[DiaryNumber, float] = Field(
        default_factory=dict, description="Column: the difference that its effect is stated for, for example 100."
    )
    adjust: AnyNumber[Name] = Field((), description="Covariates of the plan.")
    slopes: bool = Field(
        False, description="True: participants differ in their course over the weeks. Not of the outcome `flare`."
    )

    @model_validator(mode="after")
    def _asks_something(self) -> DiaryModel:
        asked = [*self.yesterday, *self.same_day]
        if not asked:
            raise ValueError("the model asks about nothing; add columns under `yesterday` or `same_day`")
        if self.outcome in self.same_day or (self.outcome == FLARE and "pain" in self.same_day):
            raise ValueError(f"`{self.outcome}` explains itself; remove it from `same_day`")
        if self.outcome == FLARE and self.slopes:
            raise ValueError("a model of flares has no `slopes`; remove the key")
        strange = [name for name in self.per if name not in asked]
        if strange:
            raise ValueError(f"`per` names {strange[0]}, which the model does not ask about; remove it")
        if any(not size > 0 for size in self.per.values()):
            raise ValueError("`per` has a difference that is not above 0; write for example `training_load: 100`")
        return self


class DiaryVariability(Part):
    """How variable the days of a participant are, by arm, with their level: a mixed location scale model."""

    label: str | None = Field(None, description="How it is called in the report.")
    outcome: DiaryNumber = Field(description="A column of the diary.")
    random_scale: bool = Field(True, description="Participants differ in how variable their days are.")
    between_by_arm: bool = Field(
        False, description="True: the spread between participants has a value of its own in each arm."
    )


class Diary(Part):
    """The daily diary of a plan: when it is due, its standards and definitions, and models of its days."""

    first_day: int = Field(1, description="First study day on which the diary is due.")
    last_day: int | None = Field(
        None, description="Last study day on which it is due; the day of the last entry of all, unless given."
    )
    only_in: tuple[Name, ...] = Field(
        (), description="Arms or groups in which a diary is kept; all, unless given. In others nothing is due."
    )
    complete_at: float = Field(
        0.8, gt=0, le=1, description="Share of the days due from which a diary counts as kept; a working cut."
    )
    bands: BandDefinition = Field(
        default_factory=lambda: BandDefinition.model_validate({}), description="Bands of pain, and when it rises."
    )
    flares: FlareDefinition = Field(
        default_factory=lambda: FlareDefinition.model_validate({}), description="When pain counts as a flare."
    )
    standards: dict[DiaryNumber, Standard] = Field(
        default_factory=dict, description="Column: a range in which days are counted, with its source."
    )
    load: LoadOptions = Field(
        default_factory=lambda: LoadOptions.model_validate({}), description="How training load is compared."
    )
    models: dict[Name, DiaryModel] = Field(default_factory=dict, description="What is asked of the days.")
    variability: dict[Name, DiaryVariability] = Field(
        default_factory=dict, description="Of which columns the report asks how variable the days of a participant are."
    )

    @model_validator(mode="after")
    def _is_due(self) -> Diary:
        if self.last_day is not None and self.last_day < self.first_day:
            raise ValueError(
                f"the diary is due on no day, as `first_day` is {self.first_day} and `last_day` {self.last_day}; "
                "correct one of them"
            )
        return self


def diary_problems(diary: Diary | None, covariates: Iterable[str], groups: Iterable[str]) -> Iterator[Problem]:
    """Yield covariates of models, and arms, that the plan does not have."""
    if diary is not None:
        yield from known(diary.only_in, groups, "arm", ("diary", "only_in"))
    for name, model in (diary.models if diary else {}).items():
        yield from known(model.adjust, covariates, "covariate", ("diary", "models", name, "adjust"))


def arms_with_diary(diary: Diary | None, groups: Iterable[str]) -> tuple[str, ...]:
    """Return the arms or groups of a plan in which a diary is kept, in their order."""
    kept = diary_of(diary).only_in
    return tuple(name for name in groups if not kept or name in kept)


def diary_of(diary: Diary | None) -> Diary:
    """Return what a plan says of its diary, the defaults where it says nothing."""
    return diary or Diary.model_validate({})
