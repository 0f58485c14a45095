"""Columns of a relation as fields, in SQL: codes mapped, missing codes emptied, and what cannot be read told apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from coxa.cohort.dictionary import Field
from coxa.cohort.mapping.codes import NO, YES
from coxa.cohort.mapping.missing import is_word
from coxa.cohort.mapping.words import known_words
from coxa.episodes.columns import SQL_TYPES, quoted
from coxa.episodes.dialects import Dialect, day_of, number_of
from coxa.episodes.fields import IDS
from coxa.episodes.relation import Bound
from coxa.study.audit.source import RowsSource
from coxa.study.source import code_text

KIND_OF = {"id": "text", "text": "text", "category": "text", "boolean": "flag", "date": "date"}
"""Type of a field -> kind of its column; the others are numbers."""

WHOLE = ("whole", "number")
"""Kinds of columns of a source that hold numbers."""

EXACT = 10**15


def kind_of(wanted: Field) -> str:
    """Return the kind of a field's column: text, date, number or flag."""
    return KIND_OF.get(wanted.type, "number")


@dataclass(frozen=True, slots=True)
class Typed:
    """A field in SQL.

    value  : expression of its value, empty where the cell is, is declared missing, or cannot be read
    filled : condition that the cell holds something that is not declared missing
    shown  : expression of the cell as text
    column : column of the source
    """

    value: str
    filled: str
    shown: str
    column: str

    @property
    def unread(self) -> str:
        """The condition that the cell holds something that cannot be read."""
        return f"(({self.filled}) AND ({self.value}) IS NULL)"


@dataclass(frozen=True, slots=True)
class Typing:
    """What turns the columns of a relation into fields.

    rows  : what the plan says about the source
    kinds : column of the source -> text, whole, number, date, time, flag or other
    tidy  : columns of text in which no cell has blanks around it, or is blank
    """

    rows: RowsSource
    kinds: Mapping[str, str]
    words: Dialect
    bound: Bound = field(default_factory=Bound)
    tidy: frozenset[str] = frozenset()

    def column(self, name: str, wanted: Field) -> Typed:
        """Return a column of the source as a field."""
        kind, cell = self.kinds[name], quoted(name)
        shown = self.shown(name)
        code = self._without_missing(shown, wanted)
        words = self.rows.values.get(wanted.name)
        if wanted.type == "category":
            return Typed(self._case(code, known_words({}, wanted, words) or {}), f"{code} IS NOT NULL", shown, name)
        if not words and (plain := self._plain(kind, cell, wanted)):
            value = plain if code == shown else f"CASE WHEN {code} IS NOT NULL THEN {plain} END"
            filled = f"{cell} IS NOT NULL" if code == shown else f"{code} IS NOT NULL"
            return Typed(value, filled, shown, name)
        mapped = {code_text(key): code_text(word) for key, word in (words or {}).items()}
        text = self._case(code, mapped, otherwise=code) if mapped else code
        return Typed(self._of_text(text, kind, wanted), f"{code} IS NOT NULL", shown, name)

    def shown(self, name: str) -> str:
        """Return a cell as the text of its code: 1 for 1.0, a day as year-month-day; nothing where it is blank."""
        cell = quoted(name)
        text = f"CAST({cell} AS VARCHAR)"
        if name in self.tidy:
            return text
        midnight = f"{cell} = date_trunc('day', {cell})"
        whole = f"{cell} = FLOOR({cell}) AND ABS({cell}) < {EXACT}"
        return {
            "whole": text,
            "date": text,
            "number": f"CASE WHEN {whole} THEN CAST(CAST({cell} AS BIGINT) AS VARCHAR) ELSE {text} END",
            "time": f"CASE WHEN {midnight} THEN CAST(CAST({cell} AS DATE) AS VARCHAR) ELSE {text} END",
            "flag": f"CASE WHEN {cell} THEN 'True' WHEN NOT {cell} THEN 'False' END",
        }.get(self.kinds[name], f"NULLIF({self.words.trimmed(text)}, '')")

    def is_one_of(self, text: str, codes: tuple[str, ...]) -> str:
        """Return the condition that a text is one of some codes."""
        return f"{text} IN ({', '.join(self.bound.text(code) for code in codes)})"

    def _plain(self, kind: str, cell: str, wanted: Field) -> str | None:
        """Return a column that has the field's kind already, or None; a cell that is no number is empty."""
        if kind_of(wanted) == "number" and kind in WHOLE:
            number = f"CAST({cell} AS DOUBLE PRECISION)"
            limits = [self.words.finite(cell)] if kind == "number" else []
            limits += [f"{cell} = FLOOR({cell})"] if wanted.type == "integer" and kind == "number" else []
            return f"CASE WHEN {' AND '.join(limits)} THEN {number} END" if limits else number
        if kind_of(wanted) == "date" and kind in ("date", "time"):
            return f"CAST({cell} AS DATE)"
        return cell if kind_of(wanted) == "flag" and kind == "flag" else None

    def _of_text(self, text: str, kind: str, wanted: Field) -> str:
        """Return the field of a text; nothing where a number stands in a date, or a truth value in a number."""
        target = kind_of(wanted)
        if target == "text":
            return text
        if target == "flag":
            yes, no = (", ".join(f"'{word}'" for word in words) for words in (YES, NO))
            return f"CASE WHEN LOWER({text}) IN ({yes}) THEN TRUE WHEN LOWER({text}) IN ({no}) THEN FALSE END"
        if target == "date":
            formats = self.rows.date_format or () if kind == "text" else ()
            return "CAST(NULL AS DATE)" if kind in WHOLE else day_of(self.words, text, formats)
        marks = (self.rows.decimal, self.rows.thousands) if kind == "text" else (".", None)
        number = number_of(self.words, text, *marks)
        return f"CASE WHEN {number} = FLOOR({number}) THEN {number} END" if wanted.type == "integer" else number

    def _without_missing(self, text: str, wanted: Field) -> str:
        codes = tuple(dict.fromkeys(map(code_text, self.rows.missing)))
        if wanted.name in IDS or wanted.type == "date":
            mapped = set(map(code_text, self.rows.values.get(wanted.name, ())))
            codes = tuple(code for code in codes if is_word(code) and code not in mapped)
        return f"CASE WHEN NOT {self.is_one_of(text, codes)} THEN {text} END" if codes else text

    def _case(self, text: str, words: Mapping[str, str], otherwise: str = "NULL") -> str:
        if not words:
            return f"CAST({otherwise} AS VARCHAR)"
        cases = " ".join(f"WHEN {self.bound.text(key)} THEN {self.bound.text(word)}" for key, word in words.items())
        return f"CASE {text} {cases} ELSE {otherwise} END"


def empty_value(wanted: Field) -> str:
    """Return the value of a field that a source does not have."""
    return f"CAST(NULL AS {SQL_TYPES[kind_of(wanted)]})"


def all_empty(typing: Typing, names: list[str]) -> str:
    """Return the condition that a row has nothing in any of some columns of the source."""
    cells = [typing.shown(name) if typing.kinds[name] in ("text", "other") else quoted(name) for name in names]
    return " AND ".join(f"{cell} IS NULL" for cell in cells) or "FALSE"
