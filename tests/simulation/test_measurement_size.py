"""Limits of reliability cover, unchanged people are seldom called changed, adjusted thresholds are near the truth."""

from __future__ import annotations

import pytest

from tests.simulation.measurement_size import THRESHOLD, important_row, repeated_row, unchanged_row
from tests.sizes import few


def test_limits_cover_and_the_error_of_measurement_is_not_biased() -> None:
    replicates = few(60, 1000)
    row = repeated_row(60, 2, 0.8, 0.0, replicates)
    least = 0.95 - 4 * (0.05 * 0.95 / replicates) ** 0.5
    assert min(row["icc"], row["upper"], row["alpha"]) >= least
    assert row["sem"] == pytest.approx(1, abs=0.05)


def test_one_in_twenty_is_called_changed_where_none_changed() -> None:
    row = unchanged_row("jacobson_truax", 0.8, few(20_000, 200_000))
    assert row["changed"] == pytest.approx(0.05, abs=0.006)
    assert row["badly"] > row["improved"] * 1.5  # regression to the mean
    own = unchanged_row("edwards_nunnally", 0.8, few(20_000, 200_000))
    assert own["badly"] == pytest.approx(own["improved"], abs=0.02)


def test_the_adjusted_threshold_is_nearer_where_most_improved() -> None:
    row = important_row(0.7, 300, few(15, 500))
    assert abs(row["adjusted_2022"] - THRESHOLD) < abs(row["adjusted_2017"] - THRESHOLD) < abs(row["roc"] - THRESHOLD)
    assert row["mean_change"] > THRESHOLD + 5
