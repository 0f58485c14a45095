"""A formula is data: every word is checked and nothing is run."""

from __future__ import annotations

import pytest

from coxa.errors import OptionError
from coxa.models.design.formula import read_formula, tokenise

COLUMNS = ["change", "baseline", "arm", "visit", "age"]


def test_response_and_variables_in_order() -> None:
    formula = read_formula("change ~ baseline * visit + arm:visit + log(age) - 1", COLUMNS)
    assert formula.response == "change"
    assert formula.variables == ("baseline", "visit", "arm", "age")


def test_tokens() -> None:
    assert tokenise("y ~ (a + b)**2 - bs(x, df=4)") == [
        *("y", "~", "(", "a", "+", "b", ")", "**", "2", "-"),
        *("bs", "(", "x", ",", "df", "=", "4", ")"),
    ]


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ('change ~ __import__("os")', "found '\"os\")'"),
        ("change ~ __import__(arm)", "found '__import__(', which is no transform"),
        ("change ~ age.real", "found '.real'"),
        ("change ~ age[0]", "found '[0]'"),
        ("change ~ `age`", "found '`age`'"),
        ("change ~ {age}", "found '{age}'"),
        ("change ~ np", "found 'np', which is no column"),
        ("change ~ eval(age)", "found 'eval(', which is no transform"),
        ("change ~ I(age)", "found 'I(', which is no transform"),
        ("change ~ lambda: 1", "found 'lambda', which is no column"),
        ("change ~ 3 * age", "found '3'"),
        ("change ~ age, arm", "found ',' outside a transform"),
        ("change ~ log(age + arm)", "'log' takes one column, found 'age + arm'"),
        ("change ~ log(log(age))", "'log' takes one column"),
        ("change ~ bs(age, knots=3)", "'bs' does not take 'knots=3'. Allowed: df=<whole number>, degree=<whole"),
        ("change ~ log(age", "the bracket after 'log' is not closed"),
        ("change", "expected 'response ~ terms'"),
        ("change ~", "expected 'response ~ terms'"),
        ("log(change) ~ age", "expected 'response ~ terms'"),
        ("change ~ age ~ arm", "expected 'response ~ terms'"),
    ],
)
def test_what_is_not_allowed_is_named_and_not_run(formula: str, found: str) -> None:
    with pytest.raises(OptionError) as raised:
        read_formula(formula, COLUMNS)
    assert found in str(raised.value)


def test_a_misspelt_column_is_answered_with_the_nearest() -> None:
    with pytest.raises(OptionError, match=r"Choose one of change, baseline, arm, visit, age; did you mean baseline\?"):
        read_formula("change ~ basline", COLUMNS)


def test_a_misspelt_transform_is_answered_with_the_nearest() -> None:
    with pytest.raises(OptionError, match=r"did you mean sqrt\?"):
        read_formula("change ~ sqrtt(age)", COLUMNS)
