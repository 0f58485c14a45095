"""What may happen to a participant at any time, with its date, and composites that rank by several outcomes."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from coxa.study.base import Name, OneOrMany, Part
from coxa.study.outcome import ImportantDifference, Outcome, Responder
from coxa.study.words import Measure, ReturnLevel

EventTable = Literal[
    "outcome_events",
    "adverse_events",
    "intercurrent_events",
    "return_to_sport",
    "participants",
    "treatment_sessions",
    "daily_diary",
    "goals",
]

DATES: dict[str, str] = {
    "outcome_events": "event_date",
    "adverse_events": "start_date",
    "intercurrent_events": "event_date",
    "return_to_sport": "return_date",
    "participants": "discontinuation_date",
    "treatment_sessions": "session_date",
    "daily_diary": "diary_date",
    "goals": "met_date",
}
"""Table -> its column of the day of an event, unless the plan names another."""


class NotAScore(Part):
    """What every outcome that is not measured at visits has in common with one that is."""

    instrument: ClassVar[None] = None
    responder: ClassVar[tuple[Responder, ...]] = ()
    response: ClassVar[None] = None
    summary: ClassVar[Literal["mean_sd"]] = "mean_sd"

    label: str | None = Field(None, description="How it is called in tables and figures.")
    important_difference: ImportantDifference | None = Field(
        None, description="Smallest `ratio` between arms that patients call important, with its source."
    )

    @model_validator(mode="after")
    def _compared_by_ratios(self) -> NotAScore:
        if self.important_difference is not None and self.important_difference.ratio is None:
            raise ValueError("the important difference of an event is a ratio; write `ratio: 1.5` in place of `value`")
        return self


class EventSource(Part):
    """Where the events are, if not in the table `outcome_events` under the name of the event."""

    table: EventTable = Field("outcome_events", description="Table of the data.")
    where: dict[Name, OneOrMany[str]] = Field(
        default_factory=dict,
        description="Column: the words that a row has to have, for example `status: [return_to_sport]`.",
    )
    level: ReturnLevel | None = Field(
        None,
        description="Of `return_to_sport`: the event is the first return to this level or a higher one, by its "
        "`return_date`.",
    )
    date: Name | None = Field(None, description="Column of the date; that of the table's first day unless given.")
    flare: bool = Field(
        False,
        description="True: the events are the flares of pain in the daily diary, each on its first day, as `diary: "
        "flares` defines them; observation ends with the last entry.",
    )

    @model_validator(mode="after")
    def _flares_are_in_the_diary(self) -> EventSource:
        if self.flare and self.table != "daily_diary":
            raise ValueError("flares are derived from the diary; write `table: daily_diary`, or remove `flare`")
        if self.flare and (self.where or self.date):
            raise ValueError("flares are derived from pain; remove `where` and `date`")
        return self

    @model_validator(mode="after")
    def _levels_of_returns(self) -> EventSource:
        if self.level is not None and (self.table != "return_to_sport" or self.where or self.date):
            raise ValueError(
                "`level` is of `table: return_to_sport`, and says which rows and which date; remove `where` and "
                "`date`, or `level`"
            )
        return self


class EventOutcome(NotAScore):
    """Something that happens on a day, once or more often: return to sport, an injury, a flare, surgery."""

    higher_is_better: bool = Field(description="True where the event is wanted, such as a return to sport.")
    source: EventSource = Field(
        default_factory=lambda: EventSource.model_validate({}),
        description="Table and rows in which the events are; `outcome_events`, under the name of the event, unless "
        "given.",
    )
    competing: OneOrMany[Name] = Field(
        (), description="Other events of the plan after which this one can no longer happen, such as surgery."
    )
    after: Name | None = Field(
        None,
        description="Event of the plan from which days are counted, as a return to sport before a recurrence. "
        "Participants to whom that event did not happen are not at risk.",
    )
    per_days: int = Field(365, gt=0, description="Rates are of events per so many days of observation.")
    known_at_visits: bool = Field(
        False,
        description="True where the day of an event is that of the visit at which it was asked for: the event "
        "happened at some time since the visit before.",
    )


class RankedComponent(Part):
    """One step of a hierarchical comparison of two participants."""

    outcome: Name = Field(description="An outcome or an event of the plan.")
    measure: Measure = Field(
        "value", description="time or event of an event; value, change or responder of an outcome."
    )
    at_least: float = Field(
        0.0, ge=0, description="Two participants who differ by less than this are tied, and the next step decides."
    )


class Composite(NotAScore):
    """Several outcomes in order of importance: two participants are compared by the first in which they differ."""

    higher_is_better: ClassVar[bool] = True

    order: tuple[RankedComponent, ...] = Field(description="The steps, the most important first.")

    @model_validator(mode="after")
    def _several_steps(self) -> Composite:
        if len(self.order) < 2:
            raise ValueError("a composite has at least two steps; analyse a single outcome by itself")
        return self


def kind_of(outcome: Outcome | EventOutcome | Composite) -> str:
    """Return the kind of an outcome, as measures go by it: that of the plan, `event` or `composite`."""
    if isinstance(outcome, EventOutcome):
        return "event"
    return "composite" if isinstance(outcome, Composite) else outcome.kind
