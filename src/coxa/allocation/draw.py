"""The draws of every scheme, as functions of uniform random numbers: one list or thousands by the same lines.

Arrays: B lists, n units in the order of their allocation, K arms. What is drawn depends on nothing but the arguments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coxa.allocation.schemes import BiasedCoin, Minimisation, Scheme, blocks_of, factors_of, inner, ratio_of

TIE = 1e-9
"""Two imbalances closer than this are one; they are sums of a few whole numbers times weights."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was drawn.

    arms  : (B, n) position of the arm in the ratio
    slots : (B, n) position of the share, where an arm of share 2 has two; equal to `arms` in a 1:1 ratio
    block : (B, n) number of the block within the stratum, from 1; 0 where there are no blocks
    """

    arms: np.ndarray
    slots: np.ndarray
    block: np.ndarray


def draw(scheme: Scheme, levels: np.ndarray, uniforms: np.ndarray, given: np.ndarray | None = None) -> Drawn:
    """Allocate units.

    Parameters
    ----------
    scheme
        Any scheme; clusters are units as participants are.
    levels : (B, n, F) int
        Position of each unit's level in each factor of the scheme; F is 0 where there is none.
    uniforms : (B, n, 2)
        Random numbers in [0, 1): the first decides on a block's size, the second on the arm.
    given : (n,) int, optional
        For a minimisation: slots that are already allocated, -1 where one is to be drawn.
    """
    held = inner(scheme)
    shares = np.array(list(ratio_of(scheme).values()))
    if isinstance(held, Minimisation):
        slots = draw_minimisation(held, levels, uniforms[:, :, 1], given)
        arms = arm_of_slot(scheme)[slots]
        return Drawn(arms, slots, np.zeros_like(arms))
    if isinstance(held, BiasedCoin):
        slots = draw_minimisation(
            one_factor(scheme, held), stratum_codes(scheme, levels)[:, :, None], uniforms[:, :, 1]
        )
        arms = arm_of_slot(scheme)[slots]
        return Drawn(arms, slots, np.zeros_like(arms))
    blocks = blocks_of(scheme)
    if blocks is None:
        arms = np.searchsorted(np.cumsum(shares)[:-1] / shares.sum(), uniforms[:, :, 1], side="right")
        return Drawn(arms, arms, np.zeros_like(arms))
    arms, block = draw_blocks(shares, np.array(blocks.sizes), stratum_codes(scheme, levels), uniforms)
    return Drawn(arms, arms, block)


def arm_of_slot(scheme: Scheme) -> np.ndarray:
    """Return for each share the position of its arm: 0, 0, 1 for 2:1."""
    return np.repeat(np.arange(len(ratio_of(scheme))), list(ratio_of(scheme).values()))


def slot_names(scheme: Scheme) -> list[str]:
    """Return the names of the shares: the arm, numbered where it has several."""
    return [arm if share == 1 else f"{arm}/{k}" for arm, share in ratio_of(scheme).items() for k in range(1, share + 1)]


def stratum_codes(scheme: Scheme, levels: np.ndarray) -> np.ndarray:
    """Return the position of each unit's combination of levels, last factor fastest; 0 where there is no factor."""
    codes = np.zeros(levels.shape[:2], dtype=np.intp)
    for k, names in enumerate(factors_of(scheme).values()):
        codes = codes * len(names) + levels[:, :, k]
    return codes


def draw_blocks(
    shares: np.ndarray, sizes: np.ndarray, strata: np.ndarray, uniforms: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return arms and block numbers, each (B, n): a place in a block goes to an arm by what the block has left of it.

    Drawing without replacement makes all orders of a block alike likely.
    """
    lists, n = strata.shape
    rows = np.arange(lists)
    left = np.zeros((lists, int(strata.max(initial=0)) + 1, len(shares)), dtype=np.int64)
    number = np.zeros(left.shape[:2], dtype=np.int64)
    arms, block = np.empty((lists, n), dtype=np.intp), np.empty((lists, n), dtype=np.int64)
    for i in range(n):
        s = strata[:, i]
        here = left[rows, s]
        fresh = ~here.any(axis=1)
        size = sizes[(uniforms[:, i, 0] * len(sizes)).astype(np.intp)]
        here = np.where(fresh[:, None], (size // shares.sum())[:, None] * shares, here)
        ahead = here.cumsum(axis=1)
        arm = (uniforms[:, i, 1, None] * ahead[:, -1:] >= ahead).sum(axis=1)
        here[rows, arm] -= 1
        left[rows, s] = here
        number[rows, s] += fresh
        arms[:, i], block[:, i] = arm, number[rows, s]
    return arms, block


def one_factor(scheme: Scheme, coin: BiasedCoin) -> Minimisation:
    """Return a biased coin as what it is: a minimisation whose one factor is the stratum."""
    strata = int(np.prod([len(names) for names in factors_of(scheme).values()], initial=1))
    stratum = tuple(str(k) for k in range(max(strata, 2)))
    return Minimisation(coin.ratio, {"stratum": stratum}, probability=coin.probability)


def draw_minimisation(
    scheme: Minimisation, levels: np.ndarray, uniforms: np.ndarray, given: np.ndarray | None = None
) -> np.ndarray:
    """Return slots (B, n), each by the counts of those before within the unit's own levels."""
    lists, n, factors = levels.shape
    slots = int(sum(ratio_of(scheme).values()))
    weights = np.array([scheme.weights.get(name, 1.0) for name in scheme.factors])
    counts = np.zeros((lists, factors, max(map(len, scheme.factors.values())), slots))
    rows, columns = np.arange(lists)[:, None], np.arange(factors)[None, :]
    chosen = np.empty((lists, n), dtype=np.intp)
    for i in range(n):
        here = (rows, columns, levels[:, i])
        if given is not None and given[i] >= 0:
            slot = np.full(lists, given[i])
        else:
            chances = favoured(counts[here], weights, scheme).cumsum(axis=1)
            slot = (uniforms[:, i, None] >= chances[:, :-1]).sum(axis=1)
        counts[(*here, slot[:, None])] += 1
        chosen[:, i] = slot
    return chosen


def favoured(counts: np.ndarray, weights: np.ndarray, scheme: Minimisation) -> np.ndarray:
    """Return each slot's probability, (B, S), from the counts within the unit's levels, (B, F, S).

    The favoured slot leaves the smallest sum of weighted imbalances; where several do, each is favoured alike often.
    """
    slots = counts.shape[-1]
    after = counts[:, :, None, :] + np.eye(slots)
    spread = np.ptp(after, axis=3) if scheme.measure == "range" else after.var(axis=3)
    total = np.einsum("f,bfs->bs", weights, spread)
    best = total <= total.min(axis=1, keepdims=True) + TIE
    tied = best.sum(axis=1, keepdims=True)
    other = (1 - scheme.probability) / (slots - 1)
    return np.where(best, (scheme.probability + (tied - 1) * other) / tied, other)
