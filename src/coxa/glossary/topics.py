"""The topics of the field with all their terms, and the words of the library."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from pydantic import BaseModel, ConfigDict, TypeAdapter

from coxa.cohort.dictionary import load_table
from coxa.glossary.term import Term
from coxa.glossary.vocabularies import VOCABULARIES, field_term, instrument_term, table_terms
from coxa.packaged import packaged_yaml

IDENTIFIERS = ("participant_id", "source_file", "source_row")
"""Fields that every table has, and that no topic is about."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    meaning: str
    also: tuple[str, ...] = ()
    source: str = ""


class _Listed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    vocabularies: tuple[str, ...] = ()
    also: dict[str, tuple[str, ...]] = {}
    tables: tuple[str, ...] = ()
    fields: dict[str, tuple[str, ...]] = {}
    instruments: tuple[str, ...] = ()
    terms: dict[str, _Entry] = {}


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic: its name, its title, and its terms, its own ones first."""

    name: str
    title: str
    terms: tuple[Term, ...]


@cache
def topics() -> tuple[Topic, ...]:
    """Return every topic of the field with its terms, in order.

    Examples
    --------
    >>> [topic.title for topic in topics()][:3]
    ['Interventions', 'Exercises and dose', 'Conditions']
    """
    listed = TypeAdapter(dict[str, _Listed]).validate_python(packaged_yaml("coxa.glossary", "topics.yaml"))
    return tuple(Topic(name, one.title, tuple(_terms(one))) for name, one in listed.items())


def _terms(topic: _Listed) -> Iterator[Term]:
    for name, entry in topic.terms.items():
        yield Term(name, name[:1].upper() + name[1:], "term", entry.meaning, entry.source, "", entry.also)
    for vocabulary in topic.vocabularies:
        yield from (replace(term, also=topic.also.get(term.name, ())) for term in VOCABULARIES[vocabulary]())
    for instrument in topic.instruments:
        yield instrument_term(instrument)
    for table in topic.tables:
        yield from (term for term in table_terms(table) if term.name not in IDENTIFIERS)
    for table, fields in topic.fields.items():
        yield from (field_term(table, load_table(table).fields[field]) for field in fields)


@cache
def library_words() -> dict[str, tuple[Term, ...]]:
    """Return section -> words of the library, of estimands, analysis sets, models and allocation."""
    listed: dict[str, dict[str, str]] = packaged_yaml("coxa.glossary", "library.yaml")
    return {
        section: tuple(Term(word, word, "term", meaning) for word, meaning in words.items())
        for section, words in listed.items()
    }
