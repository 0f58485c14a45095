"""Effects in compliers, per dose and through a mediator cover their truths; the long table is in the docs."""

from __future__ import annotations

import numpy as np
import pytest

from tests.simulation.causal_size import measured, page, scenarios

DRAWS = scenarios()


def test_compliers_are_without_bias_and_those_who_came_are_not() -> None:
    found = measured(DRAWS["compliers, 70% come, effect 6"], 150, 60, seed=1)
    assert abs(found["bias"]["two-stage least squares"]) < 0.8
    assert found["bias"]["as treated: came against the other arm"] == pytest.approx(1.5, abs=0.8)  # 5 (1 - 0.7)
    assert found["covered"]["two-stage least squares"] > 0.85


def test_bounds_have_the_truth_where_exclusion_is_broken() -> None:
    found = measured(DRAWS["compliers, 70% come, effect 6, and 3 in those who do not come"], 150, 40, seed=2)
    assert found["bias"]["two-stage least squares"] == pytest.approx(3 * 0.3 / 0.7, abs=0.9)
    assert found["covered"]["bounds without exclusion"] > 0.95


def test_the_slope_within_the_arm_is_confounded_and_that_of_allocation_is_not() -> None:
    found = measured(DRAWS["per session, 0.6"], 150, 40, seed=3)
    assert abs(found["bias"]["by allocation"]) < 0.1 < found["bias"]["slope within the arm"]


def test_the_page_has_a_line_for_each_estimator_and_size() -> None:
    text = page(2, sizes=(50,))
    assert text.count("| 50 |") == 4 * 4 + 2 * 2 + 4 * 2
    assert "nan" not in text


@pytest.mark.slow
@pytest.mark.parametrize("trial", ["compliers, 70% come, no effect", "per session, no effect"])
def test_size(trial: str) -> None:
    found = measured(DRAWS[trial], 150, 2000, seed=4)
    three = 3 * np.sqrt(0.05 * 0.95 / 2000)
    name = "two-stage least squares" if "compliers" in trial else "by allocation"
    assert found["rejected"][name] == pytest.approx(0.05, abs=three + 0.005)
