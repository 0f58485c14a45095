"""Comparisons of times to an event keep their size in small trials, and their limits cover.

The long run is `nox -s simulation`; its table is in docs/methods/time-to-event-size.md.
"""

from __future__ import annotations

import numpy as np
import pytest

from coxa.estimates import restricted_time
from tests.simulation.survival_size import (
    ALPHA,
    EXERCISE,
    HORIZON,
    RECURRENT,
    USUAL,
    draw,
    mean_within,
    size_and_coverage,
)
from tests.sizes import few

pytestmark = pytest.mark.slow

CORRECTED, LWYY, INDEPENDENT = RECURRENT


def three_errors(share: float, replicates: int) -> float:
    return 3 * (share * (1 - share) / replicates) ** 0.5


@pytest.mark.parametrize("ratio", [1.0, EXERCISE])
def test_limits_cover_at_40_an_arm(ratio: float) -> None:
    """A robust variance of 80 participants is a little small; taking their events as independent is wrong."""
    replicates = few(100, 1000)
    found = size_and_coverage(40, ratio, replicates, seed=7)
    exact = found.drop([LWYY, CORRECTED, INDEPENDENT])
    assert exact["covered"].to_numpy() == pytest.approx(
        1 - ALPHA, abs=three_errors(ALPHA, replicates) + 0.01 + ALPHA / 5
    )
    assert found["covered"][CORRECTED] >= found["covered"][LWYY] > found["covered"][INDEPENDENT]
    if ratio == 1:
        assert found["rejected"]["log-rank"] == pytest.approx(ALPHA, abs=three_errors(ALPHA, replicates) + 0.01)


def test_the_truth_of_a_restricted_mean_is_that_of_many_participants() -> None:
    time, event, arm = draw(20_000, EXERCISE, np.random.default_rng(1))
    for k, rate in ((0, USUAL), (1, USUAL * EXERCISE)):
        found = restricted_time(time[arm == k], event[arm == k], HORIZON)
        assert found.estimate == pytest.approx(mean_within(rate), abs=4 * found.se + 1 / 365)
