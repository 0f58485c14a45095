"""Two proportions: published limits, a brute-force search of the roots, agreement with the test, exact coverage."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coxa.errors import OptionError
from coxa.estimates import compare_proportions, number_needed_to_treat
from coxa.estimates.exact_proportions import exact_test, tail
from coxa.estimates.two_proportions import restricted_risks, score_limits, score_statistics, score_test
from tests.reference.tolerances import EXACT_LIMIT

Z = stats.norm.ppf(0.975)
TERMS = ("risk_difference", "risk_ratio", "odds_ratio")


def random_tables(count: int, seed: int) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return tables of 1 to 200 an arm, in a third of which an arm has no event or nothing but events."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        n, m = (int(k) for k in rng.integers(1, [12, 200][rng.integers(2)], 2))
        p, q = rng.choice([0.0, 0.01, 0.5, 0.99, 1.0, rng.random()], 2)
        found.append(((int(rng.binomial(n, p)), n), (int(rng.binomial(m, q)), m)))
    return found


def searched_risks(a: int, c: int, d: np.ndarray, n: int, m: int) -> np.ndarray:
    """Return the likeliest reference risk at each difference by bisection of the score, without the cubic."""
    low, high = np.maximum(0.0, -d), np.minimum(1.0, 1 - d)
    for _ in range(80):
        q = (low + high) / 2
        p = q + d
        with np.errstate(divide="ignore", invalid="ignore"):
            parts = [k * np.divide(1.0, risk) for k, risk in ((a, p), (c, q), (n - a, 1 - p), (m - c, 1 - q))]
            parts = [np.where(k == 0, 0.0, part) for k, part in zip((a, c, n - a, m - c), parts, strict=True)]
        rising = parts[0] + parts[1] - parts[2] - parts[3] > 0
        low, high = np.where(rising, q, low), np.where(rising, high, q)
    return (low + high) / 2


def searched_z(a: int, n: int, c: int, m: int, d: np.ndarray) -> np.ndarray:
    q = searched_risks(a, c, d, n, m)
    p = q + d
    variance = np.maximum(p * (1 - p) / n + q * (1 - q) / m, 1e-300) * (n + m) / (n + m - 1)
    return (a / n - c / m - d) / np.sqrt(variance)


@pytest.mark.parametrize(
    ("arm", "reference", "low", "high"),
    [
        ((36, 154), (12, 77), -0.0361, 0.1775),
        ((56, 70), (48, 80), 0.0528, 0.3382),
        ((9, 10), (3, 10), 0.1700, 0.8406),
        ((10, 10), (0, 20), 0.7156, 1.0),
    ],
)
def test_published_limits_of_a_difference(arm: tuple, reference: tuple, low: float, high: float) -> None:
    """CAMIS, SAS page on two proportions (36/154, 12/77); Newcombe 1998, table II, Mee's and Miettinen-Nurminen's
    columns as Chen & Zhou (WUSS 2016, paper 127) and cicalc print them."""
    assert score_limits(arm, reference, 0.95) == pytest.approx((low, high), abs=6e-5)


def test_newcombes_own_example_and_its_lack_of_a_test() -> None:
    row = compare_proportions((56, 70), (48, 80), limits="newcombe").frame.iloc[0]
    assert (round(row["conf_low"], 4), round(row["conf_high"], 4)) == (0.0524, 0.3339)
    assert np.isnan(row["p_value"])


def test_exact_limits_are_the_published_ones() -> None:
    """Perondi 2004, 7/34 and 1/34, in Fagerland, Lydersen & Laake 2015 (Stat Methods Med Res 24:224): Chan and Zhang's
    0.019 to 0.36; odds ratio by Cornfield's exact conditional limits 0.97 to 397."""
    found = compare_proportions((7, 34), (1, 34), limits="exact").frame.set_index("term")
    difference, odds = found.loc["risk_difference"], found.loc["odds_ratio"]
    assert (round(difference["conf_low"], 3), round(difference["conf_high"], 2)) == (0.019, 0.36)
    assert (round(odds["conf_low"], 2), round(odds["conf_high"])) == (0.97, 397)


def check_table(arm: tuple[int, int], reference: tuple[int, int]) -> None:
    """Assert that limits are the roots that a search finds, that nothing else is, and that the test agrees."""
    (a, n), (c, m) = arm, reference
    low, high = score_limits(arm, reference, 0.95)
    assert -1 <= low <= a / n - c / m <= high <= 1
    edges = np.array([low, high])
    inner = np.abs(edges) < 1 - 1e-9
    assert searched_z(a, n, c, m, edges)[inner] == pytest.approx(np.array([Z, -Z])[inner], abs=1e-5)
    grid = np.linspace(-0.9999, 0.9999, 401)
    grid = grid[np.abs(grid[:, None] - edges).min(axis=1) > 1e-6]
    assert ((np.abs(searched_z(a, n, c, m, grid)) < Z) == ((grid > low) & (grid < high))).all()
    p = score_test(arm, reference)
    for term in TERMS:
        if term != "risk_difference" and (a + c == 0 or (term == "odds_ratio" and a + c == n + m)):
            continue
        lower, upper = score_limits(arm, reference, 0.95, term)
        none = 0.0 if term == "risk_difference" else 1.0
        assert not math.isnan(lower + upper) or upper == math.inf
        assert (lower > none or upper < none) == (p < 0.05)


def test_limits_are_the_roots_that_a_search_finds_and_agree_with_the_test() -> None:
    for arm, reference in random_tables(300, 1):
        check_table(arm, reference)


@pytest.mark.slow
def test_ten_thousand_tables_have_limits_that_are_the_roots_that_a_search_finds() -> None:
    for arm, reference in random_tables(10_000, 2):
        check_table(arm, reference)


@pytest.mark.some(4)
@pytest.mark.parametrize("n", [1, 2, 5, 9])
@pytest.mark.parametrize("m", [1, 3, 8])
def test_every_small_table_has_rows(n: int, m: int) -> None:
    for a, c in product(range(n + 1), range(m + 1)):
        check_table((a, n), (c, m))
        found = compare_proportions((a, n), (c, m)).frame.set_index("term")
        assert found.index.to_list() == list(TERMS)
        assert found.loc["risk_difference", ["estimate", "conf_low", "conf_high"]].notna().all()
        undefined = found["estimate"].isna()
        assert undefined["risk_ratio"] == (a + c == 0)
        assert undefined["odds_ratio"] == (a + c in (0, n + m))
        assert found.loc[undefined, "warning"].str.startswith("no ").all()


def test_the_cubic_gives_the_risks_of_a_search() -> None:
    d = np.linspace(-0.99, 0.99, 67)
    for (a, n), (c, m) in random_tables(100, 3):
        found = np.array([restricted_risks(np.array([a]), np.array([c]), at, n, m)[0] for at in d])
        assert found == pytest.approx(searched_risks(a, c, d, n, m), abs=1e-6)


def test_the_score_test_is_pearsons_with_one_observation_less() -> None:
    chi = stats.chi2_contingency([[36, 118], [12, 65]], correction=False).statistic
    assert score_test((36, 154), (12, 77)) == pytest.approx(stats.chi2.sf(chi * 230 / 231, 1), rel=1e-12)


def test_arms_exchanged_give_the_same_limits_with_the_sides_exchanged() -> None:
    for arm, reference in random_tables(60, 4):
        low, high = score_limits(arm, reference, 0.95)
        assert score_limits(reference, arm, 0.95) == pytest.approx((-high, -low), abs=1e-7)


def test_exact_limits_cover_at_every_pair_of_risks_and_agree_with_their_test() -> None:
    n, m, level = 6, 7, 0.9
    frames = {
        (a, c): compare_proportions((a, n), (c, m), limits="exact", conf_level=level).only(term="risk_difference").frame
        for a, c in product(range(n + 1), range(m + 1))
    }
    lower, upper = (
        np.array([frame[side].item() for frame in frames.values()]).reshape(n + 1, m + 1)
        for side in ("conf_low", "conf_high")
    )
    for p, q in product(np.linspace(0, 1, 41), repeat=2):
        likely = np.outer(stats.binom.pmf(np.arange(n + 1), n, p), stats.binom.pmf(np.arange(m + 1), m, q))
        covered = likely[(lower <= p - q + 1e-12) & (p - q - 1e-12 <= upper)].sum()
        assert covered >= level - 1e-9
    for frame in frames.values():
        clear = frame["conf_low"].item() > EXACT_LIMIT or frame["conf_high"].item() < -EXACT_LIMIT
        assert clear == (frame["p_value"].item() < 1 - level)


def test_an_exact_tail_is_the_sum_of_the_tables_as_far_out() -> None:
    arm, reference, d = (5, 6), (1, 5), 0.2

    def z(a: int, c: int) -> float:
        return float(score_statistics(np.array([a]), np.array([c]), d, n=6, m=5)[0])

    far = [(a, c) for a, c in product(range(7), range(6)) if z(a, c) >= z(5, 1) - 1e-9]
    brute = max(
        sum(stats.binom.pmf(a, 6, q + d) * stats.binom.pmf(c, 5, q) for a, c in far) for q in np.linspace(0, 0.8, 2001)
    )

    def statistic(a: np.ndarray, c: np.ndarray, difference: float) -> np.ndarray:
        return score_statistics(a, c, difference, n=6, m=5)

    assert tail(arm, reference, d, statistic, 1) == pytest.approx(brute, abs=1e-6)
    assert exact_test((3, 6), (3, 6), lambda a, c, d: score_statistics(a, c, d, n=6, m=6)) == 1


def test_exact_odds_ratio_is_clear_exactly_where_its_p_is_below_one_less_the_level() -> None:
    for a, c in product(range(7), range(6)):
        row = compare_proportions((a, 6), (c, 5), limits="exact").only(term="odds_ratio").frame.iloc[0]
        if not np.isnan(row["estimate"]):
            assert (row["conf_low"] > 1 or row["conf_high"] < 1) == (row["p_value"] < 0.05)


def test_number_needed_runs_through_infinity_where_the_difference_may_be_none() -> None:
    low, high = score_limits((36, 154), (12, 77), 0.95)
    found = number_needed_to_treat((36, 154), (12, 77))
    assert found.through_infinity
    assert (found.nearest, found.farthest) == pytest.approx((1 / high, -1 / low))
    assert not number_needed_to_treat((56, 70), (48, 80), limits="newcombe").through_infinity


def test_small_counts_are_said() -> None:
    assert "below 5" in compare_proportions((3, 8), (0, 9)).frame["warning"][0]
    assert compare_proportions((36, 154), (12, 77)).frame["warning"].eq("").all()


@pytest.mark.parametrize("cell", [(3, 0), (4, 3), (-1, 3), (1.5, 3), (1, 2, 3), (True, 3)])
def test_counts_that_are_no_table_are_refused(cell: tuple) -> None:
    with pytest.raises(OptionError, match="events and participants"):
        compare_proportions(cell, (1, 3))


def test_other_limits_and_large_exact_tables_are_refused() -> None:
    with pytest.raises(OptionError, match="`limits`"):
        compare_proportions((1, 3), (1, 3), limits="wald")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="tables"):
        compare_proportions((10, 200), (5, 200), limits="exact")


def test_whole_numbers_of_numpy_and_pandas_are_taken() -> None:
    counts = pd.Series([36, 154, 12, 77])
    assert len(compare_proportions((counts[0], counts[1]), (np.int32(12), counts[3]))) == 3
