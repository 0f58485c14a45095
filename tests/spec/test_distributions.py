"""Distributions by scipy.special are those of scipy.stats to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from coxa import distributions

X = np.array([-np.inf, -40.0, -8.3, -1.0, -1e-9, 0.0, 0.3, 1.96, 7.5, 38.0, 400.0, np.inf, np.nan])
Q = np.array([-0.1, 0.0, 1e-300, 1e-12, 0.025, 0.3, 0.5, 0.975, 1 - 1e-12, 1.0, 1.2, np.nan])
DF = (-1.0, 0.0, 0.7, 1, 2.5, 17, 163.21, 1e4, 1e9, np.nan)
SAME = {
    "norm": ("cdf", "sf", "pdf", "ppf", "isf"),
    "t": ("cdf", "sf", "ppf", "isf"),
    "chi2": ("sf", "ppf"),
    "f": ("cdf", "sf", "ppf"),
}


def parameters_of(name: str) -> list[tuple[float, ...]]:
    if name == "norm":
        return [()]
    return [(a, b) for a in DF for b in DF] if name == "f" else [(df,) for df in ((*DF, np.inf) if name == "t" else DF)]


@pytest.mark.parametrize(("name", "method"), [(name, method) for name, methods in SAME.items() for method in methods])
def test_each_function_gives_the_numbers_of_scipy_stats(name: str, method: str) -> None:
    at = Q if method in ("ppf", "isf") else X
    own, other = getattr(getattr(distributions, name), method), getattr(getattr(stats, name), method)
    with np.errstate(all="ignore"):
        for parameters in parameters_of(name):
            np.testing.assert_array_equal(own(at, *parameters), other(at, *parameters), err_msg=str(parameters))


def test_a_law_is_its_family_with_parameters() -> None:
    law = distributions.t(12)
    assert (law.cdf(1.5), law.sf(1.5), law.ppf(0.9)) == (
        stats.t.cdf(1.5, 12),
        stats.t.sf(1.5, 12),
        stats.t.ppf(0.9, 12),
    )


def test_numbers_give_numbers_and_lists_give_arrays() -> None:
    assert isinstance(distributions.norm.ppf(0.975), float)
    assert isinstance(distributions.chi2.sf(3.84, 1), float)
    assert distributions.t.ppf([0.5, 0.975], 10).shape == (2,)
