"""The few words that DuckDB and PostgreSQL do not share, and what is built of them: numbers and days of a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from coxa.errors import OptionError

NUMBER = r"[+-]?([0-9]{1,30}[.]?[0-9]{0,30}|[.][0-9]{1,30})([eE][+-]?[0-9]{1,2})?"
"""A number as text; no number of a database is longer, and none of this form overflows."""

TWO_WAYS = r"[+-]?[1-9][0-9]{0,2}[.][0-9]{3}"
"""What is one number if the point marks decimals and another if it marks thousands (`coxa.cohort.number_text`)."""

OTHER = {".": ",", ",": "."}
MARKS = {".": "[.]", ",": "[,]", "'": "['']", " ": "[ ]"}
"""Mark in a number -> the pattern of it, in a text of SQL."""

TIME_OF_DAY = r"[T ][0-9]{1,2}:[0-9]{2}.*$"
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
PARTS = {
    "%Y": ("year", "([0-9]{4})"),
    "%y": ("short", "([0-9]{2})"),
    "%m": ("month", "([0-9]{1,2})"),
    "%d": ("day", "([0-9]{1,2})"),
    "%b": ("name", "([A-Za-z]{3})"),
    "%B": ("name", "([A-Za-z]{3})[a-z]*"),
}
"""Directive of a date format -> what it is, and the text that it fits."""

ISO = "%Y-%m-%d"

BLANKS = "chr(9), chr(10), chr(13), chr(32), chr(160)"


class Dialect(Protocol):
    """The words of a database."""

    def matches(self, text: str, pattern: str) -> str:
        """Return the condition that a text fits a pattern from end to end."""

    def part(self, text: str, pattern: str, group: int) -> str:
        """Return what a group of a pattern has of a text that fits it."""

    def trimmed(self, text: str) -> str:
        """Return a text without blanks around it."""

    def untidy(self, text: str) -> str:
        """Return the condition that a text begins or ends with a blank; to look costs less than to trim."""

    def finite(self, number: str) -> str:
        """Return the condition that a number is no infinity and not `NaN`."""

    def day(self, text: str, shape: str) -> str:
        """Return the day of a text under a format; nothing where it is none."""

    def mark_of(self, first: str, second: str) -> str:
        """Return a number that two pairs of texts seldom share, and that equal pairs always do."""


@dataclass(frozen=True, slots=True)
class DuckWords:
    """The words of DuckDB."""

    def matches(self, text: str, pattern: str) -> str:
        """Return the condition that a text fits a pattern."""
        return f"regexp_full_match({text}, '{pattern}')"

    def part(self, text: str, pattern: str, group: int) -> str:
        """Return what a group of a pattern has."""
        return f"regexp_extract({text}, '^{pattern}$', {group})"

    def trimmed(self, text: str) -> str:
        """Return a text without blanks around it."""
        return f"trim({text}, chr(9) || chr(10) || chr(13) || chr(32) || chr(160))"

    def untidy(self, text: str) -> str:
        """Return the condition that a text begins or ends with a blank."""
        return f"({text})[1] IN ({BLANKS}) OR ({text})[-1] IN ({BLANKS})"

    def finite(self, number: str) -> str:
        """Return the condition that a number is finite."""
        return f"isfinite(CAST({number} AS DOUBLE))"

    def day(self, text: str, shape: str) -> str:
        """Return the day of a text under a format."""
        pattern, _ = _pattern(shape)
        quoted = shape.replace("'", "''")
        return f"CASE WHEN {self.matches(text, pattern)} THEN CAST(try_strptime({text}, '{quoted}') AS DATE) END"

    def mark_of(self, first: str, second: str) -> str:
        """Return the hash of a pair."""
        return f"hash({first}, {second})"


@dataclass(frozen=True, slots=True)
class PostgresWords:
    """The words of PostgreSQL."""

    def matches(self, text: str, pattern: str) -> str:
        """Return the condition that a text fits a pattern."""
        return f"{text} ~ '^(?:{pattern})$'"

    def part(self, text: str, pattern: str, group: int) -> str:
        """Return what a group of a pattern has."""
        return f"(regexp_match({text}, '^{pattern}$'))[{group}]"

    def trimmed(self, text: str) -> str:
        """Return a text without blanks around it."""
        return f"btrim({text}, chr(9) || chr(10) || chr(13) || chr(32) || chr(160))"

    def untidy(self, text: str) -> str:
        """Return the condition that a text begins or ends with a blank."""
        return f"LEFT({text}, 1) IN ({BLANKS}) OR RIGHT({text}, 1) IN ({BLANKS})"

    def finite(self, number: str) -> str:
        """Return the condition that a number is finite."""
        return f"CAST({number} AS DOUBLE PRECISION) NOT IN ('NaN', 'Infinity', '-Infinity')"

    def day(self, text: str, shape: str) -> str:
        """Return the day of a text under a format, worked out of its parts: the server has no cast that may fail."""
        return _day(self, text, shape)

    def mark_of(self, first: str, second: str) -> str:
        """Return the hash of a pair."""
        return f"hashtextextended({first} || chr(31) || {second}, 0)"


def number_of(words: Dialect, text: str, decimal: str | None, thousands: str | None) -> str:
    """Return the number of a text; nothing where it is none, or one of two readings.

    Parameters
    ----------
    text
        An expression.
    decimal, thousands
        Marks that the plan names. Without any the point is the decimal mark, where it can be no other.
    """
    unread = words.matches(text, TWO_WAYS) if thousands is None and decimal != "." else "FALSE"
    decimal = decimal or OTHER.get(thousands or "", ".")
    plain = text
    if thousands is not None:
        grouped = rf"[+-]?[0-9]{{1,3}}({MARKS[thousands]}[0-9]{{3}})+({MARKS[decimal]}[0-9]+)?"
        mark = "''" if thousands == "'" else thousands
        plain = f"CASE WHEN {words.matches(text, grouped)} THEN REPLACE({text}, '{mark}', '') ELSE {text} END"
    if decimal == ",":
        plain = f"REPLACE({plain}, ',', '.')"
    return f"CAST(CASE WHEN NOT {unread} AND {words.matches(plain, NUMBER)} THEN {plain} END AS DOUBLE PRECISION)"


def day_of(words: Dialect, text: str, formats: Sequence[str]) -> str:
    """Return the day of a text; nothing where it is none, or two different days under the formats.

    A time of day may follow. Without formats the text is year-month-day.
    """
    plain = f"REGEXP_REPLACE({text}, '{TIME_OF_DAY}', '')"
    days = [words.day(plain, each) for each in formats or (ISO,)]
    if len(days) == 1:
        return days[0]
    first, last = (f"{end}({', '.join(days)})" for end in ("LEAST", "GREATEST"))
    return f"CASE WHEN {first} = {last} THEN {first} END"


def _day(words: Dialect, text: str, shape: str) -> str:
    """Return the day of a text under a format; no piece of it can fail, in whatever order it is worked out."""
    pattern, names = _pattern(shape)
    parts = {name: words.part(text, pattern, k) for k, name in enumerate(names, start=1)}
    numbers = {name: f"CAST(NULLIF({part}, '') AS INTEGER)" for name, part in parts.items()}
    year = numbers["year"] if "year" in parts else _century(numbers["short"])
    month = numbers["month"] if "month" in parts else _month(parts["name"])
    leap = f"({year} % 4 = 0 AND ({year} % 100 <> 0 OR {year} % 400 = 0))"
    last = f"CASE WHEN {month} IN (4, 6, 9, 11) THEN 30 WHEN {month} <> 2 THEN 31 WHEN {leap} THEN 29 ELSE 28 END"
    day = numbers["day"]
    made = f"make_date(GREATEST({year}, 1), GREATEST(LEAST({month}, 12), 1), GREATEST(LEAST({day}, {last}), 1))"
    possible = f"{year} >= 1 AND {month} BETWEEN 1 AND 12 AND {day} BETWEEN 1 AND {last}"
    return f"CASE WHEN {words.matches(text, pattern)} AND {possible} THEN {made} END"


def _century(year: str) -> str:
    return f"({year} + CASE WHEN {year} < 69 THEN 2000 ELSE 1900 END)"


def _month(name: str) -> str:
    numbers = " ".join(f"WHEN '{month}' THEN {k}" for k, month in enumerate(MONTHS, start=1))
    return f"(CASE LOWER({name}) {numbers} ELSE 0 END)"


def _pattern(shape: str) -> tuple[str, list[str]]:
    """Return the pattern of a date format and what its groups are.

    Raises
    ------
    OptionError
        The format has something other than year, month and day, each once.
    """
    names: list[str] = []
    pattern = ""
    for piece in re.findall(r"%-?.|.", shape):
        if piece.startswith("%"):
            name, text = PARTS.get(piece.replace("-", ""), ("", ""))
            names.append(name)
            pattern += text
        else:
            pattern += f"[{piece}]" if not piece.isalnum() and piece not in "'^]\\" else piece.replace("'", "''")
    kinds = sorted({"short": "year", "name": "month"}.get(name, name) for name in names)
    if kinds != ["day", "month", "year"]:
        raise OptionError(
            f'`date_format` is "{shape}", which is not read in a database. Use year, month and day, such as %d/%m/%Y, '
            "or make a date of the column in a `query`."
        )
    return pattern, names
