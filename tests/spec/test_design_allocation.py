"""Allocation lists: blocks are balanced, ratios kept, lists reproducible, minimisation does what it says."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coxa.allocation.draw import arm_of_slot, draw
from coxa.design import (
    BiasedCoin,
    Cluster,
    Minimisation,
    PermutedBlocks,
    Simple,
    Stratified,
    next_allocation,
    randomise,
)
from coxa.errors import DataError, OptionError

RATIOS = st.lists(st.integers(1, 3), min_size=2, max_size=4).map(lambda s: {f"arm_{k}": x for k, x in enumerate(s)})
SEEDS = st.integers(0, 2**128)
FACTORS = {"sex": ("female", "male"), "site": ("north", "river", "south")}
TWO = {"usual_care": 1, "exercise": 1}
STRATIFIED = "b2eb789d189ad7b51e555e73f4662d76abd05a5a2b6d7df23572c0a525b7355c"
MINIMISED = "db15dee15c4eff4d57a561ac072ada7a2c654d6323c1fe0c9d5a6082b7a12516"
"""Hashes of two lists as they were first drawn: a trial that is running needs its list drawn again."""


def people(n: int, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    drawn = {name: rng.choice(levels, n) for name, levels in FACTORS.items()}
    return pd.DataFrame({"participant_id": [f"p{k}" for k in range(n)], **drawn})


@given(RATIOS, st.sets(st.integers(1, 3), min_size=1), st.integers(12, 40), SEEDS)
@settings(max_examples=40, deadline=None)
def test_every_block_has_every_arm_in_its_share(ratio: dict[str, int], multiples: set[int], n: int, seed: int) -> None:
    unit = sum(ratio.values()) // np.gcd.reduce(list(ratio.values()))
    sizes = tuple(int(unit * k) for k in sorted(multiples))
    frame = randomise(PermutedBlocks(ratio, sizes), n, seed=seed).frame
    assert n <= len(frame) < n + max(sizes)
    for _, block in frame.groupby("block"):
        assert len(block) in sizes
        shares = {arm: share * len(block) / sum(ratio.values()) for arm, share in ratio.items()}
        assert Counter(block["arm"]) == shares


@given(SEEDS, st.integers(2, 20), st.integers(1, 20))
@settings(max_examples=20, deadline=None)
def test_the_same_seed_gives_the_same_list_and_a_longer_list_begins_with_it(seed: int, n: int, more: int) -> None:
    scheme = PermutedBlocks(TWO, (2, 4))
    short, again, long = (randomise(scheme, k, seed=seed) for k in (n, n, n + more))
    assert short.sha256 == again.sha256
    pd.testing.assert_frame_equal(short.frame, long.frame.head(len(short.frame)))


def test_a_list_made_in_advance_is_the_list_of_the_participants_who_come() -> None:
    scheme, come = Stratified(PermutedBlocks(TWO, (2, 4)), FACTORS), people(60)
    book = randomise(scheme, 60, seed=5).frame.set_index(["sex", "site", "number"])["arm"]
    drawn = randomise(scheme, participants=come, seed=5).frame
    number = come.groupby(["sex", "site"]).cumcount() + 1
    looked_up = [book[key] for key in zip(come["sex"], come["site"], number, strict=True)]
    assert drawn["arm"].tolist() == looked_up


def test_a_list_never_changes_between_versions() -> None:
    scheme = Stratified(PermutedBlocks({"usual_care": 1, "exercise": 2}, (3, 6)), FACTORS)
    assert randomise(scheme, 12, seed=7).sha256 == STRATIFIED
    listed = [*product(*FACTORS.values())] * 5
    units = pd.DataFrame(listed, columns=list(FACTORS)).assign(participant_id=range(len(listed)))
    assert randomise(Minimisation(TWO, FACTORS), participants=units, seed=7).sha256 == MINIMISED


def test_every_order_of_a_block_is_alike_likely() -> None:
    lists = 30_000
    uniforms = np.random.default_rng(1).random((lists, 4, 2))
    arms = draw(PermutedBlocks(TWO, (4,)), np.zeros((lists, 4, 0), dtype=int), uniforms).arms
    counts = np.array(list(Counter(map(tuple, arms.tolist())).values()))
    assert len(counts) == 6
    assert np.abs(counts / lists - 1 / 6).max() < 4 * np.sqrt(1 / 6 * 5 / 6 / lists)


def test_simple_randomisation_keeps_the_ratio_in_the_long_run() -> None:
    lists = 20_000
    uniforms = np.random.default_rng(2).random((1, lists, 2))
    arms = draw(Simple({"a": 3, "b": 1}), np.zeros((1, lists, 0), dtype=int), uniforms).arms
    assert abs(arms.mean() - 0.25) < 4 * np.sqrt(0.25 * 0.75 / lists)


def brute_force_imbalance(scheme: Minimisation, before: pd.DataFrame, new: pd.Series, arm: str) -> float:
    """Return the weighted imbalance over the new one's levels if it went to an arm, counted row by row."""
    total = 0.0
    for factor in scheme.factors:
        same = before[before[factor] == new[factor]]
        counts = [int((same["arm"] == word).sum()) + (word == arm) for word in scheme.ratio]
        spread = max(counts) - min(counts) if scheme.measure == "range" else float(np.var(counts))
        total += scheme.weights.get(factor, 1.0) * spread
    return total


@pytest.mark.parametrize("measure", ["range", "variance"])
@pytest.mark.parametrize("arms", [2, 3])
def test_minimisation_without_chance_always_takes_the_smallest_imbalance(measure: str, arms: int) -> None:
    ratio = {f"arm_{k}": 1 for k in range(arms)}
    scheme = Minimisation(ratio, FACTORS, {"site": 2.0}, probability=1, measure=measure)  # type: ignore[arg-type]
    frame = randomise(scheme, participants=people(60), seed=3).frame
    for k in range(len(frame)):
        by_arm = {arm: brute_force_imbalance(scheme, frame.head(k), frame.loc[k], arm) for arm in ratio}
        assert by_arm[frame.loc[k, "arm"]] == pytest.approx(min(by_arm.values()))


@given(SEEDS, st.integers(2, 4), st.lists(st.sampled_from(FACTORS["site"]), min_size=8, max_size=40))
@settings(max_examples=30, deadline=None)
def test_minimisation_of_one_factor_without_chance_is_never_off_by_more_than_one(
    seed: int, arms: int, site: list[str]
) -> None:
    scheme = Minimisation({f"arm_{k}": 1 for k in range(arms)}, {"site": FACTORS["site"]}, probability=1)
    units = pd.DataFrame({"participant_id": range(len(site)), "site": site})
    frame = randomise(scheme, participants=units, seed=seed).frame
    counts = pd.crosstab(frame["site"], frame["arm"]).reindex(columns=list(scheme.ratio), fill_value=0)
    assert (counts.max(axis=1) - counts.min(axis=1)).max() <= 1


def test_a_coin_without_chance_is_never_off_by_more_than_one_in_a_stratum() -> None:
    frame = randomise(BiasedCoin(TWO, FACTORS, probability=1), participants=people(60), seed=3).frame
    for _, stratum in frame.groupby(list(FACTORS)):
        exercise = stratum["arm"].eq("exercise").cumsum().to_numpy()
        assert (np.abs(2 * exercise - np.arange(1, len(stratum) + 1)) <= 1).all()


def test_a_list_of_a_coin_made_in_advance_is_that_of_the_participants_who_come() -> None:
    coin = BiasedCoin({"usual_care": 1, "exercise": 2}, FACTORS, probability=0.7)
    come = randomise(coin, participants=people(30), seed=5).frame
    listed = randomise(coin, 30, seed=5).frame
    for levels, stratum in come.groupby(list(FACTORS)):
        own = listed[(listed["sex"] == levels[0]) & (listed["site"] == levels[1])]
        assert stratum["arm"].to_list() == own["arm"].to_list()[: len(stratum)]


def test_the_favoured_arm_is_taken_as_often_as_its_probability_says() -> None:
    scheme = Minimisation(TWO, {"sex": FACTORS["sex"]}, probability=0.8)
    lists = 20_000
    levels = np.zeros((lists, 2, 1), dtype=int)
    arms = draw(scheme, levels, np.random.default_rng(4).random((lists, 2, 2))).arms
    other = (arms[:, 0] != arms[:, 1]).mean()
    assert abs(arms[:, 0].mean() - 0.5) < 4 * np.sqrt(0.25 / lists)
    assert abs(other - 0.8) < 4 * np.sqrt(0.16 / lists)


def test_an_unequal_ratio_holds_at_every_single_allocation_of_a_minimisation() -> None:
    scheme = Minimisation({"usual_care": 1, "exercise": 2}, FACTORS, probability=0.9)
    lists, n = 20_000, 12
    codes = np.stack([people(n)[name].map(list(levels).index) for name, levels in FACTORS.items()], axis=1)
    levels = np.broadcast_to(codes, (lists, n, 2))
    arms = draw(scheme, levels, np.random.default_rng(5).random((lists, n, 2))).arms
    assert np.abs(arms.mean(axis=0) - 2 / 3).max() < 4 * np.sqrt(2 / 9 / lists)


@given(SEEDS, st.sampled_from([TWO, {"usual_care": 1, "exercise": 2}]), st.integers(3, 15))
@settings(max_examples=15, deadline=None)
def test_one_participant_after_the_other_is_all_at_once(seed: int, ratio: dict[str, int], n: int) -> None:
    scheme, come = Minimisation(ratio, FACTORS), people(n + 3)
    at_once = randomise(scheme, participants=come, seed=seed).frame
    one_by_one = randomise(scheme, participants=come.head(n), seed=seed).frame
    for _, row in come.iloc[n:].iterrows():
        one_by_one = next_allocation(scheme, one_by_one, row.to_dict(), seed=seed).frame
    pd.testing.assert_frame_equal(at_once, one_by_one, check_dtype=False)


def test_what_was_allocated_before_is_kept_and_counts() -> None:
    scheme = Minimisation(TWO, {"sex": FACTORS["sex"]}, probability=1)
    before = pd.DataFrame({"participant_id": ["1", "2"], "sex": ["male", "male"], "arm": ["exercise", "exercise"]})
    given_before = before.copy()
    found = next_allocation(scheme, before, {"participant_id": "3", "sex": "male"}, seed=1)
    assert found.frame["arm"].tolist() == ["exercise", "exercise", "usual_care"]
    pd.testing.assert_frame_equal(before, given_before)


@pytest.mark.parametrize(
    ("arms", "said"),
    [
        (["exercise", "sham", None], "`arm` is not one of"),
        ([None, "exercise", None], "the unit was allocated before, and is below one that was not"),
    ],
)
def test_a_history_that_cannot_be_is_refused(arms: list[str | None], said: str) -> None:
    units = people(3).assign(arm=arms)
    with pytest.raises(DataError) as caught:
        randomise(Minimisation(TWO, FACTORS), participants=units, seed=1)
    assert said in str(caught.value)


def test_only_a_minimisation_has_a_history() -> None:
    with pytest.raises(OptionError, match="only a minimisation continues"):
        randomise(Simple(TWO), participants=people(3).assign(arm="exercise"), seed=1)
    with pytest.raises(DataError, match="lack their `slot`"):
        randomise(Minimisation({"a": 1, "b": 2}, FACTORS), participants=people(3).assign(arm="a"), seed=1)


def test_clusters_are_allocated_whole_and_named_by_their_column() -> None:
    clinics = pd.DataFrame({"clinic": list("abcdef"), "site": ["north", "south"] * 3})
    scheme = Cluster(Stratified(PermutedBlocks(TWO, (2, 4)), {"site": ("north", "south")}), "clinic")
    frame = randomise(scheme, participants=clinics, seed=2).frame
    assert list(frame.columns) == ["sequence", "clinic", "site", "block", "arm"]
    assert frame["clinic"].tolist() == list("abcdef")


def test_counts_are_of_the_list_of_each_level_and_of_each_stratum() -> None:
    allocation = randomise(Stratified(PermutedBlocks(TWO, (4,)), FACTORS), 8, seed=1)
    counts = allocation.counts()
    assert counts.loc[0, ["usual_care", "exercise", "total"]].tolist() == [24, 24, 48]
    strata = counts[counts["factor"] == "sex x site"]
    assert strata["level"].tolist() == [", ".join(pair) for pair in product(*FACTORS.values())]
    assert (strata["usual_care"] == 4).all()


def test_an_arm_of_two_shares_takes_part_as_two() -> None:
    assert arm_of_slot(Simple({"a": 2, "b": 4})).tolist() == [0, 1, 1]


def test_a_seed_is_not_shown_where_a_list_is() -> None:
    assert "123456789" not in repr(randomise(Simple(TWO), 4, seed=123456789))
