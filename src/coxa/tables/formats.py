"""How numbers are written. The rules are one line each; nothing is rounded anywhere else.

In a rule, `{mean:v}` is a number with the decimals of its outcome, `{se:+}` one decimal more, `{share:%}` a
proportion as a percentage, `{estimate:pp}` one in percentage points, `{n:0}` a whole number, `{p:p}` a p-value,
`{p:P}` a p-value with its symbol, and `{n:more}` a difference of counts in words ("11.5 more"). What marks a decimal,
and how p-values are rounded, is the style's (`styles.py`).
"""

from __future__ import annotations

import math
import string
from collections.abc import Mapping
from dataclasses import replace

from coxa.tables.cells import Cell, Statistic
from coxa.tables.styles import PLAIN, Style

RULES: dict[str, str] = {
    "mean_sd": "{mean:v} ({sd:v})",
    "median_iqr": "{median:v} [{q1:v}, {q3:v}]",
    "median_dash": "{median:v} ({q1:v}\N{EN DASH}{q3:v})",
    "count": "{n:0}",
    "count_clusters": "{n:0} [{clusters:0}]",
    "number": "{n:v}",
    "mean": "{mean:v}",
    "median": "{median:v}",
    "participants": "{n_participants:0}",
    "count_percent": "{n:0} ({share:%})",
    "count_points": "{n:0} ({share:pp})",
    "count_of_percent": "{n:0}/{total:0} ({share:%})",
    "of_hundred": "{of_100:0} ({n:0} of {total:0})",
    "of_hundred_difference": "{estimate:more}",
    "of_hundred_limits": "{conf_low:more} to {conf_high:more}",
    "attended_of_percent": "{attended:0} of {planned:0} supervised sessions attended ({share:%})",
    "count_of_points": "{n:0}/{total:0} ({share:pp})",
    "estimate_interval": "{estimate:v} ({conf_low:v} to {conf_high:v})",
    "two_decimals_interval": "{estimate:2} ({conf_low:2} to {conf_high:2})",
    "points_interval": "{estimate:pp} ({conf_low:pp} to {conf_high:pp})",
    "estimate": "{estimate:v}",
    "limits": "{conf_low:v} to {conf_high:v}",
    "percent": "{estimate:%}",
    "percent_limits": "{conf_low:%} to {conf_high:%}",
    "percent_interval": "{estimate:%} ({conf_low:pp} to {conf_high:pp})",
    "points": "{estimate:pp}",
    "points_limits": "{conf_low:pp} to {conf_high:pp}",
    "nntb": "NNTB {number_needed:1} ({nearest:1} to {farthest:1})",
    "nnth": "NNTH {number_needed:1} ({nearest:1} to {farthest:1})",
    "nntb_to_infinity": "NNTB {number_needed:1} ({nearest:1} to ∞)",
    "nnth_to_infinity": "NNTH {number_needed:1} ({nearest:1} to ∞)",
    "nntb_through_infinity": "NNTB {number_needed:1} (NNTB {nearest:1} to ∞ to NNTH {farthest:1})",
    "nnth_through_infinity": "NNTH {number_needed:1} (NNTH {nearest:1} to ∞ to NNTB {farthest:1})",
    "nnt_infinite": "∞ (NNTB {nearest:1} to ∞ to NNTH {farthest:1})",
    "std_error": "{std_error:+}",
    "sd": "{sd:+}",
    "correlation": "{correlation:2}",
    "share": "{share:%}",
    "share_interval": "{share:%} ({conf_low:%} to {conf_high:%})",
    "share_limits": "{conf_low:%} to {conf_high:%}",
    "count_of": "{n:0} of {total:0}",
    "standardised": "{standardised_difference:2}",
    "share_points": "{share:pp}",
    "df": "{df:1}",
    "p_value": "{p_value:p}",
    "p_words": "{p_value:P}",
}

PARTS = {
    rule: tuple((text, name, spec or "") for text, name, spec, _ in string.Formatter().parse(written))
    for rule, written in RULES.items()
}
"""Each rule as its parts: a text, and the name of the number behind it with how it is written."""

MINUS = "\N{MINUS SIGN}"
NO_BREAK = "\N{NO-BREAK SPACE}"
NONE = "\N{EN DASH}"
"""What stands where there is no number."""

INFINITE = "\N{INFINITY}"
"""A ratio to nothing, or a limit that there is not."""

GROUPED = 5
"""Digits of a whole number from which a style may group them."""


def number(value: float, decimals: int, style: Style = PLAIN) -> str:
    """Write a number with a true minus sign; zero has no sign, and no number is a dash.

    Examples
    --------
    >>> number(-1.25, 1), number(-0.04, 1), number(float("nan"), 1), number(12345.6, 0), number(float("inf"), 1)
    ('−1.2', '0.0', '–', '12346', '∞')
    """
    if math.isnan(value):
        return NONE
    if math.isinf(value):
        return INFINITE if value > 0 else MINUS + INFINITE
    text = f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    whole, mark, part = text.partition(".")
    if style.thousands and len(whole.lstrip("-")) >= GROUPED:
        whole = f"{int(whole):,}".replace(",", style.thousands)
    return whole.replace("-", MINUS) + mark.replace(".", style.decimal_mark) + part


def rounded(shown: Cell, style: Style = PLAIN) -> Cell:
    """Return a cell whose statistics have the digits that its text has, and none that the text does not show.

    Examples
    --------
    >>> full = cell("estimate_interval", {"estimate": 2.5417, "conf_low": -1.19, "conf_high": 6.2}, Statistic())
    >>> [one.value for one in rounded(full).statistics]
    [2.5, -1.2, 6.2]
    """
    if shown.rule not in RULES:
        return shown
    specs = {name: spec for _, name, spec in PARTS[shown.rule] if name}
    kept = tuple(
        replace(one, value=_as_printed(one.value, specs[one.name], shown.decimals, style))
        if one.name in specs else replace(one, value=math.nan)
        for one in shown.statistics
    )  # fmt: skip
    return replace(shown, statistics=kept)


def _as_printed(value: float, spec: str, decimals: int, style: Style) -> float:
    if not math.isfinite(value):
        return value
    if spec in ("p", "P"):
        if value < style.p.smallest:
            return 0.0
        return round(value, _p_decimals(value, style))
    places = {"v": decimals, "+": decimals + 1, "%": 3, "pp": 3, "more": 1}
    return round(value, places[spec] if spec in places else int(spec))


def p_value(value: float, style: Style = PLAIN) -> str:
    """Write a p-value, never as zero or one; to three decimals where the style does not say otherwise.

    Examples
    --------
    >>> p_value(0.0312), p_value(0.0001), p_value(0.99999)
    ('0.031', '< 0.001', '> 0.999')
    >>> from coxa.tables.styles import JAMA
    >>> p_value(0.0312, JAMA), p_value(0.0471, JAMA), p_value(0.0001, JAMA)
    ('.03', '.047', '< .001')
    """
    if not math.isfinite(value):
        return NONE
    rules = style.p
    if value < rules.smallest:
        return f"< {_p_number(rules.smallest, -math.floor(math.log10(rules.smallest)), style)}"
    decimals = _p_decimals(value, style)
    step = 10**-decimals
    if value > 1 - step / 2:
        return f"> {_p_number(1 - step, decimals, style)}"
    return _p_number(value, decimals, style)


def _p_decimals(value: float, style: Style) -> int:
    """Return the decimals of a p-value; one more where rounding would carry it over the limit that readers look at."""
    rules = style.p
    decimals = next(places for start, places in rules.decimals if value >= start)
    return decimals + bool(rules.same_side and (value < rules.same_side) != (round(value, decimals) < rules.same_side))


def _p_number(value: float, decimals: int, style: Style) -> str:
    text = number(value, decimals, style)
    return text if style.p.leading_zero else text.removeprefix("0")


def _p_words(value: float, style: Style) -> str:
    """Write a p-value behind its symbol, not to be broken: "p = 0.031", "P < .001"."""
    text = p_value(value, style)
    said = text if text[0] in "<>" else f"= {text}"
    return f"{style.p.symbol} {said}".replace(" ", "\N{NO-BREAK SPACE}")


def _more_or_fewer(value: float, style: Style) -> str:
    """Write a difference of counts in words: "11.5 more", "6.0 fewer"; none is "0.0 more"."""
    if not math.isfinite(value):
        return NONE
    return number(abs(value), 1, style) + (" fewer" if round(value, 1) < 0 else " more")


def _field(value: float, spec: str, decimals: int, style: Style) -> str:
    """Write a number as a rule says; `decimals` are those of the outcome."""
    if spec in ("p", "P"):
        return (p_value if spec == "p" else _p_words)(value, style)
    if spec == "more":
        return _more_or_fewer(value, style)
    if spec in ("%", "pp"):
        sign = "%" if spec == "%" and math.isfinite(value) else ""
        return number(100 * value, 1, style) + sign
    extra = {"v": decimals, "+": decimals + 1}
    return number(value, extra[spec] if spec in extra else int(spec), style)


def write(rule: str, values: Mapping[str, float], decimals: int = 1, style: Style = PLAIN) -> str:
    """Write values by a rule of `RULES`, in a style; a dash where none of them is a number.

    Examples
    --------
    >>> write("estimate_interval", {"estimate": -5.04, "conf_low": -9.31, "conf_high": -0.771})
    '−5.0 (−9.3 to −0.8)'
    """
    if not any(math.isfinite(value) for value in values.values()):
        return NONE
    return "".join(
        text if name is None else text + _field(values[name], spec, decimals, style) for text, name, spec in PARTS[rule]
    )


def write_one(rule: str, name: str, value: float, decimals: int = 1, style: Style = PLAIN) -> str:
    """Write one of the values of a rule as the rule writes it among the others.

    Examples
    --------
    >>> write_one("estimate_interval", "conf_low", -9.31), write_one("count_percent", "share", 0.5238)
    ('−9.3', '52.4%')
    """
    return _field(value, next(spec for _, field, spec in PARTS[rule] if field == name), decimals, style)


def cell(rule: str, values: Mapping[str, float], at: Statistic, decimals: int = 1, mark: str = "") -> Cell:
    """Write values by a rule and keep each behind the text, by name, at the address of `at`."""
    kept = tuple(replace(at, name=name, value=float(value)) for name, value in values.items())
    return Cell(write(rule, values, decimals), kept, mark, rule, decimals)


def counted(n: float, analysis: str, term: str, arm: str = "", estimand: str = "", visit: str = "") -> Cell:
    """Return a count for a sentence or a heading, at the address of what is counted."""
    return cell("count", {"n": n}, Statistic("", math.nan, estimand, analysis, term, visit, arm))


def restyled(shown: Cell, style: Style, percent_said: bool = False) -> Cell:
    """Return a cell in another style: its text written again from its statistics, by the rule of that style.

    Parameters
    ----------
    shown
        As `cell` makes it; a cell without statistics, or whose numbers are hidden, is returned as it is.
    style
        How it is to be written.
    percent_said
        Whether the heading of its row or column says that percentages are in it.
    """
    if not shown.statistics or shown.rule not in RULES:
        return shown
    rule = style.rules.get(shown.rule, shown.rule)
    if percent_said:
        rule = style.unsigned.get(rule, rule)
    values = {item.name: item.value for item in shown.statistics}
    return replace(shown, text=write(rule, values, shown.decimals, style), rule=rule)


def share(n: float, total: float) -> float:
    """Return a proportion, or NaN of nobody."""
    return n / total if total else math.nan
