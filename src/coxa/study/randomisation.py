"""The part of a plan that says how participants, or clusters of them, are randomised.

Its rules are those of a scheme made in Python too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from coxa.errors import not_allowed
from coxa.study.parts import Arm, Covariate, Name, OneOrMany, Part
from coxa.study.words import OF_CLUSTERS, Design

COLUMNS = ("sequence", "number", "block", "slot", "arm", "participant_id")
"""Columns of an allocation list, which no factor and no cluster can be called."""


def lowest_terms(ratio: Mapping[str, int]) -> dict[str, int]:
    """Return a ratio divided by its greatest common divisor."""
    divisor = math.gcd(*ratio.values())
    return {arm: share // divisor for arm, share in ratio.items()}


def block_problem(ratio: Mapping[str, int], sizes: Sequence[int]) -> str | None:
    """Return why blocks of these sizes cannot hold the ratio, and the remedy; None if they can.

    Examples
    --------
    >>> block_problem({"a": 1, "b": 1}, (4, 6))
    >>> block_problem({"a": 1, "b": 1, "c": 1}, (4,))
    'block size 4 is not a multiple of 3, the sum of the ratio 1:1:1; use for example 3, 6, 9'
    """
    shares = lowest_terms(ratio)
    total = sum(shares.values())
    if not sizes:
        return f"blocks need a size; use multiples of {total}, for example {total * 2}"
    for size in sizes:
        if size < 1 or size % total:
            shown = ":".join(map(str, shares.values()))
            fitting = ", ".join(str(total * k) for k in (1, 2, 3))
            return (
                f"block size {size} is not a multiple of {total}, the sum of the ratio {shown}; use for example "
                f"{fitting}"
            )
    if len(set(sizes)) < len(sizes):
        return f"block sizes {', '.join(map(str, sizes))} repeat one; write each size once"
    return None


def name_problem(names: Iterable[str]) -> str | None:
    """Return which name is one of the list's own columns, and the remedy; None if none is.

    Examples
    --------
    >>> name_problem(["site", "block"])
    "'block' is a column of the allocation list itself; give the covariate or the cluster another name"
    """
    for name in names:
        if name in COLUMNS:
            return f"'{name}' is a column of the allocation list itself; give the covariate or the cluster another name"
    return None


def weight_problem(factors: Iterable[str], weights: Mapping[str, float]) -> str | None:
    """Return what is wrong with the weights of a minimisation, and the remedy; None if nothing."""
    factors = list(factors)
    for name, weight in weights.items():
        if name not in factors:
            return f"'{name}' has a weight and is not a factor; choose one of {', '.join(factors)}"
        if not (math.isfinite(weight) and weight > 0):
            return f"the weight of '{name}' is {weight:g}; give a number above 0"
    return None


def probability_problem(ratio: Mapping[str, int], probability: float) -> str | None:
    """Return why the favoured arm of a minimisation cannot have this probability; None if it can.

    Examples
    --------
    >>> probability_problem({"a": 1, "b": 1}, 0.5)
    'the probability of the favoured arm is 0.5; take more than 1/2, which is chance, and at most 1, such as 0.8'
    """
    shares = sum(lowest_terms(ratio).values())
    if 1 / shares < probability <= 1:
        return None
    return (
        f"the probability of the favoured arm is {probability:g}; take more than 1/{shares}, which is chance, and at "
        "most 1, such as 0.8"
    )


Share = Annotated[int, Field(ge=1)]


class RedcapField(Part):
    """What REDCap calls a field of the allocation table, and its choices."""

    field: str | None = Field(None, description="Field in REDCap, where it is not called as in the plan.")
    codes: dict[str, str | int] = Field(
        default_factory=dict, description="Word of the plan: REDCap's code; words not named are their own code."
    )


class Randomisation(Part):
    """How participants, or clusters of them, are allocated to the arms. `coxa randomise` draws the list."""

    scheme: Literal["simple", "blocks", "biased_coin", "minimisation"] = Field(
        description="Independent draws; permuted blocks or a biased coin, within strata if there are any; or "
        "minimisation."
    )
    ratio: dict[Name, Share] = Field(
        default_factory=dict, description="Arm: its share, in whole numbers; all arms alike if not given."
    )
    block_sizes: OneOrMany[Share] | None = Field(
        None, description="For blocks: a size, or several of which one is drawn for each block."
    )
    strata: OneOrMany[Name] = Field(
        (),
        description="For blocks and biased_coin: covariates of type category; every combination of levels has blocks, "
        "or counts, of its own.",
    )
    factors: OneOrMany[Name] = Field((), description="For minimisation: covariates of type category to be balanced.")
    weights: dict[Name, float] = Field(
        default_factory=dict, description="For minimisation: factor: weight of its imbalance; 1 if not given."
    )
    probability: float = Field(
        0.8,
        gt=0,
        le=1,
        description="For minimisation and biased_coin (Efron took 0.667): probability of the favoured arm; 1 leaves "
        "chance only to ties.",
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
        if self.scheme == "biased_coin" and self.block_sizes is not None:
            raise ValueError("`block_sizes` belongs to `scheme: blocks`, not to biased_coin; remove it")
        if self.scheme not in ("blocks", "biased_coin") and (self.block_sizes is not None or self.strata):
            raise ValueError(
                f"`block_sizes` and `strata` belong to `scheme: blocks`, not to {self.scheme}; "
                + ("name covariates as `factors`" if self.scheme == "minimisation" else "remove them")
            )
        if self.scheme == "minimisation" and not self.factors:
            raise ValueError("minimisation needs `factors`; name covariates, for example `factors: [site, sex]`")
        if self.scheme != "minimisation" and (self.factors or self.weights):
            raise ValueError(
                "`factors` and `weights` belong to `scheme: minimisation`; for blocks or a coin within levels use "
                "`strata`"
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
            yield (key,), not_allowed("covariate", name, covariates)
        elif (source := covariates[name].source) is not None:
            text = f"'{name}' is taken from table {source.table}, which allocation does not see"
            yield (key,), f"{text}; choose another covariate, or record it with the participants"
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
    if part.scheme == "minimisation" and (message := weight_problem(part.factors, part.weights)):
        yield ("weights",), message
    favours = part.scheme in ("biased_coin", "minimisation")
    if favours and (message := probability_problem(shares, part.probability)):
        yield ("probability",), message
    for name in part.redcap:
        if name not in ("arm", *part.strata):
            yield ("redcap",), not_allowed("field of the allocation table", name, ["arm", *part.strata])
    yield from _cluster_problems(part, design)


def _cluster_problems(part: Randomisation, design: Design) -> Iterator[tuple[tuple[str, ...], str]]:
    if part.cluster is not None and design not in OF_CLUSTERS:
        yield (
            ("cluster",),
            f"{part.cluster} is randomised, and the design is {design}; write `design: cluster`, or remove `cluster`",
        )
    if part.cluster is not None and (message := name_problem([part.cluster])):
        yield ("cluster",), message
    if part.cluster is None and design in OF_CLUSTERS:
        yield (), f"the design is {design}; say what is randomised, for example `cluster: clinic`"
