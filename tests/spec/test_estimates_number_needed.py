"""The number needed to treat: published intervals, and the one that goes through infinity."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coxa.estimates.number_needed import number_needed


def test_an_interval_with_zero_in_it_goes_through_infinity() -> None:
    """Altman 1998: a difference of 10% (-5% to 25%) is 10, from 4 to benefit through infinity to 20 to harm."""
    found = number_needed(0.10, -0.05, 0.25)
    assert (found.estimate, found.nearest, found.farthest) == pytest.approx((10, 4, 20))
    assert found.benefit
    assert found.through_infinity


def test_an_interval_on_one_side_is_inverted_and_exchanged() -> None:
    """Barrowman, CMAJ 2002;166:1676: 16.6% (0.9% to 32.2%) is 6 (3.1 to 111.1)."""
    found = number_needed(0.166, 0.009, 0.322)
    assert round(found.estimate) == 6
    assert (round(found.nearest, 1), round(found.farthest, 1)) == (3.1, 111.1)
    assert not found.through_infinity


def test_the_number_of_the_acupuncture_trial() -> None:
    """Vickers 2004: 87 of 161 against 45 of 140 improved, number needed 4.6 (3.0 to 9.1), from Wald limits."""
    p, q = 87 / 161, 45 / 140
    half = 1.959964 * np.sqrt(p * (1 - p) / 161 + q * (1 - q) / 140)
    found = number_needed(p - q, p - q - half, p - q + half)
    assert [round(value, 1) for value in (found.estimate, found.nearest, found.farthest)] == [4.6, 3.0, 9.1]


def test_harm_is_benefit_with_the_sides_exchanged() -> None:
    benefit, harm = number_needed(0.10, -0.05, 0.25), number_needed(-0.10, -0.25, 0.05)
    assert (harm.estimate, harm.nearest, harm.farthest) == (benefit.estimate, benefit.nearest, benefit.farthest)
    assert not harm.benefit
    assert harm.through_infinity


def test_no_difference_is_an_infinite_number_and_a_limit_of_zero_too() -> None:
    none = number_needed(0.0, -0.2, 0.25)
    assert (none.estimate, none.nearest, none.farthest) == (math.inf, 4, 5)
    edge = number_needed(0.2, 0.0, 0.4)
    assert (edge.estimate, edge.nearest, edge.farthest, edge.through_infinity) == (5, 2.5, math.inf, True)
