"""Limits in closed form, Fisher's test and adjusted p-values are those of statsmodels and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint
from statsmodels.stats.rates import confint_poisson

from coxa.estimates.adjusted_p import METHODS, adjusted_p
from coxa.estimates.limits import clopper_pearson, garwood, newcombe, wilson
from coxa.estimates.proportions import fisher_exact

CELLS = [(0, 1), (0, 20), (3, 20), (20, 20), (12, 77), (36, 154), (499, 1000), (50_000, 50_001)]
IN_STATSMODELS = {"hochberg": "simes-hochberg", "fdr": "fdr_bh"}


@pytest.mark.parametrize("level", [0.8, 0.95, 0.999])
@pytest.mark.parametrize("cell", CELLS)
def test_limits_of_one_group(cell: tuple[int, int], level: float) -> None:
    events, n = cell
    np.testing.assert_allclose(
        wilson(*cell, level), proportion_confint(events, n, 1 - level, method="wilson"), rtol=1e-12, atol=1e-15
    )
    np.testing.assert_allclose(
        garwood(events, level), confint_poisson(events, 1, method="exact-c", alpha=1 - level), rtol=1e-12
    )
    exact = stats.binomtest(events, n).proportion_ci(level, method="exact")
    np.testing.assert_allclose(clopper_pearson(*cell, level), exact, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_limits_of_a_difference(level: float) -> None:
    for cell in CELLS:
        for other in CELLS:
            asked = confint_proportions_2indep(*cell, *other, method="newcomb", compare="diff", alpha=1 - level)
            np.testing.assert_allclose(newcombe(cell, other, level), asked, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("method", METHODS)
def test_adjusted_p_values(method: str) -> None:
    rng = np.random.default_rng(20261201)
    for q in (1, 2, 3, 7, 20):
        for p in (rng.random(q), rng.random(q) ** 4, np.full(q, 0.03), rng.choice([0.0, 0.01, 0.5, 1.0], q)):
            asked = multipletests(p, method=IN_STATSMODELS.get(method, method))[1]
            np.testing.assert_allclose(adjusted_p(p, method), asked, rtol=1e-12, err_msg=str(p))


def test_fishers_exact_test() -> None:
    rng = np.random.default_rng(20261202)
    for size in (1, 4, 12, 60, 3000):
        for _ in range(40):
            counts = rng.integers(0, size + 1, (2, 2)) + np.array([[1, 0], [0, 1]])
            np.testing.assert_allclose(fisher_exact(counts), stats.fisher_exact(counts).pvalue, rtol=1e-9, atol=1e-300)
