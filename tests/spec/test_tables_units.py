"""What the values of an outcome can be, as tables of participants say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from coxa.study import read_study
from coxa.tables.characteristics import outcome_range

RUNNERS = Path(__file__).parents[2] / "analyses" / "runners_hips" / "study.yaml"


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("distance", "0 to 200 km, higher is better"),
        ("abductors", "0 to 4 Nm/kg, higher is better"),
        ("function", "0 to 80, higher is better"),
    ],
)
def test_a_range_has_the_unit_that_its_numbers_are_in(outcome: str, said: str) -> None:
    assert outcome_range(read_study(RUNNERS), outcome) == said
