"""Simulated trials are as powerful as the closed forms say; the long run writes docs/power-closed-form.md."""

from __future__ import annotations

import pytest

from tests.simulation.power_closed_form import CASES, Case, simulated

REPLICATES = 1_000
OF_THE_FORMULA = 0.012
"""What a formula may be off by itself: counts are whole numbers, and a covariance is estimated."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_formula_is_as_near_as_chance_lets_it_be(case: Case) -> None:
    share, error = simulated(case, REPLICATES, seed=1)
    assert abs(share - case.formula.power) < 3 * error + OF_THE_FORMULA
