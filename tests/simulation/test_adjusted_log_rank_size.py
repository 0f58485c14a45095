"""The adjusted log-rank test keeps its size, gains power, and its limits cover the hazard ratio of all.

The long run is `python -m tests.simulation.adjusted_log_rank_size --write docs/methods/adjusted-log-rank-size.md`.
"""

from __future__ import annotations

import numpy as np
import pytest

from coxa.models import adjusted_log_rank, log_rank
from tests.simulation.adjusted_log_rank_size import ALPHA, METHODS, TREATED, draw, size_and_coverage, truth
from tests.sizes import few

pytestmark = pytest.mark.slow


def test_it_keeps_its_size_and_covers_at_80_an_arm() -> None:
    replicates = few(200, 2000)
    error = 3.5 * (ALPHA * (1 - ALPHA) / replicates) ** 0.5
    alike = size_and_coverage(160, 1.0, replicates, seed=3)
    assert alike.loc[list(METHODS[1::2]), "rejected"].to_numpy() == pytest.approx(ALPHA, abs=error + 0.01)
    other = size_and_coverage(160, TREATED, replicates, seed=3)
    assert other.loc[list(METHODS[1::2]), "covered"].to_numpy() == pytest.approx(1 - ALPHA, abs=error + 0.01)
    assert other["rejected"]["adjusted for age"] > other["rejected"]["log-rank"]


def test_the_hazard_ratio_of_all_is_nearer_to_one_than_that_of_participants_alike() -> None:
    assert np.log(TREATED) < truth(TREATED, strata=True) < truth(TREATED, strata=False) < 0


def test_adjusted_for_what_tells_the_statistic_is_larger_in_a_large_trial() -> None:
    many = draw(4000, TREATED, np.random.default_rng(2), blocks=True)
    adjusted = adjusted_log_rank(many.time, many.event, many.arm, many.age, strata=many.injured)
    plain = log_rank(many.time, many.event, many.arm, strata=many.injured)
    assert adjusted.statistic**2 > 1.1 * plain.statistic
