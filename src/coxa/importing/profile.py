"""What the values of a column are: numbers, dates and in which formats, words, codes, what means missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd

from coxa.cohort.mapping.codes import code_texts, parse_numbers
from coxa.cohort.number_text import DECIMALS, two_ways
from coxa.cohort.readers.raw import Percent
from coxa.episodes.checks.spellings import alike
from coxa.importing.dates import TURNED, DateTexts, formats_of, read_dates
from coxa.importing.tables import FileTable
from coxa.importing.words import head_key, heads, value_key

Kind = Literal["empty", "number", "date", "flag", "category", "text", "identifier"]
"""Kinds of columns. A flag is yes or no; a category has few different words, or codes with labels."""

MOST = 0.8
"""So large a share of the values has to be of a kind: the others are listed as odd."""

FEW_LEVELS = 40
KEPT = 2000
"""So many different values of a column are kept."""


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """The values of one column.

    file, sheet, column : where it is
    parts          : its names in the several rows of the header; the name itself where there is one row
    kind           : of the values that are filled in
    n_rows, n_empty : rows of the table, and empty ones among them
    values         : different value as text -> how often it is there, the most frequent first, without missing ones
    n_distinct     : different values; more than `values` has, where there are very many
    missing        : word or code that means missing -> how often it is there
    odd            : value that is not of the kind -> how often it is there
    low, high      : of numbers
    whole          : whether all numbers are whole
    days           : first and last day, as ISO
    date_formats   : formats of dates as text that are proven; none where cells are dates by their type
    ambiguous      : pairs of formats (day first, month first) between which nothing decides
    ambiguous_values : some texts that are a day under both
    two_ways       : texts that are one number with a decimal mark and another with a thousands mark
    n_percent      : cells that show a percentage and store a fraction
    labels         : code -> label, where the file has them
    coded          : codes that the file itself declares missing
    alike          : groups of values that may be one, written in several ways, the one to keep first
    n_values       : how often the different values are there together, those that `values` leaves out among them
    """

    file: str
    sheet: str
    column: str
    parts: tuple[str, ...]
    kind: Kind
    n_rows: int
    n_empty: int
    values: Mapping[str, int] = field(default_factory=dict)
    n_distinct: int = 0
    missing: Mapping[str, int] = field(default_factory=dict)
    odd: Mapping[str, int] = field(default_factory=dict)
    low: float | None = None
    high: float | None = None
    whole: bool = False
    days: tuple[str, str] | None = None
    date_formats: tuple[str, ...] = ()
    ambiguous: tuple[tuple[str, str], ...] = ()
    ambiguous_values: tuple[str, ...] = ()
    two_ways: tuple[str, ...] = ()
    n_percent: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    coded: frozenset[str] = frozenset()
    alike: tuple[tuple[str, ...], ...] = ()
    n_values: int | None = None

    @property
    def n(self) -> int:
        """Values that are filled in and mean something."""
        filled = sum(self.values.values()) if self.n_values is None else self.n_values
        return filled + sum(self.odd.values())

    @property
    def unique(self) -> bool:
        """Whether no value is there twice."""
        return self.n_distinct == self.n > 0

    @property
    def constant(self) -> bool:
        """Whether there is one value only."""
        return self.n_distinct == 1


def profile_table(table: FileTable, orders: Mapping[str, str] | None = None) -> tuple[ColumnProfile, ...]:
    """Return what the columns of a table are.

    Where one column proves whether the day or the month comes first, the other columns of the table are read alike.

    Parameters
    ----------
    table
        A table of a file.
    orders
        Day-first format -> the one that an answer chose.

    Examples
    --------
    >>> frame = pd.DataFrame({"No": ["007", "008"], "From": ["03/04/2025", "25/04/2025"], "NPRS": ["4", "n/a"]})
    >>> table = FileTable("june.csv", "", frame, np.array([2, 3]))
    >>> [(each.kind, dict(each.missing), each.date_formats) for each in profile_table(table)]
    [('identifier', {}, ()), ('date', {}, ('%d/%m/%Y',)), ('number', {'n/a': 1}, ())]
    """
    names = [str(name) for name in table.frame.columns]
    first = [_profile(table, name, {}) for name in names]
    known = {**_agreed(first), **(orders or {})}
    if not known:
        return tuple(first)
    return tuple(_profile(table, one.column, known) if one.ambiguous else one for one in first)


def _agreed(profiles: Sequence[ColumnProfile]) -> dict[str, str]:
    """Return day-first format -> the order that columns of the table prove, where none proves the other."""
    proven = {shape for one in profiles for shape in one.date_formats}
    day = any(shape in TURNED for shape in proven)
    month = any(shape in TURNED.values() for shape in proven)
    if day == month:
        return {}
    return {first: first if day else second for first, second in TURNED.items()}


def _profile(table: FileTable, name: str, known: Mapping[str, str]) -> ColumnProfile:
    column = table.frame[name]
    texts = code_texts(column)
    counts = texts.value_counts(sort=True)
    counted = {str(text): int(n) for text, n in sorted(counts.items(), key=lambda each: (-each[1], str(each[0])))}
    base = ColumnProfile(
        table.file, table.sheet, name, table.parts.get(name, (name,)), "empty", len(column),
        int(texts.isna().sum()), labels=table.labels.get(name, {}), coded=table.coded.get(name, frozenset()),
        n_percent=_n_of(column, Percent),
    )  # fmt: skip
    missing = {text: n for text, n in counted.items() if _is_missing(text, base)}
    left = {text: n for text, n in counted.items() if text not in missing}
    base = replace(base, missing=missing, values=_top(left), n_distinct=len(left), n_values=sum(left.values()))
    if not left:
        return base
    dates = _as_dates(column, base, left, known)
    if dates:
        return dates
    return _as_flag(base, left) or _as_number(base, left, table.decimal) or _as_words(base, left)


def _top(counted: Mapping[str, int]) -> dict[str, int]:
    return dict(list(counted.items())[:KEPT])


def _n_of(column: pd.Series, kind: type) -> int:
    return int(column.map(lambda cell: isinstance(cell, kind)).sum()) if column.dtype == object else 0


def _is_missing(text: str, base: ColumnProfile) -> bool:
    """Say whether a value means missing: a word for it, a code declared or labelled so."""
    label = base.labels.get(text)
    return value_key(text) in heads().missing or text in base.coded or (
        label is not None and value_key(label) in heads().missing
    )  # fmt: skip


def _as_dates(
    column: pd.Series, base: ColumnProfile, left: Mapping[str, int], known: Mapping[str, str]
) -> ColumnProfile | None:
    """Return the profile of a column of dates; None where most values are no dates."""
    typed, days = _typed_days(column)
    written = {text: n for text, n in left.items() if text not in typed}
    named = any(word in heads().date_words for word in head_key(base.column).split())
    if not _may_be_dates(written, compact=named):
        return None
    read = read_dates(written, known, compact=named)
    open_words = {text: n for text, n in written.items() if text in read.unread and _is_open(text)}
    odd = {text: n for text, n in written.items() if text in read.unread and text not in open_words}
    n_filled = sum(left.values()) - sum(open_words.values())
    if not n_filled or (n_filled - sum(odd.values())) < MOST * n_filled:
        return None
    values = {text: n for text, n in left.items() if text not in odd and text not in open_words}
    return replace(
        base,
        kind="date",
        values=_top(values),
        n_values=sum(values.values()),
        n_distinct=len(values) + len(odd),
        missing={**base.missing, **open_words},
        odd=odd,
        days=_span(days, read),
        date_formats=read.formats,
        ambiguous=read.ambiguous,
        ambiguous_values=read.examples,
    )


def _may_be_dates(written: Mapping[str, int], *, compact: bool) -> bool:
    """Say whether most of the first of very many different texts are dates: there are far fewer days than numbers."""
    if len(written) <= KEPT:
        return True
    sample = list(written)[:: len(written) // KEPT]
    return sum(bool(formats_of(text, compact)) for text in sample) >= MOST * len(sample)


def _is_open(text: str) -> bool:
    return value_key(text) in heads().missing_dates


def _typed_days(column: pd.Series) -> tuple[frozenset[str], list[str]]:
    """Return the texts of cells that are days by their type, and these days as ISO."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        cells = column.dropna()
    elif column.dtype == object:
        cells = column[column.map(lambda cell: hasattr(cell, "year") and not pd.isna(cell))]
    else:
        return frozenset(), []
    return frozenset(code_texts(cells).dropna()), [str(pd.Timestamp(cell).date()) for cell in cells.unique()]


def _span(days: Sequence[str], read: DateTexts) -> tuple[str, str] | None:
    every = [*days, *(day for day in (read.first, read.last) if day)]
    return (min(every), max(every)) if every else None


def _as_flag(base: ColumnProfile, left: Mapping[str, int]) -> ColumnProfile | None:
    """Return the profile of a column of yes and no, in words; 0 and 1 are numbers."""
    words = heads()
    labelled = [base.labels.get(text, text) for text in left]
    keys = {value_key(label) for label in labelled}
    if not keys <= words.yes | words.no or all(key.isdigit() for key in keys):
        return None
    return replace(base, kind="flag")


def _as_number(base: ColumnProfile, left: Mapping[str, int], decimal: str | None) -> ColumnProfile | None:
    """Return the profile of a column of numbers; None where most values are none, or codes have labels."""
    if sum(text in base.labels for text in left) >= MOST * len(left) or _identifier_like(left):
        return None
    texts = pd.Series(list(left), dtype="str")
    numbers, _ = parse_numbers(texts, decimal)
    odd = {text: left[text] for text in texts[np.isnan(numbers)]}
    n = sum(left.values())
    doubtful = _doubtful(texts, decimal)
    if n - sum(left[text] for text in odd if text not in doubtful) < MOST * n or np.isnan(numbers).all():
        return None
    read = numbers[~np.isnan(numbers)]
    values = {text: count for text, count in left.items() if text not in odd}
    return replace(
        base,
        kind="number",
        values=_top(values),
        n_values=sum(values.values()),
        odd={text: count for text, count in odd.items() if text not in doubtful},
        two_ways=doubtful,
        low=float(read.min()),
        high=float(read.max()),
        whole=bool((read == np.floor(read)).all()),
    )


def _doubtful(texts: pd.Series, decimal: str | None) -> tuple[str, ...]:
    """Return texts that are one number or another, where no decimal mark is proven."""
    if decimal:
        return ()
    hits = np.any([two_ways(texts, mark) for mark in DECIMALS], axis=0)
    return tuple(texts[hits])


def _identifier_like(left: Mapping[str, int]) -> bool:
    """Say whether digits begin with a zero, as those of no number do."""
    return any(text.isdigit() and len(text) > 1 and text.startswith("0") for text in left)


def _as_words(base: ColumnProfile, left: Mapping[str, int]) -> ColumnProfile:
    """Return the profile of words, codes with labels, identifiers."""
    n, zeros = sum(left.values()), _identifier_like(left)
    labelled = sum(text in base.labels for text in left) >= MOST * len(left)
    with_digits = sum(count for text, count in left.items() if any(map(str.isdigit, text)))
    kind: Kind = "text"
    if labelled or (len(left) <= FEW_LEVELS and 2 * len(left) <= n and not zeros):
        kind = "category"
    elif with_digits >= MOST * n and len(left) >= 0.2 * n and all(len(text) <= 40 for text in left):
        kind = "identifier"
    return replace(base, kind=kind, alike=_alike(left))


def _alike(left: Mapping[str, int]) -> tuple[tuple[str, ...], ...]:
    """Return the groups of values that differ in writing only; values of digits never do."""
    words = {text: n for text, n in left.items() if any(map(str.isalpha, text))}
    if len(words) > KEPT:
        return ()
    frame = pd.DataFrame({"within": "", "label": list(words), "n": list(words.values())})
    return tuple(tuple(label for label, _ in group) for group in alike(frame)) if words else ()


def yes_or_no(profile: ColumnProfile) -> bool:
    """Say whether a column holds yes and no, in words or as 1 and 0.

    Examples
    --------
    >>> yes_or_no(ColumnProfile("a.csv", "", "Sent", ("Sent",), "number", 3, 0, {"1": 2, "0": 1}, 2))
    True
    """
    return profile.kind == "flag" or (
        profile.kind == "number" and set(profile.values) <= {"0", "1"} and not profile.odd
    )
