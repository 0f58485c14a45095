"""The rules of a randomisation scheme that a plan and a scheme made in Python have in common."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

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
            return f"'{name}' has a weight and is no factor; factors: {', '.join(factors)}"
        if not (math.isfinite(weight) and weight > 0):
            return f"the weight of '{name}' is {weight:g}; weights are positive numbers"
    return None


def probability_problem(ratio: Mapping[str, int], probability: float) -> str | None:
    """Return why the favoured arm of a minimisation cannot have this probability; None if it can.

    Examples
    --------
    >>> probability_problem({"a": 1, "b": 1}, 0.5)
    'the probability of the favoured arm is 0.5; take more than 1/2, which is chance, and at most 1; 0.8 is common'
    """
    shares = sum(lowest_terms(ratio).values())
    if 1 / shares < probability <= 1:
        return None
    return (
        f"the probability of the favoured arm is {probability:g}; take more than 1/{shares}, which is chance, and at "
        "most 1; 0.8 is common"
    )
