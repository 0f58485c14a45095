"""How well a scheme balances the arms, and how often its next allocation can be guessed, by simulation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from coxa.allocation.draw import TIE, draw, stratum_codes
from coxa.allocation.schemes import BiasedCoin, Minimisation, Scheme, Stratified, factors_of, inner, ratio_of
from coxa.arguments import FRAME, kinds
from coxa.cards import Carded
from coxa.design.units import Shares, check_number, level_codes, random_levels
from coxa.errors import OptionError, check_option
from coxa.simulate.seeds import generator

if TYPE_CHECKING:
    import pandas as pd


CELLS = 2_000_000
"""Random numbers held at a time."""


@dataclass(frozen=True, slots=True)
class Lists:
    """Simulated lists.

    levels : (B, n, F) levels of the units
    arms   : (B, n) arms, by position in the ratio
    """

    levels: np.ndarray
    arms: np.ndarray


@dataclass(frozen=True, slots=True, repr=False)
class Balance(Carded):
    """How far simulated lists are from the ratio.

    frame : one row for the whole list, one per factor (its worst level), one for the strata (the worst one):
            `within`; `mean` of the departure, its Monte Carlo error `mc_error`, `median`, `p95`, `largest`; in
            participants. A departure is how many participants the arm that is furthest off has too many or too few:
            10 against 8 in a 1:1 ratio is 1.
    replicates : lists simulated
    n     : units per list

    Examples
    --------
    >>> from coxa.design import Simple, balance
    >>> found = balance(Simple({"a": 1, "b": 1}), 40, replicates=50, seed=1)
    >>> found.replicates, found.n, found.frame["within"].tolist()
    (50, 40, ['all'])
    """

    frame: pd.DataFrame = field(repr=False)
    replicates: int
    n: int


def simulate_lists(
    scheme: Scheme,
    n: int | None,
    *,
    replicates: int,
    seed: int,
    participants: pd.DataFrame | None = None,
    shares: Shares | None = None,
) -> Lists:
    """Return lists of a scheme as the trial would have them, the last block cut off where recruitment ends.

    Parameters
    ----------
    scheme
        Any scheme.
    n
        Units per list; their levels are drawn for each list, independently, with `shares`.
    replicates
        Lists, B.
    seed
        Not negative.
    participants
        Units with their levels instead of `n`: the same in every list.
    shares
        Factor -> level -> share among those who come; alike where nothing is given.
    """
    if replicates < 2:
        raise OptionError(
            f"`replicates` is {replicates}, too few for a Monte Carlo error. Give at least 2, better 1000."
        )
    if (n is None) == (participants is None):
        raise OptionError("Exactly one of `n` and `participants` is needed. Give one of them.")
    rng = generator("simulated lists", seed)
    if participants is not None:
        codes = level_codes(scheme, participants)
        levels = np.broadcast_to(codes, (replicates, *codes.shape))
    else:
        assert n is not None
        check_number(scheme, n)
        levels = random_levels(factors_of(scheme), replicates, n, rng, shares)
    step = max(1, CELLS // (2 * levels.shape[1]))
    parts = [levels[k : k + step] for k in range(0, replicates, step)]
    arms = [draw(scheme, part, rng.random((*part.shape[:2], 2))).arms.astype(np.int16) for part in parts]
    return Lists(levels, np.concatenate(arms))


@kinds(participants=FRAME)
def balance(
    scheme: Scheme,
    n: int | None = None,
    *,
    replicates: int = 1000,
    seed: int,
    participants: pd.DataFrame | None = None,
    shares: Shares | None = None,
) -> Balance:
    """Simulate how far the arms are from the ratio when the last participant has been allocated.

    Parameters
    ----------
    scheme, n, replicates, seed, participants, shares
        As `simulate_lists`.

    Returns
    -------
    Balance

    Raises
    ------
    OptionError, DataError
        As `randomise`; too few replicates; shares of unknown levels.

    Examples
    --------
    >>> from coxa.design import PermutedBlocks, balance
    >>> found = balance(PermutedBlocks({"a": 1, "b": 1}, (4,)), 40, replicates=50, seed=1)
    >>> float(found.frame.loc[0, "largest"])
    0.0
    """
    import pandas as pd

    lists = simulate_lists(scheme, n, replicates=replicates, seed=seed, participants=participants, shares=shares)
    ratio = np.array(list(ratio_of(scheme).values()), dtype=float)
    groups = {"all": np.zeros(lists.arms.shape, dtype=np.intp)}
    groups |= {name: lists.levels[:, :, k] for k, name in enumerate(factors_of(scheme))}
    if isinstance(inner(scheme), Stratified | BiasedCoin) and len(factors_of(scheme)) > 1:
        groups[" x ".join(factors_of(scheme))] = stratum_codes(scheme, lists.levels)
    rows = [{"within": name, **_summary(departure(lists.arms, group, ratio))} for name, group in groups.items()]
    return Balance(pd.DataFrame(rows), replicates, lists.arms.shape[1])


def departure(arms: np.ndarray, groups: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """Return for each list the largest departure from the ratio over groups and arms, (B,), in units."""
    lists, sizes = arms.shape[0], (int(groups.max()) + 1, len(ratio))
    cells = (np.arange(lists)[:, None] * sizes[0] + groups) * sizes[1] + arms
    counts = np.bincount(cells.ravel(), minlength=lists * sizes[0] * sizes[1]).reshape(lists, *sizes)
    planned = counts.sum(axis=2, keepdims=True) * ratio / ratio.sum()
    return np.asarray(np.abs(counts - planned).max(axis=(1, 2)))


def _summary(values: np.ndarray) -> dict[str, float]:
    return {
        "mean": float(values.mean()),
        "mc_error": float(values.std(ddof=1) / np.sqrt(len(values))),
        "median": float(np.median(values)),
        "p95": float(np.quantile(values, 0.95, method="inverted_cdf")),
        "largest": float(values.max()),
    }


Sees = Literal["all", "stratum", "factors"]
"""Whose allocations the guesser counts: everybody's, those of the same stratum, or those of each level of the next."""


@dataclass(frozen=True, slots=True, repr=False)
class Predictability(Carded):
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
        As `coxa.design.balance_and_guessing.simulate_lists`.
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
    check_option("sees", sees, get_args(Sees))
    if sees != "all" and not factors_of(scheme):
        raise OptionError('`sees` is "factors", and the scheme has none. Write `sees="all"`.')
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
    if isinstance(held, Stratified) or (isinstance(held, BiasedCoin) and held.factors):
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
