"""The bibliography: entries with their fields, and the methods that they stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict

from coxa.covariances import COVARIANCES
from coxa.errors import check_known
from coxa.instruments import load_instrument
from coxa.packaged import packaged_yaml
from coxa.version import __version__

YEAR = re.compile(r"\b(19|20)\d\d\b")


class Entry(BaseModel):
    """One publication. `author` has "Family, I N" each, a name in braces that is not a person's, and `others` last."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    key: str
    type: Literal["article", "techreport", "software", "misc"]
    title: str
    author: tuple[str, ...] = ()
    journal: str = ""
    institution: str = ""
    year: str = ""
    volume: str = ""
    number: str = ""
    pages: str = ""
    version: str = ""
    doi: str = ""


class _Bibliography(BaseModel):
    entries: Mapping[str, Entry]
    instruments: Mapping[str, str]
    methods: Mapping[str, tuple[str, ...]]


@cache
def _bibliography() -> _Bibliography:
    data = packaged_yaml("coxa.report.references", "bibliography.yaml")
    data["entries"] = {key: {"key": key, **fields} for key, fields in data["entries"].items()}
    return _Bibliography.model_validate(data)


def entry(key: str) -> Entry:
    """Return an entry by its key.

    Examples
    --------
    >>> entry("holm1979").journal
    'Scandinavian Journal of Statistics'
    """
    return _bibliography().entries[key]


def entries() -> tuple[Entry, ...]:
    """Return all entries."""
    return tuple(_bibliography().entries.values())


def methods() -> Mapping[str, tuple[str, ...]]:
    """Return the methods that can be cited, each with the keys of its entries; no key where none is needed."""
    structures = {name: known.cites for name, known in COVARIANCES.items() if known.cites}
    return {**_bibliography().methods, **structures}


def of_method(word: str) -> tuple[Entry, ...]:
    """Return the entries of a method under its word in a plan.

    Raises
    ------
    OptionError
        There is no such method; the nearest is suggested.

    Examples
    --------
    >>> [one.year for one in of_method("kenward-roger")]
    ['1997']
    """
    check_known("method", word, list(methods()))
    return tuple(entry(key) for key in methods()[word])


def of_instrument(name: str) -> tuple[Entry, ...]:
    """Return the paper of an instrument, or the first source of its file with a year; nothing of a generic scale."""
    if name in _bibliography().instruments:
        return (entry(_bibliography().instruments[name]),)
    dated = [source for source in load_instrument(name).sources if YEAR.search(source)]
    return tuple(Entry(key=f"{name.replace('_', '-')}-source", type="misc", title=source) for source in dated[:1])


def coxa_entry() -> Entry:
    """Return the entry of coxa itself, as in its CITATION.cff."""
    return Entry(
        key="coxa",
        type="software",
        author=("{The coxa contributors}",),
        title="coxa: clinical-trial style outcomes research in hip and musculoskeletal rehabilitation",
        version=__version__,
    )
