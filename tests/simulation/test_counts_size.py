"""Rate ratios keep their size where counts vary more than Poisson's, but for Poisson's own errors.

The long run is `nox -s simulation`; its table is in docs/methods/counts-size.md.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from coxa.models import fit_glm
from tests.simulation.counts_size import ALPHA, METHODS, draw, effects, size_and_coverage


def three_errors(replicates: int) -> float:
    return 3 * (ALPHA * (1 - ALPHA) / replicates) ** 0.5


def test_poisson_rejects_too_often_and_the_others_do_not() -> None:
    found = size_and_coverage(40, 1.5, 0.0, 300, seed=7)["rejected"]
    assert found["Poisson"] > 0.2
    assert found.drop("Poisson").max() < ALPHA + three_errors(300) + 0.03


@pytest.mark.slow
@pytest.mark.parametrize("per_arm", [20, 40, 80])
def test_size_and_coverage_from_20_to_80_an_arm(per_arm: int) -> None:
    """Normal tests miss up to five points at 20 an arm; quasi-Poisson and HC3 up to two."""
    for effect in (0.0, math.log(0.6)):
        found = size_and_coverage(per_arm, 0.5, effect, 1000, seed=7)["covered"]
        short = {20: 0.05, 40: 0.03, 80: 0.02}[per_arm]
        assert found.drop("Poisson").min() > 1 - ALPHA - three_errors(1000) - short
        assert found[["quasi-Poisson", "HC3"]].min() > 1 - ALPHA - three_errors(1000) - 0.02


def test_what_is_simulated_is_what_is_public() -> None:
    y, x, years = draw(40, 0.8, -0.4, np.random.default_rng(3))
    rows = pd.DataFrame({"y": y, "arm": x[:, 1], "x": x[:, 2], "years": years})
    options = {
        "Poisson": {"family": "poisson"},
        "quasi-Poisson": {"family": "quasi-poisson"},
        "negative binomial, observed": {"family": "negative_binomial"},
        "negative binomial, expected": {"family": "negative_binomial", "information": "expected"},
        "HC0": {"family": "poisson", "vcov": "HC0"},
        "HC3": {"family": "poisson", "vcov": "HC3"},
    }
    simulated = effects(y, x, years)
    assert simulated is not None
    assert set(options) == set(METHODS)
    for name, given in options.items():
        fit = fit_glm("y ~ arm + x", rows, exposure="years", **given)  # type: ignore[arg-type]
        assert simulated[name] == pytest.approx((fit.params["arm"], fit.bse["arm"], fit.df["arm"]))
