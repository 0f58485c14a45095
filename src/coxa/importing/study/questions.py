"""What the parts of a proposed study share: names of a plan, questions, and the readings of a table."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from coxa.importing.draft import Draft
from coxa.importing.proposal import Answer, Question

UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})


def slug(text: str, empty: str = "column") -> str:
    """Return a text as a name of a plan: lower-case letters, digits and underscores, first a letter.

    Examples
    --------
    >>> slug("Übliche Versorgung"), slug("HOOS Pain"), slug("12 weeks"), slug("6MWT")
    ('uebliche_versorgung', 'hoos_pain', 'n_12_weeks', 'n_6mwt')
    """
    plain = unicodedata.normalize("NFKD", text.translate(UMLAUTS)).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    return name if name[:1].isalpha() else f"n_{name}" if name else empty


def own_key(draft: Draft, key: str, place: str) -> str:
    """Return the key of a question, with the place of its table where another table has a question of the key."""
    return f"{key}:{place}" if any(each == key or each.startswith(f"{key}.") for each in draft.asked) else key


def ask(
    draft: Draft,
    key: str,
    text: str,
    why: str,
    answers: Sequence[tuple[str, str]] = (),
    columns: Iterable[str] = (),
    needed: bool = True,
) -> str | None:
    """Return the answer to a question; answers are pairs of a word and what it means."""
    offered = tuple(Answer(word, label) for word, label in answers)
    return draft.ask(Question(key, text, why, offered, tuple(columns), needed))
