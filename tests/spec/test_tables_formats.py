"""How numbers are written, in one drawn table."""

from __future__ import annotations

import math

import pytest

from coxa.errors import CoxaError
from coxa.study.scales import OutcomeScale
from coxa.tables.formats import cell, number, p_value, share, write
from coxa.tables.table import Cell, Column, Row, RowGroup, Statistic, Table, identifier

NAN = math.nan


@pytest.mark.parametrize(
    ("rule", "values", "decimals", "text"),
    [
        ("mean_sd", {"mean": 52.449, "sd": 14.96}, 1, "52.4 (15.0)"),
        ("mean_sd", {"mean": 4.127, "sd": 2.001}, 2, "4.13 (2.00)"),
        ("mean_sd", {"mean": 52.449, "sd": NAN}, 1, "52.4 (–)"),
        ("mean_sd", {"mean": NAN, "sd": NAN}, 1, "–"),
        ("median_iqr", {"median": 18, "q1": 9.25, "q3": 36}, 1, "18.0 [9.2, 36.0]"),
        ("count", {"n": 7}, 1, "7"),
        ("count_percent", {"n": 12, "share": 0.5}, 1, "12 (50.0%)"),
        ("count_of_percent", {"n": 12, "total": 23, "share": 12 / 23}, 1, "12/23 (52.2%)"),
        ("count_of_percent", {"n": 0, "total": 0, "share": NAN}, 1, "0/0 (–)"),
        ("estimate_interval", {"estimate": -5.04, "conf_low": -9.31, "conf_high": -0.771}, 1, "−5.0 (−9.3 to −0.8)"),
        ("points_interval", {"estimate": 0.113, "conf_low": -0.02, "conf_high": 0.24}, 1, "11.3 (−2.0 to 24.0)"),
        ("two_decimals_interval", {"estimate": 0.78, "conf_low": 0.381, "conf_high": 1.59}, 1, "0.78 (0.38 to 1.59)"),
        ("std_error", {"std_error": 3.6444}, 1, "3.64"),
        ("df", {"df": 167.36}, 1, "167.4"),
        ("p_value", {"p_value": 0.04951}, 1, "0.050"),
    ],
)
def test_each_rule_writes_its_numbers(rule: str, values: dict[str, float], decimals: int, text: str) -> None:
    assert write(rule, values, decimals) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0312, "0.031"), (0.001, "0.001"), (0.00099, "< 0.001"), (0.0, "< 0.001"), (0.9996, "> 0.999"), (NAN, "–")],
)
def test_a_p_value_is_never_zero_or_one(value: float, text: str) -> None:
    assert p_value(value) == text


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(-0.04, 1, "0.0"), (-0.05001, 1, "−0.1"), (1234.5, 0, "1234"), (math.nan, 1, "–"), (math.inf, 1, "∞")],
)
def test_zero_has_no_sign_and_a_negative_number_a_true_minus(value: float, decimals: int, text: str) -> None:
    assert number(value, decimals) == text


def test_a_cell_keeps_the_unrounded_numbers_at_their_address() -> None:
    at = Statistic(estimand="primary", analysis="main", term="difference", visit="week_12", arm="exercise")
    made = cell("estimate_interval", {"estimate": 1.23456, "conf_low": 0.5, "conf_high": 2.0}, at)
    assert made.text == "1.2 (0.5 to 2.0)"
    assert [(item.key, item.value) for item in made.statistics] == [
        ("primary/main/difference/week_12/exercise/estimate", 1.23456),
        ("primary/main/difference/week_12/exercise/conf_low", 0.5),
        ("primary/main/difference/week_12/exercise/conf_high", 2.0),
    ]


@pytest.mark.parametrize(("high", "decimals"), [(10, 2), (20, 2), (80, 1), (100, 1)])
def test_a_narrow_scale_gets_one_decimal_more(high: float, decimals: int) -> None:
    assert OutcomeScale(0, high, "points", True, "plan").decimals == decimals


def test_a_share_of_nobody_is_no_number() -> None:
    assert math.isnan(share(0, 0))
    assert share(1, 4) == 0.25


def test_a_table_refuses_a_row_that_does_not_fit() -> None:
    with pytest.raises(CoxaError, match="Table t, row 'Age': 1 cells for 2 columns"):
        Table("t", "T", "", (Column("A"), Column("B")), (RowGroup("", (Row("Age", (Cell("1"),)),)),))


@pytest.mark.parametrize(
    ("words", "name"), [(("means", "week_12"), "means-week-12"), (("12",), "x-12"), (("Å/b",), "b"), (("",), "x-")]
)
def test_an_identifier_is_lower_case_letters_digits_and_dashes(words: tuple[str, ...], name: str) -> None:
    assert identifier(*words) == name


def test_spanners_join_neighbours_that_share_one() -> None:
    columns = (Column("n", spanner="A"), Column("m", spanner="A"), Column("n", spanner="B"), Column("p"))
    assert Table("t", "T", "", columns, ()).spanners() == (("A", 2), ("B", 1), ("", 1))
