"""Codes of a category as the plan's words: by the plan's map, by level, by label."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from coxa.cohort.dictionary import Field
from coxa.errors import nearest
from coxa.study.source import Code, code_text

Words = Mapping[Code, Code]
"""The plan's map of the file's codes to words."""

SHOWN = 12
TYPO = 0.8
"""Words at least this alike (difflib's ratio) differ by a slip of the pen; less alike ones are not proposed."""


def known_words(labels: Mapping[str, str], wanted: Field, words: Words | None) -> dict[str, str] | None:
    """Return code as text -> word; None where anything is allowed.

    Without a map of the plan that is by level or label. With one, a level that the map does not name is itself, unless
    it is a number: where 1 and 2 are mapped to 0 and 1, a 0 is no slip of one hand.
    """
    if words:
        known = {level: level for level in wanted.levels if any(map(str.isalpha, level))}
        known |= {code_text(code): code_text(word) for code, word in words.items()}
    elif wanted.levels:
        known = {label: level for level, label in wanted.levels.items()} | {level: level for level in wanted.levels}
    else:
        return None
    return {code: known[label] for code, label in labels.items() if label in known} | known


def unmapped(wanted: Field, code: str, words: Words | None, labels: Mapping[str, str]) -> tuple[str, str, str]:
    """Return rule, remedy and reason for a code that stands for nothing; which word it means is not guessed."""
    name = wanted.name
    rule = f"the {'code' if words else 'word'} of {name} is unknown"
    reason = f"unmapped {name} ({code})"
    allowed = _levels_in_words(wanted)
    for key, word in (words or {}).items():
        if code_text(key) == code:
            return rule, f"The plan maps {code} to {word}, which is not a level. Choose one of {allowed}.", reason
    alike = [word for word in (*map(code_text, words or ()), *wanted.levels) if folded(word) == folded(code)]
    if alike:
        level = {code_text(key): code_text(word) for key, word in (words or {}).items()}.get(alike[0], alike[0])
        remedy = f'Write `values: {{{name}: {{"{code}": {level}}}}}` in its table if it means {level}, or correct it.'
        return rule, remedy, reason
    words_known = [word for word in (*wanted.levels, *map(code_text, words or ())) if not word[-1:].isdigit()]
    typo = slip_of(code, words_known)
    add = f"If it is a slip of {typo}, correct it. If not, add" if typo else "Add"
    label = f" Its label in the file is: {labels[code]}." if code in labels else ""
    remedy = f'{add} it under `values: {{{name}: {{"{code}": ...}}}}`. Allowed: {allowed}.{label}'
    return rule, remedy, reason


def _levels_in_words(wanted: Field) -> str:
    named = [level if label == level else f"{level} ({label})" for level, label in wanted.levels.items()]
    return ", ".join(named[:SHOWN]) + (", ..." if len(named) > SHOWN else "")


def folded(label: str) -> str:
    """Return a label without what two hands write differently: capitals, blanks, hyphens, leading zeros, letter forms.

    Examples
    --------
    >>> folded("T03"), folded("t 3"), folded("T-03"), folded("1-11"), folded("11-1")
    ('t 3', 't 3', 't 3', '1 11', '11 1')
    """
    text = unicodedata.normalize("NFKC", label).casefold()
    parts = re.findall(r"\d+|[^\W\d_]+|[^\w\s.-]", text)
    return " ".join(part.lstrip("0") or "0" if part.isdecimal() else part for part in parts)


def slip_of(word: str, allowed: Iterable[str]) -> str | None:
    """Return the allowed word of which `word` is a slip of the pen, or None.

    Examples
    --------
    >>> slip_of("excercise", ["usual_care", "exercise"]), slip_of("care", ["usual_care", "exercise"])
    ('exercise', None)
    """
    return nearest(word, allowed, TYPO)
