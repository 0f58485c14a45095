"""Facts and remedies as sentences: a capital at the beginning, a full stop at the end."""

from __future__ import annotations

import re
from collections.abc import Sequence


def sentence(fact: str) -> str:
    """Return a fact as a sentence; a name at its beginning, such as a file, stays as it is typed.

    Examples
    --------
    >>> sentence("the data have 2 errors"), sentence("study.lock.json is damaged"), sentence("Choose one; or two?")
    ('The data have 2 errors.', 'study.lock.json is damaged.', 'Choose one; or two?')
    """
    first = re.split(r"[\s,:']", fact, maxsplit=1)[0]
    start = fact[:1].upper() if first.isalpha() else fact[:1]
    return f"{start}{fact[1:]}" + ("" if fact.endswith((".", "?", ":")) else ".")


def sentences(problem: str) -> str:
    """Return a fault and its remedy, which a semicolon divides, as two sentences.

    Examples
    --------
    >>> sentences("the weight of 'site' is 0; give a number above 0")
    "The weight of 'site' is 0. Give a number above 0."
    """
    return " ".join(sentence(part) for part in problem.split("; ", maxsplit=1))


def enumerated(words: Sequence[str]) -> str:
    """Return words as a list in a sentence.

    Examples
    --------
    >>> enumerated(["3"]), enumerated(["3", "4"]), enumerated(["3", "4", "9"])
    ('3', '3 and 4', '3, 4 and 9')
    """
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)
