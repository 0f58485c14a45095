"""Estimating equations with ten clusters an arm keep their size with KC and t, not as SAS and geepack print them.

The long run is `nox -s simulation -- gee`; its table is in docs/methods/gee-size.md.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from coxa.models import fit_gee
from tests.simulation.gee_size import METHODS, SCHEMES, Scheme, draw, scores_of, size

pytestmark = pytest.mark.slow

TEN = Scheme(10, 20, 0.3, 0.05)


@cache
def sizes(scheme: Scheme, replicates: int) -> pd.Series:
    frame = size(scheme, replicates, seed=7)
    return pd.Series(frame["size"].to_numpy(), list(METHODS))


def test_ten_clusters_an_arm() -> None:
    """600 trials: three standard errors of 5% are 2.7 points."""
    found = sizes(TEN, 600)
    assert 0.025 < found[("KC", "residual")] < 0.075
    assert found[("LZ", "normal")] > found[("KC", "residual")] > found[("MD", "residual")]


@pytest.mark.slow
@pytest.mark.parametrize("scheme", [SCHEMES[1], SCHEMES[2], SCHEMES[4]])
def test_kc_and_t_keep_4_to_6_percent_over_5000_trials(scheme: Scheme) -> None:
    assert 0.04 <= sizes(scheme, 5000)[("KC", "residual")] <= 0.06


def test_what_is_simulated_is_what_is_public() -> None:
    y, arm, cluster = draw(TEN, np.random.default_rng(3))
    rows = pd.DataFrame({"y": y, "arm": np.where(arm == 1, "b", "a"), "clinic": cluster})
    solved = scores_of(y, np.column_stack([np.ones(len(y)), arm]), cluster, "binomial", "exchangeable")
    assert solved is not None
    fit = fit_gee("y ~ arm", rows, cluster="clinic", working="exchangeable")
    assert solved[0] == pytest.approx(fit.params.to_numpy())
