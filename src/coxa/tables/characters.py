"""Characters that a page can show: without those that XML forbids, and with places to break long words at."""

from __future__ import annotations

import re

FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""Control characters and halves of characters: XML 1.0 and PDF cannot hold them, and nobody sees them."""

JOINER = "\N{WORD JOINER}"
UNITS = (
    "points?|weeks?|months?|years?|days?|hours?|minutes?|seconds?|sessions?|times|"
    "mm|cm|km|m|mg|g|kg|N|Nm|ms|s|min|h|ml|l|mmHg|Hz|W|bpm|degrees?"
)
NAMED = "weeks?|months?|years?|days?|visits?|sessions?|items?|tables?|figures?|sections?|pages?|periods?|steps?|scores?"
WITHIN_NUMBERS = re.compile(
    r"(?<=[\d%]) (?:to|of) (?=[-\u2212+<>]?\d)"  # 1.2 to 6.2, 3 of 12
    r"|(?<=\w) [=<>\u2264\u2265] (?=[-\u2212]?[\d.<])"  # n = 12
    r"|\[[-\u2212\d., \u00b7]+\]"  # quartiles
    rf"|(?<=\d) (?=(?:%|(?:{UNITS})\b))|(?<=%) (?=CI\b)"  # 12 weeks, 95% CI
    rf"|\b(?:[A-Z][A-Za-z]{{0,9}}|{NAMED}) (?=[-\u2212]?\d)"  # Week 12, CI 1.2
)
"""Where a line does not end: between a number and its unit or name, and in what is one number to a reader."""
DASHED = re.compile(r"(?<=\d)([\u2010-\u2013])(?=[\u2212\d])")

BREAK = "\N{ZERO WIDTH SPACE}"
JOINT = re.compile(r"(?<=[_./\\|:;,@=&-])(?=\w)")


def printable(text: str) -> str:
    r"""Return a text without the characters that a document cannot hold.

    Examples
    --------
    >>> printable("pain\x00 (\x1b[1mNRS)")
    'pain ([1mNRS)'
    """
    return FORBIDDEN.sub("", text)


def kept_whole(text: str) -> str:
    r"""Return a text in which a line does not end inside an interval, "3 of 12", quartiles, "n = 12" or "Week 12".

    It has as many characters as the text: spaces that are inside become such at which no line ends.

    Examples
    --------
    >>> kept_whole("at Week 12, 10 points more")
    'at Week\xa012, 10\xa0points more'
    >>> kept_whole("2.5 (\N{MINUS SIGN}1.2 to 6.2; p = 0.187)")
    '2.5 (\u22121.2\xa0to\xa06.2; p\xa0=\xa00.187)'
    """
    return WITHIN_NUMBERS.sub(lambda found: found.group().replace(" ", "\N{NO-BREAK SPACE}"), text)


def joined_dashes(text: str) -> str:
    """Return a text in which a line does not end at a dash between two numbers.

    Examples
    --------
    >>> joined_dashes("13.5\N{EN DASH}46.5, a\N{EN DASH}b").count(JOINER)
    2
    """
    return DASHED.sub(lambda found: f"{JOINER}{found.group()}{JOINER}", text)


def typeset(text: str) -> str:
    r"""Return a text as every form prints it: what a document can hold, with numbers on one line.

    Examples
    --------
    >>> typeset("at Week 12\x00: 2.5 (n = 40)")
    'at Week\xa012: 2.5 (n\xa0=\xa040)'
    """
    return joined_dashes(kept_whole(printable(text)))


def plain(text: str) -> str:
    r"""Return a text without what `typeset` adds, to compare what is printed with what it is printed from.

    Examples
    --------
    >>> plain(typeset("at Week 12 (95% CI 1.6\N{EN DASH}9.9)"))
    'at Week 12 (95% CI 1.6\u20139.9)'
    """
    return text.replace("\N{NO-BREAK SPACE}", " ").replace(JOINER, "")


def breakable(text: str, longest: int) -> str:
    """Return a text in which a word longer than `longest` may be broken: at its joints, else anywhere.

    Examples
    --------
    >>> breakable("primary_outcome_measure", 10).split(BREAK)
    ['primary_', 'outcome_', 'measure']
    """
    return re.sub(rf"\S{{{longest + 1},}}", lambda found: _broken(found.group(), longest), text)


def _broken(word: str, longest: int) -> str:
    parts = (JOINT.sub(BREAK, word)).split(BREAK)
    return BREAK.join(re.sub(rf".{{{longest}}}(?=.)", lambda found: found.group() + BREAK, part) for part in parts)
