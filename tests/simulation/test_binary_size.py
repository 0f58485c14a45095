"""Comparisons of a yes-or-no outcome keep their size in small trials, and their limits cover.

The long run is `nox -s simulation`; its table is in docs/methods/binary-size.md.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from coxa.estimates import standardised_means
from coxa.models import fit_glm
from tests.simulation.binary_size import ALPHA, METHODS, adjusted, draw, size_and_coverage, truth

pytestmark = pytest.mark.slow

EFFECT = 1.25
PER_ARM = 40


@cache
def counted(effect: float, replicates: int, per_arm: int = PER_ARM) -> pd.DataFrame:
    return size_and_coverage(per_arm, 0.4, effect, replicates, seed=7).set_index("method")


def three_errors(share: float, replicates: int) -> float:
    return 3 * (share * (1 - share) / replicates) ** 0.5


@pytest.mark.parametrize("effect", [0.0, EFFECT])
def test_limits_cover_and_the_covariate_and_the_blocks_make_them_narrower(effect: float) -> None:
    found = counted(effect, 400)
    assert found["covered"].to_numpy() == pytest.approx(1 - ALPHA, abs=three_errors(ALPHA, 400) + 0.015)
    assert found["separated"].max() <= 4
    width = found["width"]
    assert width["adjusted, Ye"] < width["no covariate, Ye, blocks"] < width["no covariate, Ye"]


@pytest.mark.slow
@pytest.mark.parametrize("per_arm", [20, 40, 80])
@pytest.mark.parametrize("effect", [0.0, EFFECT])
def test_size_and_coverage_from_20_to_80_an_arm(per_arm: int, effect: float) -> None:
    """Normal limits miss up to two and a half points of coverage at 20 an arm; Miettinen and Nurminen's miss none."""
    found = counted(effect, 2000, per_arm)
    short = {20: 0.025, 40: 0.015, 80: 0.01}[per_arm]
    assert found["covered"].to_numpy() == pytest.approx(1 - ALPHA, abs=three_errors(ALPHA, 2000) + short)
    assert found["covered"][METHODS[0]] >= 1 - ALPHA - three_errors(ALPHA, 2000)
    small = found["covered"][[name for name in METHODS if name.endswith("small samples")]]
    assert (small >= 1 - ALPHA - three_errors(ALPHA, 2000) - 0.005).all()


def test_the_truth_is_the_average_over_covariates() -> None:
    intercept, usual, treated = truth(0.4, EFFECT)
    x = np.random.default_rng(1).normal(size=1_000_000)
    assert usual == pytest.approx(0.4, abs=1e-9)
    assert treated == pytest.approx(expit(intercept + EFFECT + x).mean(), abs=1.5e-3)


@pytest.mark.parametrize("scheme", ["simple", "pb"])
def test_what_is_simulated_is_what_is_public(scheme: str) -> None:
    y, arm, covariate, stratum = draw(40, -0.5, EFFECT, np.random.default_rng(3))
    frame = pd.DataFrame({"y": y, "arm": np.where(arm == 1, "b", "a"), "x": covariate, "stratum": stratum})
    fit = fit_glm("y ~ arm + x", frame)
    strata = ["stratum"] if scheme == "pb" else []
    public = standardised_means(fit, frame, scheme=scheme, strata=strata)  # type: ignore[arg-type]
    found = adjusted(y, arm, covariate[:, None], stratum)
    assert found is not None
    assert found.means == pytest.approx(public.means)
    assert found.ye - (found.taken if scheme == "pb" else 0) == pytest.approx(public.covariance)
    small = standardised_means(fit, frame, scheme=scheme, strata=strata, small_samples=True)  # type: ignore[arg-type]
    assert found.small - (found.taken if scheme == "pb" else 0) == pytest.approx(small.covariance)
    assert found.ge == pytest.approx(standardised_means(fit, frame, variance="ge").covariance)
