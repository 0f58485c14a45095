"""Responders by the model keep their size in small trials, and their limits cover; the long table is in the docs."""

from __future__ import annotations

import numpy as np
import pytest

from tests.simulation.responder_size import ALPHA, EFFECT, MARK, MEAN, NUMBERS, draw, size_and_coverage, truth

pytestmark = pytest.mark.slow


def test_the_truth_is_that_of_the_draws() -> None:
    data = draw(100_000, EFFECT, np.random.default_rng(1))
    # the first visit is complete, and has seven tenths of every mean
    first = data[data["visit"] == "week_6"].groupby("arm")["change"].mean()
    assert first.to_numpy() == pytest.approx([0.7 * MEAN, 0.7 * (MEAN + EFFECT)], abs=0.15)
    assert truth(0.0)[0] == truth(0.0)[1] < 0.5 < truth(EFFECT)[1]
    assert MARK > MEAN


def test_a_few_trials_of_20_an_arm_are_covered() -> None:
    found = size_and_coverage(20, EFFECT, 40, seed=3)
    assert (found["covered"].drop(NUMBERS[-1]) >= 0.85).all()


@pytest.mark.slow
@pytest.mark.parametrize("per_arm", [20, 40, 80])
def test_size_and_coverage_from_20_to_80_an_arm(per_arm: int) -> None:
    three = 3 * (ALPHA * (1 - ALPHA) / 1000) ** 0.5
    found = size_and_coverage(per_arm, EFFECT, 1000, seed=5).drop(NUMBERS[-1])
    assert found["covered"].to_numpy() == pytest.approx(1 - ALPHA, abs=three + 0.01)
    alike = size_and_coverage(per_arm, 0.0, 1000, seed=5).drop([NUMBERS[0], NUMBERS[-1]])
    assert alike["rejected"].to_numpy() == pytest.approx(ALPHA, abs=three + 0.01)
