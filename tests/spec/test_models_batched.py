"""Many outcomes on one design, fitted together: the numbers are those of single fits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coxa.errors import OptionError
from coxa.models import BatchFit, fit_batch, fit_mmrm
from coxa.models.batch.likelihood import batch_sums
from coxa.models.numerics.pattern_sums import pattern_sums, patterns, stack

SAME = 1e-8
"""Relative. The same arithmetic in another order, from the same start."""

FORMULA = "y ~ baseline + arm * visit"
EFFECT = {"arm[b]": 1.0, "arm[b]:visit[v3]": 1.0}
METHODS = ["kenward-roger", "kenward-roger-linear", "satterthwaite", "residual", "between-within"]


def trial(n: int = 30, sets: int = 7, seed: int = 4) -> tuple[pd.DataFrame, np.ndarray]:
    """A trial with three visits, after which some rows are missing, and outcomes for all rows."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "participant_id": np.repeat(np.arange(n), 3),
            "visit": np.tile(["v1", "v2", "v3"], n),
            "week": np.tile([6.0, 12.0, 26.0], n),
            "arm": np.repeat(np.where(np.arange(n) % 2, "b", "a"), 3),
            "baseline": np.repeat(rng.normal(50, 10, n), 3),
        }
    )
    outcomes = np.repeat(rng.normal(size=(sets, n)), 3, axis=1) + rng.normal(size=(sets, 3 * n))
    return rows.assign(y=np.where(rng.random(3 * n) < 0.15, np.nan, outcomes[0])), outcomes


def assert_same(fits: BatchFit, rows: pd.DataFrame, outcomes: np.ndarray, **options: object) -> None:
    for b, y in enumerate(outcomes):
        for method in fits.tests:
            alone = fit_mmrm(FORMULA, rows.assign(y=y).where(rows["y"].notna()).dropna(), ddf=method, **options)
            tested = alone.test(EFFECT)
            assert fits.loglik[b] == pytest.approx(alone.loglik, rel=SAME)
            assert fits.params[b] == pytest.approx(alone.params.to_numpy(), rel=SAME, abs=SAME)
            assert fits.tests[method].std_error[b] == pytest.approx(tested.std_error, rel=SAME)
            assert fits.tests[method].df[b] == pytest.approx(tested.df, rel=SAME)
            assert fits.p_value(method)[b] == pytest.approx(tested.p_value, rel=SAME)


@pytest.mark.parametrize("structure", ["us", "toeph", "ar1"])
def test_a_batch_is_its_single_fits(structure: str) -> None:
    rows, outcomes = trial()
    fits = fit_batch(FORMULA, rows, outcomes, [EFFECT], covariance=structure, ddf=METHODS)
    assert fits.converged.all()
    assert_same(fits, rows, outcomes, covariance=structure)


def test_times_and_full_likelihood() -> None:
    rows, outcomes = trial(sets=3)
    options = {"covariance": "sp_exp", "time": "week", "reml": False}
    fits = fit_batch(FORMULA, rows, outcomes, [EFFECT], **options)
    assert_same(fits, rows, outcomes, **options)


def test_more_outcomes_than_fit_into_one_block_keep_their_order() -> None:
    rows, outcomes = trial(sets=70)
    fits = fit_batch(FORMULA, rows, outcomes, [EFFECT])
    last = fit_batch(FORMULA, rows, outcomes[-1:], [EFFECT])
    assert fits.params.shape == (70, 7)
    assert fits.params[-1] == pytest.approx(last.params[0], rel=SAME)


def test_what_has_no_optimum_is_flagged_and_the_others_are_fitted() -> None:
    rows, outcomes = trial(n=60)
    same = outcomes.copy()
    same[2] = np.repeat(outcomes[2, ::3], 3)  # every visit repeats the first: the covariance is singular
    fits = fit_batch(FORMULA, rows, same, [EFFECT])
    assert fits.converged.tolist() == [True, True, False, True, True, True, True]
    assert fits.single.tolist() == [False, False, True, False, False, False, False]
    assert np.isnan(fits.params[2]).all()
    assert np.isnan(fits.tests["satterthwaite"].std_error[2]).all()
    keep = [0, 1, 3, 4, 5, 6]
    alone = fit_batch(FORMULA, rows, outcomes[keep], [EFFECT])
    assert fits.params[keep] == pytest.approx(alone.params, rel=SAME)


def test_sums_of_a_batch_are_the_sums_of_each() -> None:
    who, when = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 1])
    x, y = np.column_stack([np.ones(5), [1.0, 2, 3, 4, 5]]), np.array([[1.0, 0, 2, 1, 3], [2.0, 5, 1, 1, 0]])
    sums = batch_sums(tuple(patterns(who, when)), x, y, 2, None)
    for b in range(2):
        alone = stack(pattern_sums(who, when, x, y[b]), 2)
        assert sums.one(b).gram.tolist() == alone.gram.tolist()


def test_wrong_outcomes_and_rows_are_refused() -> None:
    rows, outcomes = trial(sets=2)
    with pytest.raises(OptionError, match=r"Give an array \(sets, 90\), one column per row of data"):
        fit_batch(FORMULA, rows, outcomes[0], [EFFECT])
    with pytest.raises(
        OptionError, match=r"There is no coefficient 'arm\[c\]'. Choose from Intercept, baseline, arm\[b\]."
    ):
        fit_batch(FORMULA, rows, outcomes, [{"arm[c]": 1.0}])
    with pytest.raises(OptionError, match="Give 7 in each row, one per coefficient"):
        fit_batch(FORMULA, rows, outcomes, np.ones(3))
    first = int(np.flatnonzero(rows["y"].notna())[0])
    gap = outcomes.copy()
    gap[1, first] = np.nan
    with pytest.raises(OptionError, match=f"Outcome 1 has no number in row {first} of data, which is analysed"):
        fit_batch(FORMULA, rows, gap, [EFFECT])
    with pytest.raises(OptionError, match="derived for restricted likelihood"):
        fit_batch(FORMULA, rows, outcomes, [EFFECT], ddf="kenward-roger", reml=False)
