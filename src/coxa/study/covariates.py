"""Characteristics and covariates: baseline variables of the participants, their own or taken from other tables."""

from __future__ import annotations

from typing import Any, Literal, Self, cast

from pydantic import Field, FiniteFloat, TypeAdapter, ValidationError, model_validator

from coxa.study.base import AnyNumber, Part
from coxa.study.conditions import conditions
from coxa.study.covariate_sources import ConditionSource, CovariateSource, CovariateType
from coxa.study.labels import readable


class Characteristic(Part):
    """A baseline variable of the participants, to describe them or to adjust for."""

    label: str | None = Field(None, description="How the covariate is called in tables.")
    type: CovariateType = Field(description="The type is declared, never guessed.")
    unit: str | None = Field(None, description="Unit of a number.")
    levels: dict[str, str] | tuple[str, ...] | None = Field(
        None, description="Levels of a category in order, as a list or as name: label."
    )
    range: tuple[FiniteFloat, FiniteFloat] | None = Field(None, description="Lowest and highest plausible number.")
    summary: Literal["mean_sd", "median_iqr"] = Field(
        "mean_sd", description="How a number is shown: mean (SD), or median [quartiles]."
    )

    @model_validator(mode="after")
    def _levels_for_categories(self) -> Self:
        if self.type == "category" and not self.levels:
            raise ValueError("the category has no `levels`; list them in the order in which they are shown")
        if self.type == "number" and self.levels:
            raise ValueError("a number has no `levels`; use `type: category`, or remove them")
        return self

    def level_labels(self) -> dict[str, str]:
        """Return level -> label, in order."""
        if isinstance(self.levels, dict):
            return dict(self.levels)
        return {level: readable(level) for level in self.levels or ()}


class Covariate(Characteristic):
    """A baseline variable of the participants: a column of their table, or taken from another."""

    type: CovariateType = Field(
        default=cast(CovariateType, None),  # a covariate without one is refused below
        description="The type is declared, never guessed; a `source` has its own.",
    )
    source: CovariateSource | None = Field(
        None,
        description="The table that it is taken from, at baseline; unless given a column of the participants.",
    )
    cuts: AnyNumber[FiniteFloat] = Field(
        (), description="Of a number that is cut into levels: where each level but the first begins, ascending."
    )

    @model_validator(mode="before")
    @classmethod
    def _as_its_source_says(cls, given: Any) -> Any:
        """Take the type from the source, and the levels where the source has its own."""
        if isinstance(given, dict) and given.get("source") is None and given.get("levels"):
            return {"type": "category", **given}
        if not isinstance(given, dict) or given.get("source") is None:
            return given
        try:
            source = TypeAdapter(CovariateSource).validate_python(given["source"])
        except ValidationError:
            return given  # the field itself says what is wrong
        filled = {"type": "category" if given.get("cuts") else source.gives, **given}
        if isinstance(source, ConditionSource) and source.take == "main" and isinstance(given.get("levels"), list):
            filled["levels"] = {code: getattr(conditions().get(code), "label", code) for code in given["levels"]}
        return filled if not source.levels else {"levels": source.levels, **filled}

    @model_validator(mode="after")
    def _has_a_type(self) -> Covariate:
        if self.type is None:
            raise ValueError("the covariate has no `type`; write `type: number`, or `type: category` with its `levels`")
        return self

    @model_validator(mode="after")
    def _source_fits(self) -> Covariate:
        source, levels = self.source, len(self.level_labels())
        if self.cuts:
            if source is None or source.gives != "number" or self.type != "category":
                raise ValueError("`cuts` are of a `source` that gives a number; write both, and `levels`")
            if list(self.cuts) != sorted(set(self.cuts)) or len(self.cuts) != levels - 1:
                raise ValueError(f"`cuts` are ascending, one less than the {levels} levels; write where each begins")
        elif source is not None and source.gives != self.type:
            raise ValueError(f"this source gives a {source.gives}; write `type: {source.gives}`, or add `cuts`")
        if source is not None and source.levels and set(self.level_labels()) != set(source.levels):
            raise ValueError(f"the levels of this source are {' and '.join(source.levels)}; write labels of these only")
        return self
