"""Randomisation schemes as records: what they need is checked when they are made, and they are known in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from coxa.errors import OptionError, check_option
from coxa.sentences import sentences
from coxa.study.randomisation import block_problem, lowest_terms, name_problem, probability_problem, weight_problem

Imbalance = Literal["range", "variance"]
"""How far apart the arms are within a level: largest less smallest count, or the variance of the counts."""

Factors = Mapping[str, tuple[str, ...]]
"""Factor -> its levels, in the order in which they are listed."""


@dataclass(frozen=True, slots=True)
class Simple:
    """Every participant by a draw of its own, as by a die.

    ratio : arm -> its share, in whole numbers

    Examples
    --------
    >>> from coxa.design import randomise
    >>> randomise(Simple({"usual_care": 1, "exercise": 2}), 6, seed=1).frame["arm"].tolist()
    ['exercise', 'exercise', 'usual_care', 'exercise', 'exercise', 'usual_care']
    """

    ratio: Mapping[str, int]

    def __post_init__(self) -> None:
        check_ratio(self.ratio)


@dataclass(frozen=True, slots=True)
class PermutedBlocks:
    """Blocks in which every arm has exactly its share, in random order.

    ratio : arm -> its share, in whole numbers
    sizes : block sizes; with several, each block's size is drawn, all alike likely

    Raises
    ------
    OptionError
        A size is not a multiple of the ratio's sum; the message lists sizes that are.

    Examples
    --------
    >>> PermutedBlocks({"usual_care": 1, "exercise": 1}, sizes=(4, 6)).sizes
    (4, 6)
    >>> PermutedBlocks({"usual_care": 1, "exercise": 1}, sizes=(5,))
    Traceback (most recent call last):
    coxa.errors.OptionError: Block size 5 is not a multiple of 2, the sum of the ratio 1:1. Use for example 2, 4, 6.
    """

    ratio: Mapping[str, int]
    sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        check_ratio(self.ratio)
        if message := block_problem(self.ratio, self.sizes):
            raise OptionError(sentences(message))


@dataclass(frozen=True, slots=True)
class Stratified:
    """Permuted blocks of their own within every combination of the factors' levels.

    within  : the blocks of each stratum
    factors : factor -> its levels

    Examples
    --------
    >>> from coxa.design import randomise
    >>> blocks = PermutedBlocks({"usual_care": 1, "exercise": 1}, sizes=(2,))
    >>> scheme = Stratified(blocks, {"site": ("north", "south")})
    >>> randomise(scheme, 2, seed=1).frame["site"].tolist()
    ['north', 'north', 'south', 'south']
    """

    within: PermutedBlocks
    factors: Factors

    def __post_init__(self) -> None:
        check_factors(self.factors)


@dataclass(frozen=True, slots=True)
class Minimisation:
    """Each participant, with a high probability, to the arm that leaves the factors' levels most alike.

    ratio       : arm -> its share, in whole numbers
    factors     : factor -> its levels; balance is kept within each level, not within combinations
    weights     : factor -> weight of its imbalance; 1 where none is given
    probability : of the favoured arm; the other arms share the rest alike. 1 leaves chance only to ties
    measure     : range or variance of the counts within a level

    Notes
    -----
    Pocock & Simon, Biometrics 1975, 31:103-115. With an unequal ratio an arm of share 2 takes part as two arms of
    share 1 that are put together afterwards, so that the ratio holds at every allocation (Kuznetsova & Tymofyeyev,
    Statistics in Medicine 2012, 31:701-723); `probability` is then that of one such share.

    Examples
    --------
    >>> import pandas as pd
    >>> from coxa.design import randomise
    >>> scheme = Minimisation({"usual_care": 1, "exercise": 1}, {"sex": ("female", "male")}, probability=1.0)
    >>> people = pd.DataFrame({"participant_id": ["P1", "P2"], "sex": ["male", "male"]})
    >>> sorted(randomise(scheme, participants=people, seed=1).frame["arm"])
    ['exercise', 'usual_care']
    """

    ratio: Mapping[str, int]
    factors: Factors
    weights: Mapping[str, float] = field(default_factory=dict)
    probability: float = 0.8
    measure: Imbalance = "range"

    def __post_init__(self) -> None:
        check_ratio(self.ratio)
        check_factors(self.factors)
        check_option("measure", self.measure, get_args(Imbalance))
        message = weight_problem(self.factors, self.weights) or probability_problem(self.ratio, self.probability)
        if message:
            raise OptionError(sentences(message))


@dataclass(frozen=True, slots=True)
class BiasedCoin:
    """Each participant, with a high probability, to the arm that is furthest behind, within every stratum.

    ratio       : arm -> its share, in whole numbers
    factors     : factor -> its levels; every combination of levels is a stratum with a count of its own; empty: one
    probability : of the favoured arm; the other arms share the rest alike. 1 leaves chance only to ties

    Notes
    -----
    Efron, Biometrika 1971, 58:403-417, who took 2/3 for two arms. With an unequal ratio an arm of share 2 takes part as
    two arms of share 1, as in `Minimisation`.

    Examples
    --------
    >>> from coxa.design import randomise
    >>> coin = BiasedCoin({"usual_care": 1, "exercise": 1}, {"site": ("north", "south")}, probability=1.0)
    >>> randomise(coin, 4, seed=1).frame.groupby("site")["arm"].value_counts().tolist()
    [2, 2, 2, 2]
    """

    ratio: Mapping[str, int]
    factors: Factors = field(default_factory=dict)
    probability: float = 0.8

    def __post_init__(self) -> None:
        check_ratio(self.ratio)
        if self.factors:
            check_factors(self.factors)
        if message := probability_problem(self.ratio, self.probability):
            raise OptionError(sentences(message))


OfUnits = Simple | PermutedBlocks | Stratified | Minimisation | BiasedCoin
"""How units are allocated, whatever the units are."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Whole clusters instead of participants: clinics, practices, therapists.

    scheme : how the clusters are allocated; its factors describe clusters
    unit   : what a cluster is called, and the column that names it

    Examples
    --------
    >>> from coxa.design import randomise
    >>> scheme = Cluster(PermutedBlocks({"usual_care": 1, "exercise": 1}, sizes=(2,)), unit="clinic")
    >>> sorted(randomise(scheme, 2, seed=1).frame["arm"])
    ['exercise', 'usual_care']
    """

    scheme: OfUnits
    unit: str = "cluster"

    def __post_init__(self) -> None:
        if message := name_problem([self.unit]):
            raise OptionError(sentences(message))


Scheme = OfUnits | Cluster


def inner(scheme: Scheme) -> OfUnits:
    """Return how units are allocated, whatever the units are."""
    return scheme.scheme if isinstance(scheme, Cluster) else scheme


def unit_of(scheme: Scheme) -> str:
    """Return the column that names what is allocated: `participant_id`, or the cluster."""
    return scheme.unit if isinstance(scheme, Cluster) else "participant_id"


def ratio_of(scheme: Scheme) -> dict[str, int]:
    """Return arm -> share, in lowest terms.

    Examples
    --------
    >>> ratio_of(Simple({"usual_care": 2, "exercise": 4}))
    {'usual_care': 1, 'exercise': 2}
    """
    held = inner(scheme)
    ratio = held.within.ratio if isinstance(held, Stratified) else held.ratio
    return lowest_terms(ratio)


def factors_of(scheme: Scheme) -> dict[str, tuple[str, ...]]:
    """Return factor -> levels; empty for schemes that look at no factor."""
    held = inner(scheme)
    return dict(held.factors) if isinstance(held, Stratified | Minimisation | BiasedCoin) else {}


def blocks_of(scheme: Scheme) -> PermutedBlocks | None:
    """Return the blocks of a scheme that has them."""
    held = inner(scheme)
    if isinstance(held, Stratified):
        return held.within
    return held if isinstance(held, PermutedBlocks) else None


def check_ratio(ratio: Mapping[str, int]) -> None:
    """Raise `OptionError` unless at least two arms have a whole, positive share."""
    if len(ratio) < 2:
        raise OptionError(f"The randomisation has {len(ratio)} arms. Give two or more, each with its share.")
    for arm, share in ratio.items():
        if isinstance(share, bool) or not isinstance(share, int) or share < 1:
            raise OptionError(f"The share of arm '{arm}' is {share!r}. Write whole numbers, such as 2 and 1 for 2:1.")


def check_factors(factors: Factors) -> None:
    """Raise `OptionError` unless there are factors, each with two different levels or more."""
    if not factors:
        raise OptionError("There is no factor. Name at least one with its levels, or choose a scheme without factors.")
    if message := name_problem(factors):
        raise OptionError(sentences(message))
    for name, levels in factors.items():
        if len(levels) < 2 or len(set(levels)) < len(levels):
            raise OptionError(f"Factor '{name}' has levels {levels!r}. Give two different levels or more.")


def in_words(scheme: Scheme) -> str:
    """Return a scheme in one sentence.

    Examples
    --------
    >>> in_words(PermutedBlocks({"usual_care": 1, "exercise": 1}, (4, 6)))
    'permuted blocks of random size 4 or 6; usual_care to exercise 1:1'
    """
    arms = ratio_of(scheme)
    return f"{_how(scheme)}; {' to '.join(arms)} {':'.join(map(str, arms.values()))}"


def _how(scheme: Scheme) -> str:
    if isinstance(scheme, Cluster):
        return f"by {scheme.unit}: {_how(scheme.scheme)}"
    if isinstance(scheme, Simple):
        return "simple randomisation"
    if isinstance(scheme, PermutedBlocks):
        sizes = [str(size) for size in scheme.sizes]
        return f"permuted blocks of {'random ' if len(sizes) > 1 else ''}size {_or(sizes)}"
    if isinstance(scheme, Stratified):
        return f"{_how(scheme.within)}, stratified by {_and(list(scheme.factors))}"
    return _coin(scheme) if isinstance(scheme, BiasedCoin) else _minimisation(scheme)


def _coin(scheme: BiasedCoin) -> str:
    within = f" within strata of {_and(list(scheme.factors))}" if scheme.factors else ""
    return f"a biased coin{within}, probability {scheme.probability:g} for the arm that is furthest behind"


def _minimisation(scheme: Minimisation) -> str:
    weighted = {name: scheme.weights.get(name, 1.0) for name in scheme.factors}
    alike = len(set(weighted.values())) == 1
    named = [name if alike else f"{name} (weight {weight:g})" for name, weight in weighted.items()]
    return (
        f"minimisation over {_and(named)} by the {scheme.measure} of the counts, probability "
        f"{scheme.probability:g} for the favoured arm"
    )


def _and(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _or(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
