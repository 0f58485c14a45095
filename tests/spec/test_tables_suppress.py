"""What leaves the house has no small counts, and none that can be worked out from the others."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linprog

from coxa.tables.cells import Statistic
from coxa.tables.formats import cell
from coxa.tables.hidden_counts import Line, hidden_counts
from coxa.tables.prose import prose
from coxa.tables.suppress import HIDDEN, suppress
from coxa.tables.table import Column, Row, RowGroup, Table

K = 5
ARMS = ("usual", "exercise", "total")


def count(n: float, arm: str, term: str = "x", analysis: str = "baseline") -> object:
    return cell("count", {"n": n}, Statistic(analysis=analysis, term=term, arm=arm))


def table(rows: dict[str, tuple[float, float]], levels: dict[str, int] | None = None) -> Table:
    made = tuple(
        Row(
            label,
            tuple(count(n, arm, label) for n, arm in zip((*pair, sum(pair)), ARMS, strict=True)),
            (levels or {}).get(label, 0),
        )
        for label, pair in rows.items()
    )
    return Table("t", "T", "Who", tuple(Column(arm) for arm in ARMS), (RowGroup("", made),))


def shown(made: Table) -> list[tuple[str, ...]]:
    return [tuple(one.text for one in row.cells) for row in made.rows()]


def test_a_small_count_goes_with_the_one_that_would_give_it_away() -> None:
    made, _ = suppress(table({"Left": (3, 12), "Zero": (0, 9), "Many": (20, 21)}), K)
    assert shown(made) == [("*", "*", "15"), ("0", "9", "9"), ("20", "21", "41")]
    assert made.footnotes[-1].mark == HIDDEN
    assert "a count from 1 to 4" in str(made.footnotes[-1].text)


def test_a_table_without_small_counts_stays_as_it_is() -> None:
    plain = table({"Left": (5, 12), "Zero": (0, 9)})
    assert suppress(plain, K) == (plain, frozenset())


def test_levels_of_a_variable_add_up_and_are_hidden_together() -> None:
    rows = {"Site": (math.nan, math.nan), "North": (2, 30), "River": (40, 31), "South": (18, 32)}
    made, _ = suppress(table(rows, {"North": 1, "River": 1, "South": 1}), K)
    assert [line[0] for line in shown(made)] == ["–", "*", "40", "*"]
    assert [line[1] for line in shown(made)] == ["–", "*", "31", "*"]


def test_a_row_and_the_reason_below_it_add_up() -> None:
    rows = {"Week 6: analysed": (57.0, 50.0), "No value": (2.0, 9.0)}
    made, _ = suppress(table(rows, {"No value": 1}), K)
    assert [line[0] for line in shown(made)] == ["*", "*"]


def test_levels_below_levels_add_up_each_to_the_one_above() -> None:
    rows = {
        "Stopped": (30.0, 40.0),
        "Left": (20.0, 25.0),
        "Moved": (18.0, 20.0),
        "Ill": (2.0, 5.0),
        "Other": (10.0, 15.0),
    }
    made, _ = suppress(table(rows, {"Left": 1, "Moved": 2, "Ill": 2, "Other": 1}), K)
    assert [line[0] for line in shown(made)] == ["30", "20", "*", "*", "10"]
    assert [line[1] for line in shown(made)] == ["40", "25", "*", "*", "15"]


def test_two_small_counts_that_add_up_to_little_take_a_third() -> None:
    """1 + 1 = 2 would say both, as what is hidden is known to be at least 1."""
    counts = np.array([[1.0, 1.0, 20.0, 30.0]])
    line = Line(tuple((0, column) for column in range(4)))
    assert hidden_counts(counts, [line], K).tolist() == [[True, True, True, False]]


def test_what_is_estimated_from_a_hidden_count_is_hidden_here_and_elsewhere() -> None:
    at = {"analysis": "responders", "visit": "week_12"}
    sides = [
        cell("count_of_percent", {"n": n, "total": 50, "share": n / 50}, Statistic(arm=arm, **at))
        for n, arm in ((2, "usual"), (20, "exercise"))
    ]
    risk = Statistic(term="risk_difference", arm="exercise", reference="usual", **at)
    difference = cell("points_interval", {"estimate": 0.36, "conf_low": 0.2, "conf_high": 0.5}, risk)
    first = Table("r", "R", "Visit", tuple(map(Column, "abc")), (RowGroup("", (Row("W", (*sides, difference)),)),))
    made, persons = suppress(first, K, {"responders"})
    assert shown(made) == [("*", "20/50 (40.0%)", "*")]
    assert persons == {("responders", "week_12", "usual")}
    second = Table("s", "S", "Comparison", (Column("d"),), (RowGroup("", (Row("E v U", (difference,)),)),))
    assert shown(suppress(second, K, {"responders"}, persons)[0]) == [("*",)]
    assert all(math.isnan(one.value) for one in made.statistics() if one.name == "estimate")


def test_a_column_of_few_people_is_hidden_with_its_heading() -> None:
    heading = prose("Usual care (N = ", count(3, "usual"), ")")
    row = Row("Age", (cell("mean_sd", {"mean": 50.0, "sd": 4.0}, Statistic(arm="usual")),))
    made, _ = suppress(Table("b", "B", "What", (Column(heading),), (RowGroup("", (row,)),)), K)
    assert (str(made.columns[0].label), shown(made)) == ("Usual care (N = *)", [("*",)])


@settings(deadline=None, max_examples=200)
@given(
    arrays(float, st.tuples(st.integers(2, 5), st.integers(2, 4)), elements=st.integers(0, 12).map(float)),
    st.integers(2, 8),
)
def test_no_small_count_can_be_worked_out(inner: np.ndarray, k: int) -> None:
    """Linear programming, with every sum that the reader knows, leaves each hidden count a choice."""
    assume((inner.sum(axis=0) >= 2 * k).all())  # arms of fewer are hidden as a whole
    counts = np.column_stack([inner, inner.sum(axis=1)])
    n_rows, n_columns = counts.shape
    lines = [Line(tuple((row, column) for column in range(n_columns)), total=True) for row in range(n_rows)]
    lines += [Line(tuple((row, column) for row in range(n_rows))) for column in range(n_columns)]
    hidden = hidden_counts(counts, lines, k)
    small = (counts > 0) & (counts < k)
    assert hidden[small].all()
    for place in zip(*np.nonzero(small), strict=True):
        low, high = _range(counts, hidden, place)
        assert high - low >= 1 - 1e-6, (counts, hidden, place)


def _range(counts: np.ndarray, hidden: np.ndarray, place: tuple[int, int]) -> tuple[float, float]:
    """Return the least and the largest that a hidden count can be, given what is shown and all margins."""
    n_rows, n_columns = counts.shape
    index = {(int(r), int(c)): at for at, (r, c) in enumerate(zip(*np.nonzero(hidden), strict=True))}
    equations, sums = [], []
    for row in range(n_rows):
        equations.append(
            _coefficients(index, [((row, c), 1.0 if c < n_columns - 1 else -1.0) for c in range(n_columns)])
        )
        signs = np.where(np.arange(n_columns) < n_columns - 1, 1.0, -1.0)
        sums.append(-(signs * np.where(hidden[row], 0, counts[row])).sum())
    for column in range(n_columns):
        equations.append(_coefficients(index, [((r, column), 1.0) for r in range(n_rows)]))
        sums.append(counts[hidden[:, column], column].sum())
    found = []
    for sign in (1.0, -1.0):
        cost = np.zeros(len(index))
        cost[index[int(place[0]), int(place[1])]] = sign
        solved = linprog(cost, A_eq=np.array(equations), b_eq=np.array(sums), bounds=[(0, None)] * len(index))
        assert solved.status in (0, 3), solved.message
        found.append(sign * solved.fun if solved.status == 0 else math.inf)
    return found[0], found[1]


def _coefficients(index: dict[tuple[int, int], int], terms: list[tuple[tuple[int, int], float]]) -> np.ndarray:
    row = np.zeros(len(index))
    for place, sign in terms:
        if place in index:
            row[index[place]] = sign
    return row


@pytest.mark.parametrize("k", [0, 1])
def test_nothing_is_small_below_one(k: int) -> None:
    plain = table({"Left": (1, 2)})
    assert shown(suppress(plain, k)[0]) == [("1", "2", "3")]
