"""How often somebody who has seen the earlier allocations names the next one, by simulation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from coxa.allocation.draw import TIE, stratum_codes
from coxa.allocation.schemes import Minimisation, Scheme, Stratified, factors_of, inner, ratio_of
from coxa.arguments import FRAME, kinds
from coxa.design.imbalance import Lists, simulate_lists
from coxa.design.units import Shares
from coxa.errors import OptionError, check_option
from coxa.simulate.seeds import generator

if TYPE_CHECKING:
    import pandas as pd

Sees = Literal["all", "stratum", "factors"]
"""Whose allocations the guesser counts: everybody's, those of the same stratum, or those of each level of the next."""


@dataclass(frozen=True, slots=True)
class Predictability:
    """How often the guess is right.

    share    : of right guesses, averaged over lists
    mc_error : Monte Carlo standard error of `share`
    chance   : share of right guesses of somebody who always names the arm with the largest share
    p95      : share that one list in twenty exceeds
    sees     : whose allocations the guesser counts
    replicates, n : lists simulated, units per list

    Examples
    --------
    >>> from coxa.design import PermutedBlocks, predictability
    >>> found = predictability(PermutedBlocks({"a": 1, "b": 1}, (2,)), 40, replicates=50, seed=1)
    >>> 0.7 < found.share < 0.8, found.chance
    (True, 0.5)
    """

    share: float
    mc_error: float
    chance: float
    p95: float
    sees: Sees
    replicates: int
    n: int


@kinds(participants=FRAME)
def predictability(
    scheme: Scheme,
    n: int | None = None,
    *,
    sees: Sees | None = None,
    replicates: int = 1000,
    seed: int,
    participants: pd.DataFrame | None = None,
    shares: Shares | None = None,
) -> Predictability:
    """Simulate the convergence strategy: guess the arm that is furthest behind its share, at random where several are.

    Parameters
    ----------
    scheme, n, replicates, seed, participants, shares
        As `coxa.design.imbalance.simulate_lists`.
    sees
        Whose allocations the guesser counts. Not given: the stratum for stratified blocks, the levels of the next
        participant for a minimisation, everybody otherwise; that is, what tells most.

    Returns
    -------
    Predictability

    Raises
    ------
    OptionError, DataError
        As `balance`; `sees` asks for factors of a scheme that has none.

    Notes
    -----
    Blackwell & Hodges, Annals of Mathematical Statistics 1957, 28:449-460. For two arms 1:1 in blocks of 2m the
    expected number of right guesses per block is m + (4^m / C(2m, m) - 1) / 2. With unequal shares r the arm named
    has the largest (n + 1) r - n_arm, n being the number seen.

    Examples
    --------
    >>> from coxa.design import PermutedBlocks, predictability
    >>> found = predictability(PermutedBlocks({"a": 1, "b": 1}, (2,)), 40, replicates=400, seed=1)
    >>> abs(found.share - 0.75) < 4 * found.mc_error
    True
    """
    sees = _seen_by_default(scheme) if sees is None else sees
    check_option("`sees`", sees, get_args(Sees))
    if sees != "all" and not factors_of(scheme):
        raise OptionError(f"`sees='{sees}'` asks for factors, and the scheme has none; use `sees='all'`")
    lists = simulate_lists(scheme, n, replicates=replicates, seed=seed, participants=participants, shares=shares)
    ratio = np.array(list(ratio_of(scheme).values()), dtype=float)
    groups, weights = _groups(scheme, lists, sees)
    right = guessed(lists.arms, groups, weights, ratio / ratio.sum(), generator("guesses", seed)).mean(axis=1)
    return Predictability(
        share=float(right.mean()),
        mc_error=float(right.std(ddof=1) / np.sqrt(replicates)),
        chance=float(ratio.max() / ratio.sum()),
        p95=float(np.quantile(right, 0.95, method="inverted_cdf")),
        sees=sees,
        replicates=replicates,
        n=lists.arms.shape[1],
    )


def _seen_by_default(scheme: Scheme) -> Sees:
    held = inner(scheme)
    if isinstance(held, Stratified):
        return "stratum"
    return "factors" if isinstance(held, Minimisation) else "all"


def _groups(scheme: Scheme, lists: Lists, sees: Sees) -> tuple[np.ndarray, np.ndarray]:
    """Return the groups that the guesser counts in, (B, n, G), and the weight of each, (G,)."""
    if sees == "factors":
        held = inner(scheme)
        named = held.weights if isinstance(held, Minimisation) else {}
        return lists.levels, np.array([named.get(name, 1.0) for name in factors_of(scheme)])
    if sees == "stratum":
        return stratum_codes(scheme, lists.levels)[:, :, None], np.ones(1)
    return np.zeros((*lists.arms.shape, 1), dtype=np.intp), np.ones(1)


def guessed(
    arms: np.ndarray, groups: np.ndarray, weights: np.ndarray, shares: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return whether each guess was right, (B, n)."""
    lists, n, g = groups.shape
    rows, columns = np.arange(lists)[:, None], np.arange(g)[None, :]
    counts = np.zeros((lists, g, int(groups.max()) + 1, len(shares)))
    right = np.empty((lists, n), dtype=bool)
    for i in range(n):
        here = (rows, columns, groups[:, i])
        seen = counts[here]
        behind = np.einsum("g,bgk->bk", weights, (seen.sum(axis=2, keepdims=True) + 1) * shares - seen)
        best = behind >= behind.max(axis=1, keepdims=True) - TIE
        guess = np.where(best, rng.random(best.shape), -1.0).argmax(axis=1)
        right[:, i] = guess == arms[:, i]
        counts[(*here, arms[:, i, None])] += 1
    return right
