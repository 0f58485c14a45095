"""What a plan tests, and how its level is shared: among hypotheses by a graph, and among looks by boundaries."""

from __future__ import annotations

import itertools

from pydantic import Field, model_validator

from coxa.errors import not_allowed
from coxa.hypotheses.words import Boundary, Intersection, Procedure
from coxa.study.base import Name, Part


class Hypothesis(Part):
    """One hypothesis: a comparison of an analysis, and its part of the level."""

    label: str | None = Field(None, description="How the hypothesis is called in the report.")
    analysis: Name = Field(description="One of the analyses.")
    arm: Name | None = Field(None, description="The arm that is compared; needed where the estimand compares several.")
    visit: Name | None = Field(None, description="The visit; needed where the estimand names several.")
    weight: float | None = Field(
        None, ge=0, le=1, description="Of `procedure: graph` and `fallback`: its share of the level, at the start."
    )
    passes: dict[Name, float] = Field(
        default_factory=dict,
        description="Of `procedure: graph`: hypothesis: the share of the weight that goes there when this one is "
        "rejected.",
    )


class Hypotheses(Part):
    """Hypotheses that share one level, so that the probability of any false claim of benefit is at most alpha.

    Examples
    --------
    >>> from coxa.study import Hypotheses
    >>> Hypotheses.model_validate({"tested": {"pain": {"analysis": "primary", "weight": 1}}}).procedure
    'graph'
    """

    alpha: float = Field(0.025, gt=0, lt=0.5, description="One-sided level of all of them together.")
    procedure: Procedure = Field(
        "graph",
        description="graph: weights and transitions as written; holm; fixed_sequence and fallback: in the order of "
        "`tested`.",
    )
    test: Intersection = Field(
        "bonferroni",
        description="Of an intersection of hypotheses: bonferroni holds always; simes for statistics that are "
        "independent or positively dependent; parametric by `correlation`.",
    )
    correlation: dict[Name, dict[Name, float]] = Field(
        default_factory=dict,
        description="Of `test: parametric`: hypothesis: hypothesis: correlation of their statistics, each pair once; "
        "1/2 for two arms of the size of their common control.",
    )
    tested: dict[Name, Hypothesis] = Field(min_length=1, description="The hypotheses, in order.")

    @model_validator(mode="after")
    def _shares_fit(self) -> Hypotheses:
        for name, one in self.tested.items():
            self._check_one(name, one)
        weights = [one.weight or 0.0 for one in self.tested.values()]
        if self.procedure in ("graph", "fallback") and not 0 < sum(weights) <= 1 + 1e-9:
            raise ValueError(f"the weights add up to {sum(weights):g}; give weights that add up to 1")
        if self.test == "parametric" and not self.correlation:
            raise ValueError("a parametric test needs the correlation of the statistics; give `correlation`")
        return self

    def _check_one(self, name: str, one: Hypothesis) -> None:
        weighted = self.procedure in ("graph", "fallback")
        if weighted and one.weight is None:
            raise ValueError(f"hypothesis {name} has no weight; give `weight`, 0 for one that starts without any")
        if not weighted and one.weight is not None:
            raise ValueError(f"`procedure: {self.procedure}` sets the weights; remove `weight` of hypothesis {name}")
        if self.procedure != "graph" and one.passes:
            raise ValueError(f"`procedure: {self.procedure}` sets the transitions; remove `passes` of {name}")
        if sum(one.passes.values()) > 1 + 1e-9 or any(share < 0 for share in one.passes.values()):
            raise ValueError(f"hypothesis {name} passes on {sum(one.passes.values()):g}; give shares of at most 1")
        for other in (*one.passes, *self.correlation, *(two for row in self.correlation.values() for two in row)):
            if other not in self.tested:
                raise ValueError(not_allowed("hypothesis", other, self.tested))
        if name in one.passes:
            raise ValueError(f"hypothesis {name} passes weight to itself; name others in `passes`")


class Look(Part):
    """An interim look."""

    label: str | None = Field(None, description="How the look is called in the report.")
    fraction: float = Field(gt=0, lt=1, description="Information at the look, as a share of that at the final one.")
    futility: float | None = Field(
        None,
        description="Z, in the direction of a benefit, at or below which the study may stop for futility; the boundary "
        "is not binding.",
    )


class Interim(Part):
    """Looks at the data before the final analysis.

    Examples
    --------
    >>> from coxa.study import Interim
    >>> Interim.model_validate({"looks": [{"fraction": 0.5}]}).fractions
    (0.5, 1.0)
    """

    boundary: Boundary = Field(
        "ld_obrien_fleming",
        description="ld_obrien_fleming, ld_pocock, hwang_shih_decani: the level is spent by a function, with the "
        "information as observed; obrien_fleming, pocock: boundaries of the planned looks.",
    )
    gamma: float = Field(-4.0, description="Of `boundary: hwang_shih_decani`.")
    participants: int | None = Field(
        None,
        ge=2,
        description="Participants with the endpoint at the final analysis, by which the fraction of a look is "
        "computed; those of `assumptions` unless given.",
    )
    looks: tuple[Look, ...] = Field(min_length=1, description="The interim looks in order, without the final one.")

    @model_validator(mode="after")
    def _looks_in_order(self) -> Interim:
        shares = [look.fraction for look in self.looks]
        if any(a >= b for a, b in itertools.pairwise(shares)):
            raise ValueError(f"the fractions of the looks are {shares}; write them in rising order")
        return self

    @property
    def fractions(self) -> tuple[float, ...]:
        """Planned information fractions, the final look with 1 among them."""
        return (*(look.fraction for look in self.looks), 1.0)

    def look_label(self, look: int) -> str:
        """Return what a look is called, from 1."""
        if look > len(self.looks):
            return "Final analysis"
        return self.looks[look - 1].label or f"Look {look}"
