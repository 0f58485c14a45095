"""Of margins at the truth about one in forty is kept."""

from __future__ import annotations

import pytest

from tests.simulation.margins_size import at_the_truth, row
from tests.sizes import few

pytestmark = pytest.mark.slow


def test_the_margin_of_a_simulation_is_its_truth() -> None:
    study, truth = at_the_truth("flares", "flares")
    margin = study.analyses["flares"].margin
    assert margin is not None
    assert (margin.type, margin.value) == ("superiority", pytest.approx(truth))
    assert truth == pytest.approx(0.6)


@pytest.mark.parametrize("case", [("flares", "flares"), ("return_to_sport", "hazard")])
def test_a_margin_at_the_truth_is_seldom_kept(case: tuple[str, str]) -> None:
    replicates = few(40, 800)
    size = row(*case, replicates)["size"]
    assert size <= 0.025 + 4 * (0.025 * 0.975 / replicates) ** 0.5
