"""Win statistics keep their size in small trials, and their limits cover; the long table is in the docs."""

from __future__ import annotations

import numpy as np
import pytest

from coxa.estimates import win_statistics
from tests.simulation.win_size import ALPHA, draw, size_and_coverage, truth

pytestmark = pytest.mark.slow


def test_the_truth_is_that_of_the_draws() -> None:
    table = win_statistics(*draw(3000, True, np.random.default_rng(1))).table.set_index("statistic")
    for name, value in truth(True).items():
        low, high = table.loc[name, ["conf_low", "conf_high"]]
        assert low - (high - low) / 4 < value < high + (high - low) / 4
    assert list(truth(False).values()) == pytest.approx([1, 0, 1])


def test_trials_of_40_an_arm_keep_size_and_coverage() -> None:
    three = 3 * (ALPHA * (1 - ALPHA) / 300) ** 0.5
    assert size_and_coverage(40, False, 300, 3)["rejected"].to_numpy() == pytest.approx(ALPHA, abs=three + 0.01)
    assert size_and_coverage(40, True, 300, 3)["covered"].to_numpy() == pytest.approx(1 - ALPHA, abs=three + 0.01)
