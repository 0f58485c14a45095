"""How numbers are written. The rules are one line each; nothing is rounded anywhere else.

In a rule, `{mean:v}` is a number with the decimals of its outcome, `{se:+}` one decimal more, `{share:%}` a
proportion as a percentage, `{estimate:pp}` one in percentage points, `{n:0}` a whole number, `{p:p}` a p-value, and
`{p:=p}` one as it stands in a sentence, "= 0.031", not to be broken.
"""

from __future__ import annotations

import math
import string
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from coxa.study.scales import OutcomeScale
from coxa.tables.cells import Cell, Statistic

RULES: dict[str, str] = {
    "mean_sd": "{mean:v} ({sd:v})",
    "median_iqr": "{median:v} [{q1:v}, {q3:v}]",
    "count": "{n:0}",
    "count_percent": "{n:0} ({share:%})",
    "count_of_percent": "{n:0}/{total:0} ({share:%})",
    "estimate_interval": "{estimate:v} ({conf_low:v} to {conf_high:v})",
    "two_decimals_interval": "{estimate:2} ({conf_low:2} to {conf_high:2})",
    "points_interval": "{estimate:pp} ({conf_low:pp} to {conf_high:pp})",
    "estimate": "{estimate:v}",
    "limits": "{conf_low:v} to {conf_high:v}",
    "points": "{estimate:pp}",
    "points_limits": "{conf_low:pp} to {conf_high:pp}",
    "std_error": "{std_error:+}",
    "sd": "{sd:+}",
    "share": "{share:%}",
    "df": "{df:1}",
    "p_value": "{p_value:p}",
    "p_equals": "{p_value:=p}",
}

MINUS = "\N{MINUS SIGN}"
NO_BREAK = "\N{NO-BREAK SPACE}"
NONE = "\N{EN DASH}"
"""What stands where there is no number."""

SMALLEST_P = 0.001
NARROW_RANGE = 50.0
"""An outcome whose whole range is narrower than this (0 to 10, 0 to 20) is shown with one decimal more."""


def number(value: float, decimals: int) -> str:
    """Write a number with a true minus sign; zero has no sign, and no number is a dash.

    Examples
    --------
    >>> number(-1.25, 1), number(-0.04, 1), number(float("nan"), 1), number(12345.6, 0)
    ('−1.2', '0.0', '–', '12346')
    """
    if not math.isfinite(value):
        return NONE
    text = f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("-", MINUS)


def p_value(value: float) -> str:
    """Write a p-value to three decimals, never as zero or one.

    Examples
    --------
    >>> p_value(0.0312), p_value(0.0001), p_value(0.99999)
    ('0.031', '< 0.001', '> 0.999')
    """
    if not math.isfinite(value):
        return NONE
    if value < SMALLEST_P:
        return f"< {SMALLEST_P:.3f}"
    return f"> {1 - SMALLEST_P:.3f}" if value > 1 - SMALLEST_P / 2 else f"{value:.3f}"


def _equals(p: str) -> str:
    """Return "= 0.031" or "< 0.001", not to be broken."""
    return (p if p[0] in "<>" else f"= {p}").replace(" ", NO_BREAK)


class _Writer(string.Formatter):
    """Fills a rule; `decimals` are those of the outcome."""

    def __init__(self, decimals: int) -> None:
        self.decimals = decimals

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec in ("p", "=p"):
            shown = p_value(value)
            return shown if format_spec == "p" else _equals(shown)
        if format_spec in ("%", "pp"):
            sign = "%" if format_spec == "%" and math.isfinite(value) else ""
            return number(100 * value, 1) + sign
        extra = {"v": self.decimals, "+": self.decimals + 1}
        return number(value, extra[format_spec] if format_spec in extra else int(format_spec))


def write(rule: str, values: Mapping[str, float], decimals: int = 1) -> str:
    """Write values by a rule of `RULES`; a dash where none of them is a number.

    Examples
    --------
    >>> write("estimate_interval", {"estimate": -5.04, "conf_low": -9.31, "conf_high": -0.771})
    '−5.0 (−9.3 to −0.8)'
    """
    if not any(math.isfinite(value) for value in values.values()):
        return NONE
    return _Writer(decimals).format(RULES[rule], **values)


def cell(rule: str, values: Mapping[str, float], at: Statistic, decimals: int = 1, mark: str = "") -> Cell:
    """Write values by a rule and keep each behind the text, by name, at the address of `at`."""
    kept = tuple(replace(at, name=name, value=float(value)) for name, value in values.items())
    return Cell(write(rule, values, decimals), kept, mark, rule, decimals)


def outcome_decimals(scale: OutcomeScale) -> int:
    """Return the decimals of means on a scale: one, or two where the whole range is narrow."""
    return 2 if scale.high - scale.low < NARROW_RANGE else 1


def share(n: float, total: float) -> float:
    """Return a proportion, or NaN of nobody."""
    return n / total if total else math.nan
