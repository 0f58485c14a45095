"""The words by which columns, levels and rows are known, and heads of columns made comparable."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from coxa.packaged import packaged_yaml

CAMEL = re.compile(r"(?<=[a-zß-ÿ])(?=[A-Z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
"""Where a new word begins without a mark: `IntakeDate`, `NPRS1`."""

BRACKETED = re.compile(r"\([^)]*\)|\[[^\]]*\]")


@dataclass(frozen=True, slots=True)
class DescriptorWords:
    """A descriptor: how its column is called, its type, and what its values are.

    type       : number, category, or flag (a category of yes and no)
    low, high  : between them a number is plausible
    levels     : level -> words for it; empty where the levels are those of the file
    adjust, completeness, bands, unit : as in a plan
    """

    name: str
    type: Literal["number", "category", "flag"]
    heads: frozenset[str]
    low: float = float("-inf")
    high: float = float("inf")
    unit: str | None = None
    levels: Mapping[str, tuple[str, ...]] | None = None
    adjust: bool = True
    completeness: bool = False
    bands: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class OutcomeWords:
    """An outcome of a known instrument, and how its columns are called."""

    name: str
    instrument: str
    scale: str | None
    heads: frozenset[str]


@dataclass(frozen=True, slots=True)
class MeasureWords:
    """What is measured where no instrument is named, and the instruments that it could be."""

    name: str
    heads: frozenset[str]
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unused:
    """Columns that have no place in an audit, and why; `personal` where their values are not to be shown."""

    name: str
    reason: str
    heads: frozenset[str]

    @property
    def personal(self) -> bool:
        """Whether the values of such a column identify people."""
        return self.name in ("person", "birth", "free_text")


@dataclass(frozen=True, slots=True)
class Heads:
    """All words of `words.yaml`, as `head_key` writes them; words for values as `value_key` does."""

    totals: frozenset[str]
    missing: frozenset[str]
    missing_dates: frozenset[str]
    yes: frozenset[str]
    no: frozenset[str]
    intake: frozenset[str]
    discharge: frozenset[str]
    date_words: frozenset[str]
    care_begins: frozenset[str]
    care_ends: frozenset[str]
    care: frozenset[str]
    care_fillers: frozenset[str]
    score_words: frozenset[str]
    groups: frozenset[str]
    roles: Mapping[str, frozenset[str]]
    never: Mapping[str, frozenset[str]]
    unused: tuple[Unused, ...]
    descriptors: tuple[DescriptorWords, ...]
    standards: Mapping[str, tuple[str, frozenset[str]]]
    outcomes: tuple[OutcomeWords, ...]
    measures: tuple[MeasureWords, ...]
    kinds: Mapping[str, frozenset[str]]
    abbreviations: Mapping[str, str]


@cache
def head_key(name: str) -> str:
    """Return the head of a column without capitals, accents and marks, its words apart.

    Examples
    --------
    >>> head_key("Pat.-Nr."), head_key("IntakeDate"), head_key("M/F"), head_key("NPRS1"), head_key("Début")
    ('pat nr', 'intake date', 'm f', 'nprs 1', 'debut')
    """
    apart = CAMEL.sub(" ", unicodedata.normalize("NFC", str(name)))
    plain = unicodedata.normalize("NFKD", apart).casefold()
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(re.findall(r"[^\W_]+", letters))


@cache
def head_keys(name: str) -> tuple[str, ...]:
    """Return a head as `head_key` writes it, then without what is in brackets.

    Examples
    --------
    >>> head_keys("Age (years)")
    ('age years', 'age')
    """
    return tuple(dict.fromkeys(key for key in (head_key(name), head_key(BRACKETED.sub(" ", name))) if key))


def value_key(text: str) -> str:
    """Return a value without capitals and blanks at its ends."""
    return " ".join(text.casefold().split())


@cache
def heads() -> Heads:
    """Return the words of the package.

    Examples
    --------
    >>> "pat nr" in heads().roles["patient"], "not done" in heads().missing
    (True, True)
    """
    words: dict[str, Any] = packaged_yaml("coxa.importing", "words.yaml")
    values = {
        name: frozenset(map(value_key, words[name])) for name in ("totals", "missing", "missing_dates", "yes", "no")
    }
    lists = ("intake", "discharge", "date_words", "score_words", "groups")
    of_care = ("care_begins", "care_ends", "care", "care_fillers")
    names = {name: _keys(words[name]) for name in (*lists, *of_care)}
    return Heads(
        **values,
        **names,
        roles={name: _keys(each) for name, each in words["roles"].items()},
        never={name: frozenset(map(value_key, each)) for name, each in words["never"].items()},
        unused=tuple(Unused(name, each["reason"], _keys(each["heads"])) for name, each in words["unused"].items()),
        descriptors=tuple(_descriptor(name, each) for name, each in words["descriptors"].items()),
        standards={name: (each["label"], _keys(each["heads"])) for name, each in words["standards"].items()},
        outcomes=tuple(
            OutcomeWords(each["name"], each["instrument"], each.get("scale"), _keys(each["heads"]))
            for each in words["outcomes"]
        ),
        measures=tuple(
            MeasureWords(name, _keys(each["heads"]), tuple(each["candidates"]))
            for name, each in words["measures"].items()
        ),
        kinds={name: _keys(each) for name, each in words["kinds"].items()},
        abbreviations={head_key(short): head_key(whole) for short, whole in words["abbreviations"].items()},
    )


def written_out(name: str) -> str:
    """Return the name of a condition as `head_key` writes it, abbreviations of the field written out.

    Examples
    --------
    >>> written_out("Hip OA"), written_out("GTPS"), written_out("OA hip, left")
    ('hip osteoarthritis', 'greater trochanteric pain syndrome', 'osteoarthritis hip left')
    """
    known = heads().abbreviations
    phrases = sorted(known, key=len, reverse=True)
    pattern = r"\b(" + "|".join(map(re.escape, phrases)) + r")\b"
    return re.sub(pattern, lambda found: known[found[0]], head_key(name))


def _keys(words: Iterable[str]) -> frozenset[str]:
    return frozenset(head_key(word) for word in words)


def _descriptor(name: str, given: Mapping[str, Any]) -> DescriptorWords:
    low, high = given.get("range", (float("-inf"), float("inf")))
    levels = given.get("levels")
    return DescriptorWords(
        name,
        given["type"],
        _keys(given["heads"]),
        float(low),
        float(high),
        given.get("unit"),
        {level: tuple(map(value_key, (level, *each))) for level, each in levels.items()} if levels else None,
        given.get("adjust", True),
        given.get("completeness", False),
        tuple(given.get("bands", ())),
    )
