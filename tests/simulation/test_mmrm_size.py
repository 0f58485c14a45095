"""The tests of a small trial's MMRM keep their size, and their intervals their coverage.

The long run, 10,000 replicates of each, is `nox -s simulation`; its table is in docs/methods/mmrm-size.md.
"""

from __future__ import annotations

from functools import cache

import pandas as pd
import pytest

from tests.simulation.mmrm_size import ALPHA, size_and_coverage

REPLICATES = 1_000
MONTE_CARLO = 3 * (ALPHA * (1 - ALPHA) / REPLICATES) ** 0.5
"""Three standard errors of a share of 5% among the replicates."""


@cache
def counted(n: int, effect: float) -> pd.DataFrame:
    return size_and_coverage(n, effect, REPLICATES, seed=7, designs=5).set_index("method")


@pytest.mark.parametrize("n", [20, 40])
def test_kenward_roger_rejects_five_percent_where_there_is_no_effect(n: int) -> None:
    found = counted(n, 0.0)
    assert found["rejected"]["kenward-roger-linear"] == pytest.approx(ALPHA, abs=MONTE_CARLO)
    assert found["fitted"]["kenward-roger-linear"] >= 0.99 * REPLICATES


def test_kenward_roger_covers_where_there_is_one() -> None:
    found = counted(20, 10.0)
    assert found["covered"]["kenward-roger-linear"] == pytest.approx(1 - ALPHA, abs=MONTE_CARLO)
    assert found["rejected"]["kenward-roger-linear"] > 3 * ALPHA


def test_without_its_corrections_a_small_trial_rejects_too_often() -> None:
    rejected = counted(20, 0.0)["rejected"]
    assert rejected["z"] > rejected["residual"] > rejected["satterthwaite"] >= rejected["kenward-roger-linear"]


def test_second_derivatives_of_an_unstructured_matrix_take_the_correction_back() -> None:
    """Kenward-Roger as R's mmrm prints it depends on the parameters; in the matrix's elements it is the linear one."""
    rejected = counted(20, 0.0)["rejected"]
    assert rejected["kenward-roger"] > rejected["satterthwaite"]
