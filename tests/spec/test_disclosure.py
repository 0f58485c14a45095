"""Small counts are hidden with as many others as it takes that a linear program cannot tell what they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from coxa.disclosure import Sums, SumsBuilder, counts_to_hide, feasible_range
from tests.sizes import few

K = 5
TRAP = np.array([[30, 47, 64, 89], [90, 124, 5, 31], [92, 100, 59, 85], [800, 991, 651, 685]])
"""A table in which two hidden counts in each row and each column do not suffice (sdcTable, test-simpleheuristic.R)."""

TWO_EACH = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 2), (2, 1), (2, 3), (3, 1), (3, 3)]


def sums_of(inner: np.ndarray) -> tuple[Sums, dict[tuple[int, int], int | None]]:
    """Return a table with its totals along rows and columns, and the index of each cell."""
    builder, (n_rows, n_columns) = SumsBuilder(), inner.shape
    whole = np.block([[inner, inner.sum(axis=1, keepdims=True)], [inner.sum(axis=0), inner.sum()]]).astype(int)
    at = {
        (row, column): builder.count((row, column), int(whole[row, column]), 1.0 + (row == n_rows))
        for row in range(n_rows + 1)
        for column in range(n_columns + 1)
    }
    for row in range(n_rows + 1):
        builder.equal([at[row, n_columns]], [at[row, column] for column in range(n_columns)])
    for column in range(n_columns + 1):
        builder.equal([at[n_rows, column]], [at[row, column] for row in range(n_rows)])
    return builder.sums(), at


def test_two_hidden_counts_in_each_row_and_column_are_not_enough() -> None:
    sums, at = sums_of(TRAP)
    hidden = np.zeros(len(sums.values), dtype=bool)
    hidden[[at[place] for place in TWO_EACH]] = True
    assert feasible_range(sums, hidden, at[0, 1], least=0) == (47, 47)
    hidden[at[1, 1]] = True
    assert feasible_range(sums, hidden, at[0, 1], least=0) == (0, 141)


def test_what_is_hidden_of_the_trap_leaves_every_small_count_a_choice() -> None:
    small = TRAP.copy()
    small[0, 1], small[2, 2] = 3, 1
    sums, at = sums_of(small)
    hidden = counts_to_hide(sums, K)
    for place in ((0, 1), (2, 2)):
        low, high = feasible_range(sums, hidden, at[place])
        assert high - low >= K


def test_a_small_count_goes_with_another_of_its_row_and_not_with_the_total() -> None:
    builder = SumsBuilder()
    parts = [builder.count(name, n, 1.0) for name, n in (("a", 3), ("b", 12), ("c", 40))]
    builder.equal([builder.count("all", 55, 9.0)], parts)
    hidden = counts_to_hide(builder.sums(), K).tolist()
    assert hidden[0]
    assert sorted(hidden[1:3]) == [False, True]
    assert not hidden[3]


def test_who_is_not_counted_is_protected_as_who_is() -> None:
    """57 of 60 say that 3 are missing, though nobody published the 3."""
    builder = SumsBuilder()
    everybody, analysed = builder.count("all", 60, 9.0), builder.count("analysed", 57, 1.0)
    builder.equal([everybody], [analysed, builder.count("missing", 3)])
    assert counts_to_hide(builder.sums(), K).tolist() == [False, True, False]


def test_nothing_is_hidden_where_nothing_is_small() -> None:
    sums, _ = sums_of(TRAP)
    assert not counts_to_hide(sums, K).any()


@settings(deadline=None, max_examples=few(18, 60))
@given(arrays(int, st.tuples(st.integers(2, 6), st.integers(2, 4)), elements=st.integers(0, 15)), st.integers(2, 8))
def test_no_small_count_can_be_worked_out_from_any_table(inner: np.ndarray, k: int) -> None:
    sums, _ = sums_of(inner)
    hidden = counts_to_hide(sums, k)
    small = (sums.values > 0) & (sums.values < k)
    assert hidden[small].all()
    for at in np.flatnonzero(small):
        low, high = feasible_range(sums, hidden, int(at))
        assert high - low >= k, (inner, hidden, at)


@pytest.mark.parametrize("seed", range(3))
def test_a_large_table_keeps_most_of_its_counts(seed: int) -> None:
    inner = np.random.default_rng(seed).poisson(12, (20, 6))
    sums, _ = sums_of(inner)
    hidden = counts_to_hide(sums, K)
    n_small = int((sums.values < K).sum())
    assert n_small <= hidden.sum() <= 4 * n_small
