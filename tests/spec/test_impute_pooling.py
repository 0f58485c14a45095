"""Rubin's rules on drawn numbers, the Monte Carlo errors, and how many imputations are enough."""

from __future__ import annotations

import numpy as np
import pytest

from coxa.errors import OptionError
from coxa.impute import enough_imputations, pool_chi_squares, pool_joint, pool_rubin


def test_two_data_sets_by_hand() -> None:
    """Estimates 1 and 3: within 1, between 2, total 1 + 1.5 * 2 = 4; lambda 3/4, nu_old 16/9."""
    pooled = pool_rubin(np.array([1.0, 3.0]), np.array([0.5, 1.5]))
    assert (pooled.estimate, pooled.std_error, pooled.within, pooled.between) == (2.0, 2.0, 1.0, 2.0)
    assert pooled.share == pytest.approx(0.75)
    assert pooled.df == pytest.approx(16 / 9)
    assert pooled.mc_error == pytest.approx(1.0)


def test_nothing_missing_leaves_the_analysis_nearly_as_it_is() -> None:
    pooled = pool_rubin(np.full((5, 1), 2.0), np.full((5, 1), 4.0), df_complete=20)
    assert (float(pooled.std_error[0]), float(pooled.share[0])) == (2.0, 0.0)
    assert pooled.df == pytest.approx(21 / 23 * 20)


def test_degrees_of_freedom_never_exceed_those_of_complete_data() -> None:
    rng = np.random.default_rng(1)
    q, u = rng.normal(size=(30, 50)) * np.linspace(0.01, 3, 50), np.ones((30, 50))
    df = pool_rubin(q, u, df_complete=12).df
    assert (df < 12).all()
    assert (df <= pool_rubin(q, u).df).all()


def test_the_error_of_the_standard_error_is_the_jackknife() -> None:
    rng = np.random.default_rng(2)
    q, u = rng.normal(size=(12, 1)), rng.uniform(1, 2, (12, 1))
    left_out = [pool_rubin(np.delete(q, k, 0), np.delete(u, k, 0)).std_error[0] for k in range(12)]
    # Each of the others has 11 data sets, so that their standard errors are those with 1 + 1/11.
    expected = np.sqrt(11 / 12 * ((np.array(left_out) - np.mean(left_out)) ** 2).sum())
    assert pool_rubin(q, u).mc_std_error[0] == pytest.approx(expected)


def test_monte_carlo_errors_are_those_of_other_seeds() -> None:
    """400 times 60 imputations: the errors that one of them reports are the spread over all, to 15%."""
    rng = np.random.default_rng(3)
    pooled = [pool_rubin(rng.normal(size=60), np.ones(60)) for _ in range(400)]
    for value, error in (("estimate", "mc_error"), ("std_error", "mc_std_error")):
        spread = np.std([getattr(one, value)[0] for one in pooled])
        assert np.mean([getattr(one, error)[0] for one in pooled]) == pytest.approx(spread, rel=0.15)


def test_the_chosen_number_keeps_the_errors_within_the_tolerance() -> None:
    rng = np.random.default_rng(4)
    pilot = pool_rubin(rng.normal(size=100), np.full(100, 2.0))
    chosen = enough_imputations(pilot, of_estimate=0.03, of_std_error=0.03)
    again = pool_rubin(rng.normal(size=chosen.m), np.full(chosen.m, 2.0))
    assert again.mc_error[0] < 0.03 * again.std_error[0]
    assert again.mc_std_error[0] < 0.03 * again.std_error[0]
    assert str(chosen.m) in chosen.sentence


def test_a_limit_of_the_number_is_named() -> None:
    pilot = pool_rubin(np.random.default_rng(5).normal(size=50), np.full(50, 0.1))
    chosen = enough_imputations(pilot, of_estimate=0.001, most=2000)
    assert chosen.m == 2000
    assert "2000 are drawn, the limit that was set" in chosen.sentence


@pytest.mark.parametrize(
    ("estimates", "variances", "message"),
    [
        ([1.0], [1.0], "There are 1 imputed data sets"),
        ([1.0, 2.0], [1.0], "one row for each imputed"),
        ([1.0, np.nan, 2.0], [1.0, 1.0, 1.0], "1 of 3 imputed data sets have no estimate"),
    ],
)
def test_what_cannot_be_pooled_is_refused(estimates: list[float], variances: list[float], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        pool_rubin(np.array(estimates), np.array(variances))


def test_a_joint_test_keeps_its_size() -> None:
    """2,000 times 10 data sets with half of the information missing: 5% within three standard errors."""
    rng = np.random.default_rng(6)
    rejected = []
    for _ in range(2000):
        centre = rng.normal(size=3) * np.sqrt(2)
        sets = centre + rng.normal(size=(10, 3))
        rejected.append(pool_joint(sets, np.tile(np.eye(3), (10, 1, 1))).p_value < 0.05)
    # The variance of the centre is that of complete data, 1, and that of what is missing, 1.
    assert np.mean(rejected) == pytest.approx(0.05, abs=0.015)


def test_statistics_below_zero_are_refused() -> None:
    with pytest.raises(OptionError, match="0 or above"):
        pool_chi_squares(np.array([1.0, -1.0]), 1)
