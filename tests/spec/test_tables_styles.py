"""How journals write numbers: one row for each rule."""

from __future__ import annotations

import math
import typing

import pytest

from coxa.study.parts import ReportOptions
from coxa.tables.formats import RULES, cell, number, p_value, restyled, write
from coxa.tables.styles import JAMA, LANCET, NEJM, PLAIN, STYLES, THIN, Style
from coxa.tables.table import Cell, Statistic

FIVE = {"estimate": -5.04, "conf_low": -9.31, "conf_high": -0.771}


@pytest.mark.parametrize(
    ("value", "plain", "jama", "lancet", "nejm"),
    [
        (0.9, "0.900", ".90", "0·90", "0.90"),
        (0.3456, "0.346", ".35", "0·35", "0.35"),
        (0.0521, "0.052", ".05", "0·052", "0.05"),
        (0.0471, "0.047", ".047", "0·047", "0.05"),
        (0.0123, "0.012", ".01", "0·012", "0.01"),
        (0.00512, "0.005", ".005", "0·0051", "0.005"),
        (0.00012, "< 0.001", "< .001", "0·0001", "< 0.001"),
        (0.00001, "< 0.001", "< .001", "< 0·0001", "< 0.001"),
        (0.9996, "> 0.999", "> .99", "> 0·99", "> 0.99"),
        (math.nan, "–", "–", "–", "–"),
    ],
)
def test_p_values(value: float, plain: str, jama: str, lancet: str, nejm: str) -> None:
    assert [p_value(value, style) for style in STYLES.values()] == [plain, jama, lancet, nejm]


@pytest.mark.parametrize(
    ("style", "text"), [(PLAIN, "12345.6"), (JAMA, f"12{THIN}345.6"), (LANCET, "12345·6"), (NEJM, "12345.6")]
)
def test_large_numbers_and_decimal_marks(style: Style, text: str) -> None:
    assert number(12345.6, 1, style) == text
    assert number(-1234.5, 0, style) == "\N{MINUS SIGN}1234"


def test_a_p_value_with_its_symbol_is_not_broken() -> None:
    said = [write("p_words", {"p_value": value}, style=style) for style in (PLAIN, JAMA) for value in (0.03, 0.0001)]
    assert [text.replace("\N{NO-BREAK SPACE}", " ") for text in said] == [
        "p = 0.030",
        "p < 0.001",
        "P = .03",
        "P < .001",
    ]
    assert all(" " not in text for text in said)


@pytest.mark.parametrize(
    ("rule", "values", "jama", "lancet"),
    [
        ("estimate_interval", FIVE, "−5.0 (−9.3 to −0.8)", "−5·0 (−9·3 to −0·8)"),
        ("median_iqr", {"median": 18, "q1": 9.25, "q3": 36}, "18.0 (9.2–36.0)", "18·0 (9·2–36·0)"),
        ("mean_sd", {"mean": 52.4, "sd": 15.0}, "52.4 (15.0)", "52·4 (15·0)"),
        ("count_percent", {"n": 12, "share": 0.5}, "12 (50.0)", "12 (50·0%)"),
    ],
)  # fmt: skip
def test_a_cell_is_written_again_from_its_statistics(
    rule: str, values: dict[str, float], jama: str, lancet: str
) -> None:
    made = cell(rule, values, Statistic())
    assert restyled(made, JAMA, percent_said=True).text == jama
    assert restyled(made, LANCET, percent_said=True).text == lancet
    assert restyled(made, JAMA).statistics == made.statistics


def test_a_percentage_keeps_its_sign_where_no_heading_says_it() -> None:
    made = cell("count_percent", {"n": 12, "share": 0.5}, Statistic())
    assert restyled(made, JAMA, percent_said=False).text == "12 (50.0%)"
    assert restyled(Cell("n/a"), JAMA) == Cell("n/a")


def test_a_plan_can_name_every_style_and_no_other() -> None:
    assert set(typing.get_args(ReportOptions.model_fields["style"].annotation)) == set(STYLES)


@pytest.mark.parametrize("style", STYLES.values(), ids=list(STYLES))
def test_rules_of_a_style_are_rules_and_have_a_source(style: Style) -> None:
    for rules in (style.rules, style.unsigned):
        assert {*rules, *rules.values()} <= set(RULES)
    changed = {
        name
        for name in ("decimal_mark", "thousands", "rules", "unsigned", "words")
        if getattr(style, name) != getattr(PLAIN, name)
    }
    changed |= {
        f"p.{name}"
        for name in ("decimals", "smallest", "leading_zero", "same_side", "symbol")
        if getattr(style.p, name) != getattr(PLAIN.p, name)
    }
    assert changed <= set(style.sources)
