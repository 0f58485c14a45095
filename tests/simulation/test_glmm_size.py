"""Tests of a logistic mixed model keep their size in small trials, and limits cover.

The long run is `nox -s simulation`; its table is in docs/methods/glmm-size.md.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from tests.simulation.glmm_size import ALPHA, SD, SLOPE, risk_difference, size_and_coverage
from tests.sizes import few

pytestmark = pytest.mark.slow

EFFECT = 1.5
REPLICATES = few(25, 400)


@pytest.mark.parametrize("effect", [0.0, EFFECT])
def test_limits_cover(effect: float) -> None:
    found = size_and_coverage(40, effect, REPLICATES, seed=7)
    allowed = 3 * (ALPHA * (1 - ALPHA) / REPLICATES) ** 0.5 + 0.015
    assert found["covered"].to_numpy() == pytest.approx(1 - ALPHA, abs=allowed)
    assert found["no fit"].max() == 0


def test_the_truth_is_the_average_over_intercepts_and_covariates() -> None:
    rng = np.random.default_rng(1)
    shared = SD * rng.normal(size=400_000) + SLOPE * rng.normal(size=400_000)
    trend = np.linspace(-0.5, 0.5, 4)[:, None]
    drawn = (expit(EFFECT + trend + shared) - expit(trend + shared)).mean()
    assert risk_difference(EFFECT) == pytest.approx(drawn, abs=1e-3)
