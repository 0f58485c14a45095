"""Balance and predictability by simulation, against what can be worked out."""

from __future__ import annotations

from math import comb

import numpy as np
import pandas as pd
import pytest

from coxa.design import BiasedCoin, Cluster, Minimisation, PermutedBlocks, Simple, Stratified, balance, predictability
from coxa.design.balance_and_guessing import departure

TWO = {"usual_care": 1, "exercise": 1}
SEX = {"sex": ("female", "male")}
MEN = pd.DataFrame({"participant_id": range(40), "sex": "male"})
SE = 4
"""Monte Carlo standard errors within which a simulation has to be; the seeds are fixed."""


def within_block(size: int) -> float:
    """Return the share of right guesses in blocks of one even size, 1:1 (Blackwell & Hodges 1957)."""
    m = size // 2
    return (m + (4**m / comb(2 * m, m) - 1) / 2) / size


@pytest.mark.parametrize("size", [2, 4, 6, 8])
def test_blocks_are_as_predictable_as_the_formula_says(size: int) -> None:
    found = predictability(PermutedBlocks(TWO, (size,)), size * 12, replicates=2000, seed=1)
    assert abs(found.share - within_block(size)) < SE * found.mc_error
    assert found.mc_error < 0.003


def test_two_to_one_in_blocks_of_three() -> None:
    found = predictability(PermutedBlocks({"a": 1, "b": 2}, (3,)), 30, replicates=2000, seed=2)
    exact = (2 / 3 * (1 + 1 / 2 + 1) + 1 / 3 * (0 + 1 + 1)) / 3
    assert abs(found.share - exact) < SE * found.mc_error
    assert found.chance == pytest.approx(2 / 3)


def test_simple_randomisation_cannot_be_guessed_and_is_off_like_a_binomial() -> None:
    n, scheme = 40, Simple(TWO)
    guess = predictability(scheme, n, replicates=2000, seed=3)
    assert abs(guess.share - 0.5) < SE * guess.mc_error
    found = balance(scheme, n, replicates=4000, seed=3).frame.loc[0]
    exact = sum(comb(n, k) * abs(k - n / 2) for k in range(n + 1)) / 2**n
    assert abs(found["mean"] - exact) < SE * found["mc_error"]


def ties(n: int, p: float) -> float:
    """Return the expected share of n allocations before which both arms have as many, by the chain of differences."""
    chance, tied = {0: 1.0}, 0.0
    for _ in range(n):
        tied += chance.get(0, 0.0)
        after: dict[int, float] = {}
        for gap, weight in chance.items():
            down = 0.0 if gap == 0 else p
            for to, share in ((abs(gap - 1), down), (gap + 1, 1 - down)):
                after[to] = after.get(to, 0.0) + weight * share
        chance = after
    return tied / n


@pytest.mark.parametrize("p", [0.7, 0.9])
def test_minimisation_of_one_level_is_a_biased_coin(p: float) -> None:
    found = predictability(Minimisation(TWO, SEX, probability=p), participants=MEN, replicates=2000, seed=4)
    share_tied = ties(len(MEN), p)
    assert found.sees == "factors"
    assert abs(found.share - (0.5 * share_tied + p * (1 - share_tied))) < SE * found.mc_error


@pytest.mark.parametrize("p", [0.7, 0.9])
def test_a_coin_is_as_predictable_as_its_markov_chain_says(p: float) -> None:
    found = predictability(BiasedCoin(TWO, probability=p), len(MEN), replicates=2000, seed=4)
    share_tied = ties(len(MEN), p)
    assert found.sees == "all"
    assert abs(found.share - (0.5 * share_tied + p * (1 - share_tied))) < SE * found.mc_error
    assert predictability(BiasedCoin(TWO, SEX, probability=p), 40, replicates=50, seed=4).sees == "stratum"


def test_who_does_not_see_the_strata_guesses_worse() -> None:
    scheme = Stratified(PermutedBlocks(TWO, (4,)), {**SEX, "site": ("a", "b", "c", "d")})
    seeing, blind = (predictability(scheme, 80, sees=sees, replicates=1000, seed=5) for sees in ("stratum", "all"))
    assert seeing.share > blind.share + 0.1


def test_strata_are_never_off_by_more_than_half_a_block() -> None:
    scheme = Stratified(PermutedBlocks(TWO, (2, 6)), {**SEX, "site": ("a", "b")})
    frame = balance(scheme, 50, replicates=500, seed=6).frame.set_index("within")
    assert list(frame.index) == ["all", "sex", "site", "sex x site"]
    assert frame.loc["sex x site", "largest"] <= 1.5


def test_minimisation_balances_where_strata_are_too_many() -> None:
    factors = dict.fromkeys(("site", "age", "pain", "side"), ("a", "b", "c"))
    within = [
        balance(scheme, 60, replicates=400, seed=7).frame.set_index("within")["mean"]
        for scheme in (Stratified(PermutedBlocks(TWO, (4,)), factors), Minimisation(TWO, factors, probability=0.9))
    ]
    assert (within[1][list(factors)] < within[0][list(factors)]).all()


def test_shares_of_levels_and_clusters_are_heeded() -> None:
    scheme = Cluster(Minimisation(TWO, SEX), "clinic")
    found = balance(scheme, 10, replicates=200, seed=8, shares={"sex": {"female": 0, "male": 1}})
    assert found.frame["mean"].nunique() == 1
    assert found.n == 10


def test_a_departure_is_in_participants() -> None:
    arms = np.array([[0, 0, 0, 1], [0, 1, 0, 1]])
    assert departure(arms, np.zeros_like(arms), np.array([1.0, 1.0])).tolist() == [1.0, 0.0]
    assert departure(arms, np.array([[0, 0, 0, 1]] * 2), np.array([1.0, 1.0])).tolist() == [1.5, 0.5]


def test_the_same_seed_gives_the_same_simulation() -> None:
    first, second = (predictability(Simple(TWO), 20, replicates=50, seed=9) for _ in range(2))
    assert first == second
