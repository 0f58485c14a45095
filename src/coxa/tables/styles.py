"""How journals write numbers, as data. A rule that could not be confirmed is not here: it stays as in `PLAIN`.

Sources
-------
AMA        : AMA Manual of Style, 11th ed., 2020, sections 17.4.2 and 17.4.3 (numbers), 18.7.1 and 19.5 (p-values)
AMA-10     : AMA Manual of Style, 10th ed., section 20.8.2, as told by medical writers (decimals of p-values)
NEJM       : New England Journal of Medicine, statistical reporting guidelines, as quoted by Aguinis, Vassar & Wayant,
             BMJ Evidence-Based Medicine 2019, doi 10.1136/bmjebm-2019-111264
ggpubr     : p-value styles of the R package ggpubr, as its documentation lists them
gtsummary  : journal themes of the R package gtsummary, as its documentation and its expected output show them
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from coxa.study.words import StyleName

THIN = "\N{THIN SPACE}"
MIDLINE = "\N{MIDDLE DOT}"


@dataclass(frozen=True, slots=True)
class PValues:
    """How p-values are written.

    decimals     : (from, decimals), the largest first: a p-value from there upwards has that many
    smallest     : what is smaller is said to be smaller than this
    leading_zero : whether there is a zero before the decimal mark
    same_side    : a level that rounding must not reach: one more decimal is written instead; 0 where there is none
    symbol       : what a p-value is called
    """

    decimals: tuple[tuple[float, int], ...] = ((0.0, 3),)
    smallest: float = 0.001
    leading_zero: bool = True
    same_side: float = 0.0
    symbol: str = "p"


@dataclass(frozen=True, slots=True)
class Style:
    """The rules of one journal.

    name         : as it is called in a plan
    decimal_mark : between whole and part
    thousands    : between groups of three, in numbers of five digits and more
    p            : p-values
    rules        : rule of `coxa.tables.formats.RULES` -> the one that takes its place
    unsigned     : rules, in the same way, where row or column already say "(%)"
    words        : words of headings and notes -> what takes their place
    sources      : where each of these is from
    """

    name: StyleName
    decimal_mark: str = "."
    thousands: str = ""
    p: PValues = field(default_factory=PValues)
    rules: Mapping[str, str] = field(default_factory=dict)
    unsigned: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)


QUARTILES_BY_DASH = {"median_iqr": "median_dash"}
QUARTILE_WORDS = {"median [Q1, Q3]": "median (Q1\N{EN DASH}Q3)"}
TWO_OR_THREE = ((0.01, 2), (0.0, 3))
TWO_FIGURES = ((0.1, 2), (0.01, 3), (0.0, 4))

PLAIN = Style("plain")

JAMA = Style(
    "jama",
    thousands=THIN,
    p=PValues(TWO_OR_THREE, leading_zero=False, same_side=0.05, symbol="P"),
    rules=QUARTILES_BY_DASH,
    unsigned={"count_percent": "count_points", "count_of_percent": "count_of_points", "share": "share_points"},
    words={**QUARTILE_WORDS, "p": "P"},
    sources={
        "thousands": "AMA",
        "p.leading_zero": "AMA",
        "p.symbol": "AMA",
        "p.decimals": "AMA-10",
        "p.smallest": "AMA",
        "p.same_side": "AMA-10",
        "rules": "gtsummary",
        "unsigned": "gtsummary",
        "words": "gtsummary",
    },
)

LANCET = Style(
    "lancet",
    decimal_mark=MIDLINE,
    p=PValues(TWO_FIGURES, smallest=0.0001),
    rules=QUARTILES_BY_DASH,
    words=QUARTILE_WORDS,
    sources={
        "decimal_mark": "gtsummary",
        "p.decimals": "gtsummary for large values, ggpubr for four at most",
        "p.smallest": "ggpubr",
        "rules": "gtsummary",
        "words": "gtsummary",
    },
)

NEJM = Style(
    "nejm",
    p=PValues(TWO_OR_THREE),
    rules=QUARTILES_BY_DASH,
    words=QUARTILE_WORDS,
    sources={
        "p.decimals": "NEJM",
        "p.smallest": "NEJM",
        "rules": "gtsummary",
        "words": "gtsummary",
    },
)

STYLES: dict[StyleName, Style] = {style.name: style for style in (PLAIN, JAMA, LANCET, NEJM)}
