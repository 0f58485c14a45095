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
        ('change ~ __import__("os")', "'\"os\")' is not understood"),
        ("change ~ __import__(arm)", "'__import__(' is not a transform"),
        ("change ~ age.real", "'.real' is not understood"),
        ("change ~ age[0]", "'[0]' is not understood"),
        ("change ~ `age`", "'`age`' is not understood"),
        ("change ~ {age}", "'{age}' is not understood"),
        ("change ~ np", "'np' is not a column"),
        ("change ~ eval(age)", "'eval(' is not a transform"),
        ("change ~ I(age)", "'I(' is not a transform"),
        ("change ~ lambda: 1", "'lambda' is not a column"),
        ("change ~ 3 * age", "'3' is not understood"),
        ("change ~ age, arm", "',' is outside a transform"),
        ("change ~ log(age + arm)", "'log' takes one column, not 'age + arm'"),
        ("change ~ log(log(age))", "'log' takes one column"),
        ("change ~ bs(age, knots=3)", "'bs' does not take 'knots=3'. Allowed: df=<whole number>, degree=<whole"),
        ("change ~ log(age", "the bracket after 'log' is not closed"),
        ("change", "not of the form 'response ~ terms'"),
        ("change ~", "not of the form 'response ~ terms'"),
        ("log(change) ~ age", "not of the form 'response ~ terms'"),
        ("change ~ age ~ arm", "not of the form 'response ~ terms'"),
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
