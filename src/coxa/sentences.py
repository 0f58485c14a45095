"""Facts and remedies as sentences: a capital at the beginning, a full stop at the end."""

from __future__ import annotations

import re
from collections.abc import Sequence

PROPER = frozenset(
    ["Barthel", "Beck", "Borg", "Copenhagen", "Harris", "Lequesne", "Likert", "Oxford", "Pilates", "Tampa", "Tegner"]
)
"""Names that keep their capital inside a sentence, also where the rest of a label is common words."""


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


def join_words(words: Sequence[str], last: str = "and") -> str:
    """Return words as a list in a sentence.

    Examples
    --------
    >>> join_words(["3"]), join_words(["3", "4"]), join_words(["3", "4", "9"])
    ('3', '3 and 4', '3, 4 and 9')
    """
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)


def mid_sentence(label: str) -> str:
    """Return a label as it is written inside a sentence: common words with a small letter, names as they are.

    A label is a name where its first word is an abbreviation or a proper name, or where another word, outside brackets,
    has a capital too.

    Examples
    --------
    >>> mid_sentence("Hip surgery"), mid_sentence("BMI"), mid_sentence("Function (LEFS)"), mid_sentence("Hip pain NRS")
    ('hip surgery', 'BMI', 'function (LEFS)', 'hip pain NRS')
    >>> mid_sentence("Tai Chi"), mid_sentence("Oxford hip score"), mid_sentence("T-score")
    ('Tai Chi', 'Oxford hip score', 'T-score')
    """
    words = re.findall(r"[^\W\d_]+", re.sub(r"\(.*?\)", "", label))
    first, *others = words or [""]
    a_name = first in PROPER or (len(first) == 1 and first != "A") or any(other.istitle() for other in others)
    return label if a_name or label[1:2].isupper() else label[:1].lower() + label[1:]
