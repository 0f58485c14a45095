"""Formats of dates as text: which are proven, and where day and month could be either."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from coxa.cohort.mapping.codes import readings

FORMATS = (
    "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y",
    "%d-%m-%y", "%m-%d-%y", "%Y/%m/%d", "%Y.%m.%d", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%d %b %y",
    "%b %d, %Y", "%B %d, %Y", "%d%b%Y", "%d. %B %Y", "%d. %b %Y",
)  # fmt: skip
"""Formats that are tried, the more usual first. Where marks are points, the day comes first."""

TURNED = {"%d/%m/%Y": "%m/%d/%Y", "%d-%m-%Y": "%m-%d-%Y", "%d/%m/%y": "%m/%d/%y", "%d-%m-%y": "%m-%d-%y"}
"""Format with the day first -> the one with the month first."""

LONG = {"%d %B %Y": "%d %b %Y", "%B %d, %Y": "%b %d, %Y", "%d. %B %Y": "%d. %b %Y"}
"""Formats with a whole month -> with a short one; May is both."""

COMPACT = "%Y%m%d"

FIRST_YEAR, LAST_YEAR = 1900, 2100

DATE_LIKE = re.compile(r"\d{1,4}\s*[-/. ]|\d{1,2}[-. ]?[A-Za-z]{3}|[A-Za-z]{3,9} \d{1,2},")


@dataclass(frozen=True, slots=True)
class DateTexts:
    """What the texts of a column are as dates.

    formats   : those that are proven: a text is read under them and under no other
    ambiguous : pairs (day first, month first) of formats that some texts are read under alike, with neither proven
    examples  : texts that are ambiguous
    unread    : texts that no format reads
    first, last : texts of the lowest and the highest day under the proven formats, as ISO
    """

    formats: tuple[str, ...]
    ambiguous: tuple[tuple[str, str], ...]
    examples: tuple[str, ...]
    unread: frozenset[str]
    first: str | None = None
    last: str | None = None


@lru_cache(maxsize=100_000)
def formats_of(text: str, compact: bool = False) -> tuple[str, ...]:
    """Return the formats that a text is a date under, in a year from 1900 to 2100.

    Examples
    --------
    >>> formats_of("03/04/2025"), formats_of("13.01.53"), formats_of("7 Aug 2025"), formats_of("55/80")
    (('%d/%m/%Y', '%m/%d/%Y'), ('%d.%m.%y',), ('%d %b %Y',), ())
    """
    if not DATE_LIKE.match(text) and not (compact and re.fullmatch(r"\d{8}", text)):
        return ()
    found = readings(text, (*FORMATS, COMPACT) if compact else FORMATS)
    kept = [shape for shape, day in found.items() if FIRST_YEAR <= day.year <= LAST_YEAR]
    return tuple(shape for shape in kept if LONG.get(shape) not in kept)


def read_dates(texts: Iterable[str], known: Mapping[str, str] | None = None, compact: bool = False) -> DateTexts:
    """Return what texts are as dates.

    Parameters
    ----------
    texts
        The different texts of a column.
    known
        Day-first format -> the one of the two that other columns, or an answer, prove.
    compact
        Whether eight digits can be a date.

    Examples
    --------
    >>> read_dates(["03/04/2025", "25/04/2025", "open"]).formats
    ('%d/%m/%Y',)
    >>> read_dates(["03/04/2025", "05/06/2025"]).ambiguous
    (('%d/%m/%Y', '%m/%d/%Y'),)
    """
    read = {text: formats_of(text, compact) for text in texts}
    proven = {shapes[0] for shapes in read.values() if len(shapes) == 1}
    ambiguous: dict[tuple[str, str], list[str]] = {}
    for text, shapes in read.items():
        for day_first in (shape for shape in shapes if shape in TURNED):
            pair = (day_first, TURNED[day_first])
            if pair[1] not in shapes:
                continue
            decided = [shape for shape in pair if shape in proven]
            if len(decided) == 1:
                continue
            if known and not decided and day_first in known:
                continue
            if not _same(text, pair):
                ambiguous.setdefault(pair, []).append(text)
    formats = {*proven, *(known[pair] for pair in _open(read, proven) if known and pair in known)}
    days = [
        day.date().isoformat() for text, shapes in read.items() if shapes
        for shape, day in readings(text, [each for each in shapes if each in formats]).items()
    ]  # fmt: skip
    return DateTexts(
        tuple(shape for shape in (*FORMATS, COMPACT) if shape in formats),
        tuple(ambiguous),
        tuple(text for each in ambiguous.values() for text in each)[:5],
        frozenset(text for text, shapes in read.items() if not shapes),
        min(days, default=None),
        max(days, default=None),
    )


def one_day(text: str, formats: Iterable[str]) -> date | None:
    """Return the day that a text is: year first, or in the order in which a file writes its dates; else None.

    Parameters
    ----------
    formats
        Formats of the dates of the file.

    Examples
    --------
    >>> one_day("2025-11-03", []).isoformat(), one_day("3.11.2025", ["%d/%m/%Y"]).isoformat()
    ('2025-11-03', '2025-11-03')
    >>> one_day("3/11/2025", ["%m/%d/%Y"]).isoformat(), one_day("3/11/2025", ["%Y-%m-%d"]), one_day("soon", [])
    ('2025-03-11', None, None)
    """
    first = {shape[1] for shape in formats if shape[1] in "dm"}
    read = {shape: day.date() for shape, day in readings(text, formats_of(text)).items()}
    wanted = {day for shape, day in read.items() if shape[1] == "Y" or {shape[1]} == first}
    every = set(read.values())
    sure = every if all(shape[1] in "Yb" or _decides(shape, day) for shape, day in read.items()) else wanted
    return sure.pop() if len(sure) == 1 else None


def _decides(shape: str, day: date) -> bool:
    """Say whether a day can be read in one order only: its month is a word, or it is after the twelfth."""
    return "%b" in shape or "%B" in shape or day.day > MONTHS


MONTHS = 12


def _open(read: Mapping[str, tuple[str, ...]], proven: set[str]) -> list[str]:
    """Return the day-first formats that some text is read under, with neither order proven."""
    found = {shape for shapes in read.values() for shape in shapes if shape in TURNED and TURNED[shape] in shapes}
    return [shape for shape in found if shape not in proven and TURNED[shape] not in proven]


def _same(text: str, pair: tuple[str, str]) -> bool:
    """Say whether a text is the same day either way, such as 04/04/2025."""
    return len(set(readings(text, pair).values())) == 1
