"""Characters that a page can show: without those that XML forbids, and with places to break long words at."""

from __future__ import annotations

import re

FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""Control characters and halves of characters: XML 1.0 and PDF cannot hold them, and nobody sees them."""

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
