"""What the sums of a pattern hold, on a table small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest

from coxa.models.numerics.pattern_sums import PatternSums, merge, merge_all, pattern_sums, stack

# participant 0 at visits 0 and 1, participant 1 at visit 1, participant 2 at visits 0 and 1; rows not in order
PARTICIPANT = np.array([1, 0, 0, 2, 2])
VISIT = np.array([1, 1, 0, 0, 1])
X = np.ones((5, 1))
Y = np.array([7.0, 3.0, 2.0, 4.0, 5.0])


def test_one_record_per_pattern() -> None:
    both, second = pattern_sums(PARTICIPANT, VISIT, X, Y)
    assert (both.visits.tolist(), both.n) == ([0, 1], 2)
    assert (second.visits.tolist(), second.n) == ([1], 1)


def test_the_sums_are_those_of_z_a_z_b() -> None:
    both, second = pattern_sums(PARTICIPANT, VISIT, X, Y)
    assert both.gram[0, 0].tolist() == [[2, 6], [6, 2**2 + 4**2]]
    assert both.gram[0, 1].tolist() == [[2, 8], [6, 2 * 3 + 4 * 5]]
    assert both.gram[1, 0].tolist() == both.gram[0, 1].T.tolist()
    assert second.gram[0, 0].tolist() == [[1, 7], [7, 49]]


def test_the_stack_folds_and_contracts() -> None:
    sums = stack(pattern_sums(PARTICIPANT, VISIT, X, Y), 2)
    assert (sums.m, sums.p, sums.n_observations) == (2, 1, 5)
    identity = np.broadcast_to(np.eye(2), (2, 2, 2))
    assert sums.fold(identity).tolist() == [[5, 21], [21, 4 + 9 + 16 + 25 + 49]]
    outcome_only = np.array([[0.0, 0], [0, 1]])
    assert sums.contract(outcome_only).tolist() == [[[20, 26], [26, 34]], [[0, 0], [0, 49]]]


def test_sums_of_two_clinics_add_up() -> None:
    both, second = pattern_sums(PARTICIPANT, VISIT, X, Y)
    joined = merge(both, both)
    assert joined.n == 4
    assert joined.gram[0, 0].tolist() == [[4, 12], [12, 40]]
    assert [(s.visits.tolist(), s.n) for s in merge_all([both, second, both])] == [([0, 1], 4), ([1], 1)]


def test_sums_of_different_visits_do_not() -> None:
    both, second = pattern_sums(PARTICIPANT, VISIT, X, Y)
    with pytest.raises(ValueError, match=r"only sums of the same pattern add up: visits \[0, 1\] .* visits \[1\]"):
        merge(both, second)
    wider = PatternSums(both.visits, 1, np.zeros((2, 2, 3, 3)))
    with pytest.raises(ValueError, match=r"with 2 columns, and visits .* with 3 columns"):
        merge(both, wider)
