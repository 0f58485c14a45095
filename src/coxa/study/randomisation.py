"""The part of a plan that says how participants, or clusters of them, are randomised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from coxa.errors import not_allowed
from coxa.study.allocation_rules import block_problem, name_problem, probability_problem, weight_problem
from coxa.study.parts import Arm, Covariate, Name, OneOrMany, Part
from coxa.study.words import Design

Share = Annotated[int, Field(ge=1)]


class RedcapField(Part):
    """What REDCap calls a field of the allocation table, and its choices."""

    field: str | None = Field(None, description="Field in REDCap, where it is not called as in the plan.")
    codes: dict[str, str | int] = Field(
        default_factory=dict, description="Word of the plan: REDCap's code; words not named are their own code."
    )


class Randomisation(Part):
    """How participants, or clusters of them, are allocated to the arms. `coxa randomise` draws the list."""

    scheme: Literal["simple", "blocks", "minimisation"] = Field(
        description="Independent draws, permuted blocks (within strata, if there are any), or minimisation."
    )
    ratio: dict[Name, Share] = Field(
        default_factory=dict, description="Arm: its share, in whole numbers; all arms alike if not given."
    )
    block_sizes: OneOrMany[Share] | None = Field(
        None, description="For blocks: a size, or several of which one is drawn for each block."
    )
    strata: OneOrMany[Name] = Field(
        (), description="For blocks: covariates of type category; every combination of levels has blocks of its own."
    )
    factors: OneOrMany[Name] = Field((), description="For minimisation: covariates of type category to be balanced.")
    weights: dict[Name, float] = Field(
        default_factory=dict, description="For minimisation: factor: weight of its imbalance; 1 if not given."
    )
    probability: float = Field(
        0.8, gt=0, le=1, description="For minimisation: probability of the favoured arm; 1 leaves chance only to ties."
    )
    measure: Literal["range", "variance"] = Field(
        "range", description="For minimisation: how far apart the arms' counts within a level are."
    )
    cluster: Name | None = Field(
        None,
        description="What is randomised instead of participants, such as `clinic`; the covariates describe it.",
    )
    redcap: dict[Name, RedcapField] = Field(
        default_factory=dict, description="`arm` or a stratum: its field and codes in REDCap."
    )

    @model_validator(mode="after")
    def _says_what_its_scheme_needs(self) -> Randomisation:
        if self.scheme == "blocks" and self.block_sizes is None:
            raise ValueError("blocks need `block_sizes`; add for example `block_sizes: [4, 6]`")
        if self.scheme != "blocks" and (self.block_sizes is not None or self.strata):
            raise ValueError(
                f"`block_sizes` and `strata` belong to `scheme: blocks`; this one is {self.scheme}"
                + (", whose covariates are `factors`" if self.scheme == "minimisation" else "; remove them")
            )
        if self.scheme == "minimisation" and not self.factors:
            raise ValueError("minimisation needs `factors`; name covariates, for example `factors: [site, sex]`")
        if self.scheme != "minimisation" and (self.factors or self.weights):
            raise ValueError(
                "`factors` and `weights` belong to `scheme: minimisation`; for blocks within levels use `strata`"
            )
        return self

    @property
    def covariates(self) -> tuple[str, ...]:
        """The covariates that the scheme looks at."""
        return self.strata or self.factors

    def shares(self, arms: Mapping[str, Arm]) -> dict[str, int]:
        """Return arm -> share, in the plan's order."""
        return {arm: self.ratio.get(arm, 1) for arm in arms}


def randomisation_problems(
    part: Randomisation, arms: Mapping[str, Arm], covariates: Mapping[str, Covariate], design: Design
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield what the randomisation and the other parts of a plan disagree about: where, and what with its remedy."""
    for arm in part.ratio:
        if arm not in arms:
            yield ("ratio",), not_allowed("arm", arm, arms)
    silent = [arm for arm in arms if part.ratio and arm not in part.ratio]
    if silent:
        yield ("ratio",), f"{', '.join(silent)} has no share; give every arm its share, or leave out `ratio`"
    if len(arms) < 2:
        yield (), "a randomisation has at least two arms; remove `randomisation`, or add the arms"
        return
    key = "strata" if part.strata else "factors"
    for name in part.covariates:
        if name not in covariates:
            yield (key,), not_allowed("covariate", name, covariates or ["(none declared)"])
        elif covariates[name].type == "number":
            yield (key,), f"'{name}' is a number; add a covariate of `type: category` with its levels"
        elif len(covariates[name].level_labels()) < 2:
            yield (key,), f"'{name}' has one level and divides no participants; leave it out"
    if len(set(part.covariates)) < len(part.covariates):
        yield (key,), f"a covariate is there twice; name each once in `{key}`"
    if message := name_problem(part.covariates):
        yield (key,), message
    shares = part.shares(arms)
    if part.block_sizes is not None and (message := block_problem(shares, part.block_sizes)):
        yield ("block_sizes",), message
    if part.scheme == "minimisation":
        if message := weight_problem(part.factors, part.weights):
            yield ("weights",), message
        if message := probability_problem(shares, part.probability):
            yield ("probability",), message
    for name in part.redcap:
        if name not in ("arm", *part.strata):
            yield ("redcap",), not_allowed("field of the allocation table", name, ["arm", *part.strata])
    yield from _cluster_problems(part, design)


def _cluster_problems(part: Randomisation, design: Design) -> Iterator[tuple[tuple[str, ...], str]]:
    if part.cluster is not None and design != "cluster":
        yield (
            ("cluster",),
            f"{part.cluster} is randomised, and the design is {design}; write `design: cluster`, or remove `cluster`",
        )
    if part.cluster is not None and (message := name_problem([part.cluster])):
        yield ("cluster",), message
    if part.cluster is None and design == "cluster":
        yield (), "the design is cluster; say what is randomised, for example `cluster: clinic`"
