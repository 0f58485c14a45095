"""Find terms by their words: exact ones first, then those whose names hold the words, then those whose meanings do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from coxa.cohort.dictionary import load_table
from coxa.errors import nearest
from coxa.glossary.term import Term
from coxa.glossary.topics import library_words, topics
from coxa.glossary.vocabularies import instrument_term, table_terms
from coxa.instruments import instrument_names
from coxa.study.describing.document import plan_keys
from coxa.study.words import TABLES

SHORT = 3
"""Letters up to which a word has to be the whole word, and not the beginning of one."""


@cache
def all_terms() -> tuple[Term, ...]:
    """Return every term once: of topics, tables, instruments, the library, and the keys of plans."""
    found: dict[tuple[str, str, str], Term] = {}
    for term in _every():
        found.setdefault((term.name, term.kind, term.where), term)
    return tuple(found.values())


def _every() -> Iterator[Term]:
    for topic in topics():
        yield from topic.terms
    for table in TABLES:
        yield from table_terms(table)
        for field in load_table(table).fields.values():
            for level, label in field.levels.items():
                yield Term(level, label, "level", field.description, "", f"`{table}.{field.name}`")
    yield from map(instrument_term, instrument_names())
    for words in library_words().values():
        yield from words
    for path, meaning in plan_keys():
        key = path.rpartition(".")[2]
        yield Term(key, key.replace("_", " "), "key of a plan", meaning, "", f"`{path}`")


def find_terms(words: str) -> list[Term]:
    """Return the terms that words name or describe, the nearest first.

    Parameters
    ----------
    words
        A code, a label, or words of one, in any order: "trochanteric bursitis", "labral_tear".

    Returns
    -------
    list of Term
        Those called so; else those whose name, label or other words hold every word; else those whose meaning does.

    Examples
    --------
    >>> [term.name for term in find_terms("labral tear")][:1]
    ['labral_tear']
    >>> find_terms("zzz")
    []
    """
    asked = _plain(words)
    if not asked:
        return []
    ranked = [(rank, place, term) for place, term in enumerate(all_terms()) if (rank := _rank(asked, term)) is not None]
    best = min((rank for rank, _, _ in ranked), default=0)
    described = 3
    kept = [one for one in ranked if one[0] < described or best == described]
    return [term for _, _, term in sorted(kept, key=lambda one: one[:2])]


def _rank(asked: list[str], term: Term) -> int | None:
    """Return 0 where a term is called so, 1 by its name or label, 2 by other words, 3 by its meaning, else None."""
    own = [_plain(text) for text in (term.name, term.label)]
    others = [_plain(text) for text in term.also]
    if asked in own or asked in others:
        return 0
    if any(_holds(text, asked) for text in own):
        return 1
    if any(_holds(text, asked) for text in others):
        return 2
    return 3 if _holds([*own[1], *_plain(term.meaning), *(word for text in others for word in text)], asked) else None


def _holds(text: list[str], asked: list[str]) -> bool:
    return all(any(word == one or (len(one) > SHORT and word.startswith(one)) for word in text) for one in asked)


def _plain(text: str) -> list[str]:
    """Return lower-case words; a plural without its s, so that "hamstrings" finds "hamstring"."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    return [word[:-1] if len(word) > SHORT and word.endswith("s") else word for word in words]


def nearest_term(words: str) -> str | None:
    """Return the name or label that is most like some words; None if none is like them."""
    names = dict.fromkeys(text for term in all_terms() for text in (term.name, term.label.lower(), *term.also))
    return nearest(words.lower(), list(names))
