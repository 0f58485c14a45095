"""What analyses of means may ask of subgroups and modifiers in a plan."""

from __future__ import annotations

from pydantic import Field, model_validator

from coxa.study.parts import Name, Part


class Modified(Part):
    """Options on whom an effect is larger in."""

    subgroups: tuple[Name, ...] = Field((), description="Covariates in whose levels the arms are compared too.")
    shrink_subgroups: float | None = Field(
        None,
        gt=0,
        description="Also give the differences in subgroups drawn towards their mean: how much they may differ "
        "between subgroups before anything is known, in units of the outcome (scale of a half-normal distribution).",
    )
    modifiers: tuple[Name, ...] = Field(
        (),
        description="Covariates that are numbers, or `baseline`, over which the difference between arms is shown as "
        "a curve (restricted cubic spline, 3 knots) with a band for all values together.",
    )

    @model_validator(mode="after")
    def _something_to_shrink(self) -> Modified:
        if self.shrink_subgroups is not None and not self.subgroups:
            raise ValueError("`shrink_subgroups` is of `subgroups`, and there are none; name them")
        return self
