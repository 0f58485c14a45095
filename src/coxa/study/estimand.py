"""An estimand after ICH E9(R1): population, treatment, endpoint, intercurrent events, summary."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from coxa.study.parts import Name, OneOrMany, Part
from coxa.study.words import AnalysisSet, Measure, Strategy, Summary


class Treatment(Part):
    """The treatment conditions compared."""

    compare: OneOrMany[Name] = Field(description="Arms that are compared ...")
    against: Name = Field(description="... each against this arm.")


class Endpoint(Part):
    """The variable: which outcome, measured how, when."""

    outcome: Name = Field(description="One of the outcomes, events or composites.")
    measure: Measure = Field(
        "value",
        description="Of an outcome the value itself, its change from baseline, or response; of an event whether it "
        "happened by the visit (event), how often (count) or when first (time); of a composite its ranking.",
    )
    visit: OneOrMany[Name] = Field(description="A visit, or a list of visits.")


class PeriodEndpoint(Endpoint):
    """The variable of n-of-1 trials: which outcome, measured how, at the ends of which periods."""

    visit: OneOrMany[Name] = Field((), description="A period, or a list of periods; all of them unless given.")


class Handling(Part):
    """How an estimand treats one kind of intercurrent event."""

    strategy: Strategy = Field(description="ICH E9(R1) strategy; `event: strategy` is a shorter form.")
    value: float | Literal["worst"] | None = Field(
        None,
        description="For composite, of a value or its change: the value given after the event, or `worst` of the "
        "range. A responder is none after it, and an event has no value: leave it out there.",
    )

    @model_validator(mode="after")
    def _only_composite_has_a_value(self) -> Handling:
        if self.value is not None and self.strategy != "composite":
            raise ValueError("a composite strategy, and no other, has a `value`; remove it")
        return self


class Estimand(Part):
    """What is to be estimated, in the five attributes of ICH E9(R1)."""

    label: str | None = Field(None, description="How the estimand is called in the report.")
    population: AnalysisSet = Field("full_analysis_set", description="Analysis set.")
    treatment: Treatment = Field(description="The arms compared.")
    endpoint: Endpoint = Field(description="The variable: outcome, measure, visit.")
    intercurrent_events: dict[Name, Handling] = Field(
        default_factory=dict, description="A strategy for every intercurrent event of the plan."
    )
    summary: Summary = Field("difference_in_means", description="Population-level summary.")

    @field_validator("intercurrent_events", mode="before", json_schema_input_type=dict[Name, Strategy | Handling])
    @classmethod
    def _word_or_mapping(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {name: {"strategy": how} if isinstance(how, str) else how for name, how in given.items()}

    @model_validator(mode="after")
    def _two_arms(self) -> Estimand:
        if self.treatment.against in self.treatment.compare:
            raise ValueError(f"arm {self.treatment.against!r} is compared against itself; name two different arms")
        return self


class PeriodEstimand(Estimand):
    """What is to be estimated in n-of-1 trials, in the five attributes of ICH E9(R1)."""

    endpoint: PeriodEndpoint = Field(description="The variable: outcome, measure, and periods unless all are meant.")
