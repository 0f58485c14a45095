"""Outcomes of a plan: what is measured, of what kind, on which scale, and when somebody is a responder."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    FiniteFloat,
    ValidationError,
    field_serializer,
    field_validator,
    model_validator,
)

from coxa.study.base import Name, Part
from coxa.study.outcome_sources import SOURCES, OutcomeSource
from coxa.study.words import OutcomeKind


class Responder(Part):
    """When a participant counts as a responder; improvement follows the direction of the outcome."""

    measure: Literal["change", "percent_change", "value"] = Field(
        description="change or percent_change (of improvement from baseline), or the value itself."
    )
    at_least: float = Field(
        description="Smallest improvement, or for `value` the mark to reach; always a positive number."
    )
    source: str | None = Field(None, description="Where the cut comes from (paper, population, method).")


def _listed(given: Any) -> Any:
    """Return a single rule as a list of one, and none as an empty one."""
    return () if given is None else given if isinstance(given, list | tuple) else (given,)


class ImportantDifference(Part):
    """The smallest difference between arms that patients call important: of a score, or as a ratio."""

    value: float | None = Field(None, gt=0, description="Of a score: in units of the outcome.")
    ratio: float | None = Field(
        None,
        gt=0,
        description="Of every other outcome, and of an event: odds ratio, risk ratio, rate ratio or hazard ratio, as "
        "the estimand compares; 1.5 and 1/1.5 are as far from no difference.",
    )
    source: str = Field(min_length=1, description="Where it comes from (paper, population, method).")

    @model_validator(mode="after")
    def _one_of_both(self) -> ImportantDifference:
        if (self.value is None) == (self.ratio is None):
            raise ValueError("an important difference is a `value` of a score, or a `ratio`; write one of them")
        if self.ratio == 1:
            raise ValueError("a ratio of 1 is no difference; write for example `ratio: 1.5`, or `ratio: 0.67`")
        return self


class MeasuredOutcome(Part):
    """What any plan says of an outcome: a scale of a known instrument, or its own range and direction."""

    label: str | None = Field(None, description="How the outcome is called in tables and figures.")
    instrument: str | None = Field(None, description="Name of an instrument that coxa knows.")
    scale: str | None = Field(None, description="Scale of the instrument.")
    version: str | None = Field(None, description="Version of the instrument, where it has several.")
    rule: str | None = Field(None, description="Missing-item rule, where the instrument has several.")
    range: tuple[FiniteFloat, FiniteFloat] | None = Field(None, description="Lowest and highest possible value.")
    unit: str | None = Field(None, description="Unit of the values; points for an instrument.")
    higher_is_better: bool | None = Field(None, description="Direction; taken from the instrument if named.")
    summary: Literal["mean_sd", "median_iqr"] = Field(
        "mean_sd", description="How observed values are described: mean (SD), or median [quartiles]."
    )

    @property
    def is_score(self) -> bool:
        """Whether values are numbers on a scale."""
        return True

    @model_validator(mode="after")
    def _says_what_it_measures(self) -> MeasuredOutcome:
        if not self.is_score:
            if self.higher_is_better is None:
                raise ValueError(
                    "an outcome that is no score needs its direction; add `higher_is_better: true` or `false`"
                )
        elif self.instrument is None:
            if self.range is None or self.higher_is_better is None:
                raise ValueError(
                    "an outcome without an instrument needs its range and direction; add for example "
                    "`range: [0, 100]` and `higher_is_better: true`, or name an `instrument`"
                )
            if self.range[0] >= self.range[1]:
                raise ValueError(f"range {list(self.range)} is empty; write [lowest, highest]")
        elif self.range is not None or self.higher_is_better is not None:
            raise ValueError("range and direction come from the instrument; remove `range` and `higher_is_better`")
        return self


class Outcome(MeasuredOutcome):
    """An outcome: a scale of a known instrument, a measure with its own range and direction, or of another kind."""

    kind: OutcomeKind = Field(
        "score",
        description="score: a number on a scale; yes_no: 1 or 0; ordered: levels, of which there is an order and no "
        "distance; count: a number of events since the visit before, or in a time of its own (`exposure`).",
    )
    levels: dict[int, str] | None = Field(
        None, description="Of an ordered outcome: code of each level and its label, from the lowest to the highest."
    )
    source: OutcomeSource | None = Field(
        None,
        description="Where the values are worked out from, if they are not in the assessments: a table by name, with "
        "what of it counts. Range, unit and direction are those of the table where it has them.",
    )
    exposure: Name | None = Field(
        None,
        description="Of a count: the outcome or numeric covariate that has the time or the sessions in which the "
        "events could happen.",
    )
    responder: Annotated[
        tuple[Responder, ...], BeforeValidator(_listed, json_schema_input_type=Responder | list[Responder])
    ] = Field(
        (),
        description="When a participant counts as a responder: a rule, or a list of rules. Estimands use the first; "
        "by each of them responders are counted at every visit.",
    )
    important_difference: ImportantDifference | None = Field(
        None,
        description="Smallest difference that patients call important, shown with every estimate of the outcome: "
        "`value` of a score, `ratio` of another kind; of a score without it a published threshold of `report: "
        "thresholds`, or a `responder` rule of a change, where it has a source.",
    )

    @model_validator(mode="before")
    @classmethod
    def _as_its_source(cls, given: Any) -> Any:
        """Hold kind and source together; take range, unit and direction from the source where the plan has none."""
        if not isinstance(given, dict) or given.get("source") is None:
            return given
        if given.get("instrument") is not None:
            raise ValueError("values come from an `instrument` or from a `source`; remove one of them")
        try:
            source = SOURCES.validate_python(given["source"])
        except ValidationError:
            return given  # the field itself says what is wrong, and where
        kind = given.get("kind", "score")
        if problem := source.problem(kind):
            raise ValueError(problem)
        scale = source.scale
        if kind != "score":
            kept = ("higher_is_better", "levels") if kind == "ordered" else ("higher_is_better",)
            scale = {name: value for name, value in scale.items() if name in kept}
        levels, codes = given.get("levels"), list(scale.get("levels", ()))
        if isinstance(levels, dict) and codes and [str(code) for code in levels] != list(map(str, codes)):
            raise ValueError(
                f"the values of the source are {', '.join(map(str, codes))}, and `levels` has "
                f"{', '.join(map(str, levels))}; give each of them its label, or remove `levels`"
            )
        return {**scale, **given}

    @property
    def is_score(self) -> bool:
        """Whether values are numbers on a scale."""
        return self.kind == "score"

    @property
    def response(self) -> Responder | None:
        """The rule by which estimands count responders; None where the outcome has none."""
        return self.responder[0] if self.responder else None

    @field_serializer("responder")
    def _as_written(self, rules: tuple[Responder, ...]) -> Responder | tuple[Responder, ...] | None:
        """Keep a single rule a mapping, as it is written, so that the lock of a plan does not change."""
        return rules if len(rules) > 1 else (rules or (None,))[0]

    @field_validator("responder")
    @classmethod
    def _different_rules(cls, rules: tuple[Responder, ...]) -> tuple[Responder, ...]:
        cuts = [(rule.measure, rule.at_least) for rule in rules]
        if len(set(cuts)) < len(cuts):
            raise ValueError("two `responder` rules have the same measure and cut; keep one of them")
        return rules

    @model_validator(mode="after")
    def _kind_has_its_keys(self) -> Outcome:
        if (self.levels is not None) != (self.kind == "ordered"):
            raise ValueError(
                "an outcome of `kind: ordered`, and no other, has `levels`; write for example `levels: {1: Worse, 2: "
                "Unchanged, 3: Better}`"
            )
        if self.levels is not None and (len(self.levels) < 2 or list(self.levels) != sorted(self.levels)):
            raise ValueError("`levels` are at least two, in the order of their codes; write the lowest first")
        if self.exposure is not None and self.kind != "count":
            raise ValueError("only a count has an `exposure`; write `kind: count`, or remove it")
        if self.kind in ("yes_no", "ordered", "count") and (self.range is not None or self.instrument is not None):
            raise ValueError(f"an outcome of `kind: {self.kind}` has no `range` and no `instrument`; remove them")
        return self

    @model_validator(mode="after")
    def _scores_have_responders(self) -> Outcome:
        if self.kind != "score" and self.responder:
            raise ValueError(f"an outcome of `kind: {self.kind}` has no `responder` rule; remove it")
        if self.important_difference is None:
            return self
        if self.kind == "score" and self.important_difference.value is None:
            raise ValueError("the important difference of a score is in its units; write `value` in place of `ratio`")
        if self.kind != "score" and self.important_difference.ratio is None:
            raise ValueError(
                f"the important difference of an outcome of `kind: {self.kind}` is a ratio; write `ratio: 1.5` in "
                "place of `value`"
            )
        return self
