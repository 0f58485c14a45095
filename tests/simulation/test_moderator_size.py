"""The band of a curve holds for all its values, and shrinkage makes errors smaller; the command has the long table."""

from __future__ import annotations

import numpy as np
import pytest

from tests.simulation.moderator_size import CURVES, one_curve, page, subgroups

pytestmark = pytest.mark.slow


def test_the_band_has_the_curve_more_often_than_limits_of_each_value() -> None:
    rng = np.random.default_rng(1)
    point, band, _ = np.mean([one_curve(100, CURVES["a straight line, 0 to 10"], rng) for _ in range(60)], axis=0)
    assert band > 0.88
    assert point < band


def test_shrunken_effects_have_a_smaller_error_and_cover() -> None:
    found = subgroups(2.0, 100, seed=2)
    assert found["shrunken"][0] < found["own"][0]
    assert found["shrunken"][1] > 0.9
    assert subgroups(8.0, 100, seed=2)["pooled"][1] < 0.6


def test_the_page_has_a_line_for_each_curve_and_spread() -> None:
    text = page(2, sizes=(60,))
    assert text.count("| 60 |") == 3
    assert text.count("%, ") == 4 * 2
