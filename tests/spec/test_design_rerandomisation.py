"""The re-randomisation test, against complete enumeration and against its own level."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coxa.design import Cluster, Minimisation, PermutedBlocks, Simple, Stratified, randomise, rerandomisation_test
from coxa.errors import DataError, OptionError
from tests.sizes import few

TWO = {"a": 1, "b": 1}
Y = np.array([3.0, 7.0, 4.0, 9.0, 2.0, 8.0, 6.0, 7.0])
ARMS = np.array(list("abbaabab"))
DATA = pd.DataFrame({"participant_id": range(8), "arm": ARMS, "y": Y, "x": [1.0, 2, 4, 3, 1, 4, 2, 3]})


def block_lists(size: int, blocks: int) -> list[np.ndarray]:
    """Return every list of 1:1 blocks of one size."""
    orders = []
    for chosen in combinations(range(size), size // 2):
        order = np.full(size, "a")
        order[list(chosen)] = "b"
        orders.append(order)
    return [np.concatenate(parts) for parts in product(orders, repeat=blocks)]


def difference(arms: np.ndarray) -> float:
    return float(Y[arms == "b"].mean() - Y[arms == "a"].mean())


@pytest.mark.parametrize(("size", "blocks"), [(8, 1), (4, 2), (2, 4)])
@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_p_is_the_share_of_all_lists_of_the_very_scheme(size: int, blocks: int, alternative: str) -> None:
    found = rerandomisation_test(
        DATA, PermutedBlocks(TWO, (size,)), outcome="y", alternative=alternative, replicates=4000, seed=1
    )
    every = np.array([difference(arms) for arms in block_lists(size, blocks)])
    seen = difference(ARMS)
    extreme = {
        "two-sided": np.abs(every) >= abs(seen) - 1e-9,
        "greater": every >= seen - 1e-9,
        "less": every <= seen + 1e-9,
    }[alternative]
    exact = extreme.mean()
    assert found.statistic == pytest.approx(seen)
    assert abs(found.p_value - exact) < 4 * np.sqrt(exact * (1 - exact) / 4000) + 1 / 4000


def test_the_adjusted_difference_is_that_of_least_squares() -> None:
    found = rerandomisation_test(DATA, Simple(TWO), outcome="y", adjust=["x"], replicates=9, seed=1)
    design = np.column_stack([np.ones(8), DATA["x"], ARMS == "b"]).astype(float)
    assert found.statistic == pytest.approx(np.linalg.lstsq(design, Y, rcond=None)[0][2])
    words = rerandomisation_test(
        DATA.assign(x=DATA["x"].astype(str)), Simple(TWO), outcome="y", adjust=["x"], replicates=9, seed=1
    )
    within = DATA.assign(y=Y - DATA.groupby("x")["y"].transform("mean"), b=(ARMS == "b").astype(float))
    within["b"] -= within.groupby("x")["b"].transform("mean")
    assert words.statistic == pytest.approx((within["b"] @ within["y"]) / (within["b"] @ within["b"]))


def test_a_statistic_of_ones_own_and_three_arms() -> None:
    three = PermutedBlocks({"a": 1, "b": 1, "c": 1}, (3,))
    units = pd.DataFrame({"participant_id": range(30)})
    arms = randomise(three, participants=units, seed=3).frame["arm"]
    data = units.assign(arm=arms, y=np.arange(30.0) + 20 * (arms == "c"))
    by_arm = rerandomisation_test(data, three, outcome="y", compare="c", against="a", replicates=199, seed=4)
    assert by_arm.p_value == pytest.approx(1 / 200)

    def largest_gap(frame: pd.DataFrame, arm: np.ndarray) -> float:
        means = frame["y"].groupby(arm).mean()
        return float(means.max() - means.min())

    assert rerandomisation_test(data, three, statistic=largest_gap, replicates=199, seed=4).p_value < 0.02


def test_participants_without_an_outcome_are_allocated_and_not_counted() -> None:
    data = DATA.assign(y=DATA["y"].where(DATA["participant_id"] != 3))
    found = rerandomisation_test(data, PermutedBlocks(TWO, (4,)), outcome="y", replicates=99, seed=1)
    keep = data["y"].notna().to_numpy()
    assert found.statistic == pytest.approx(Y[keep & (ARMS == "b")].mean() - Y[keep & (ARMS == "a")].mean())


def test_clusters_are_drawn_whole() -> None:
    clinic = np.repeat(list("pqrs"), 2)
    data = DATA.assign(clinic=clinic, arm=np.repeat(list("abba"), 2))
    found = rerandomisation_test(
        data, Cluster(PermutedBlocks(TWO, (4,)), "clinic"), outcome="y", replicates=500, seed=1
    )
    assert len(np.unique(found.drawn.round(9))) <= 6
    with pytest.raises(DataError, match="`arm` differs within a clinic"):
        rerandomisation_test(
            DATA.assign(clinic=clinic), Cluster(Simple(TWO), "clinic"), outcome="y", replicates=9, seed=1
        )


def test_the_level_holds_under_minimisation_where_the_outcome_drifts() -> None:
    scheme = Minimisation(TWO, {"site": ("n", "s")}, probability=0.85)
    rng, trials = np.random.default_rng(11), few(60, 150)
    p = []
    for k in range(trials):
        units = pd.DataFrame({"participant_id": range(24), "site": rng.choice(["n", "s"], 24)})
        arm = randomise(scheme, participants=units, seed=k).frame["arm"]
        y = rng.normal(size=24) + np.arange(24) / 6 + 2 * (units["site"] == "n")
        p.append(rerandomisation_test(units.assign(arm=arm, y=y), scheme, outcome="y", replicates=79, seed=k).p_value)
    assert stats.kstest(p, "uniform", alternative="greater").pvalue > 0.001
    assert np.mean(np.array(p) <= 0.05) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / trials)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "Exactly one of `outcome` and `statistic` is needed"),
        ({"outcome": "y", "alternative": "both"}, "Choose one of two-sided"),
        ({"outcome": "z"}, 'There is no column "z"'),
        ({"outcome": "y", "arm": "group"}, 'There is no column "group"'),
        ({"outcome": "y", "compare": "b"}, "`compare` and `against` do not name different arms"),
        ({"outcome": "y", "compare": "b", "against": "c"}, 'no arm "c"'),
        ({"outcome": "y", "replicates": 0}, "`replicates` is 0, too few for a test"),
        ({"statistic": lambda *_: np.nan}, "The statistic is not a number under 9 of 9 lists"),
    ],
)
def test_wrong_use_is_told(options: dict[str, object], said: str) -> None:
    with pytest.raises(OptionError) as caught:
        rerandomisation_test(DATA, Simple(TWO), **{"replicates": 9, **options}, seed=1)  # type: ignore[arg-type]
    assert said in str(caught.value)


def test_arms_that_the_scheme_does_not_have_are_told() -> None:
    with pytest.raises(DataError, match="Name the arms in the scheme as in the table"):
        rerandomisation_test(DATA.assign(arm="A"), Simple(TWO), outcome="y", replicates=9, seed=1)
    with pytest.raises(DataError, match="Compare arms that have data"):
        rerandomisation_test(DATA.assign(arm="a"), Simple(TWO), outcome="y", replicates=9, seed=1)


def test_stratified_lists_are_drawn_within_strata() -> None:
    strata = Stratified(PermutedBlocks(TWO, (2,)), {"site": ("n", "s")})
    data = DATA.assign(site=["n"] * 2 + ["s"] * 2 + ["n"] * 2 + ["s"] * 2, arm=list("abbaabab"))
    found = rerandomisation_test(data, strata, outcome="y", replicates=500, seed=1)
    assert len(np.unique(found.drawn.round(9))) <= 16


def test_a_stratum_in_which_one_participant_came_is_no_fault_of_a_trial() -> None:
    strata = Stratified(PermutedBlocks(TWO, (2,)), {"site": ("n", "s")})
    data = DATA.assign(site=["s"] + ["n"] * 7)
    assert 0 < rerandomisation_test(data, strata, outcome="y", replicates=99, seed=1).p_value <= 1
