"""Characters that a page can show: without those that XML forbids, and with places to break long words at."""

from __future__ import annotations

import re

FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""Control characters and halves of characters: XML 1.0 and PDF cannot hold them, and nobody sees them."""

JOINER = "\N{WORD JOINER}"
WITHIN_NUMBERS = re.compile(
    r"(?<=[\d%]) (?:to|of) (?=[-\u2212+<>]?\d)|(?<=\b[NnpP]) [=<>\u2264] (?=[\d.<])|\[[-\u2212\d., \u00b7]+\]"
)
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
    r"""Return a text in which a line does not end inside an interval, "3 of 12", quartiles or "n = 12".

    Examples
    --------
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
