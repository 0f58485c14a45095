"""The tables of a study among the tables of files: who is in them, and what a row is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import pandas as pd

from coxa.cohort.dictionary import load_table
from coxa.cohort.mapping.codes import code_texts
from coxa.importing.profile import ColumnProfile
from coxa.importing.study.times import TimedColumn, timed_columns
from coxa.importing.tables import FileTable
from coxa.importing.words import head_key, head_keys
from coxa.packaged import packaged_yaml

EVENTS = (
    "adverse_events",
    "treatment_sessions",
    "intercurrent_events",
    "co_interventions",
    "screening",
    "daily_diary",
    "exercise_log",
    "clinical_measures",
    "goals",
    "return_to_sport",
    "sport_training",
    "red_flag_screening",
)
"""Tables that are known by their columns."""

NEARLY_ALL = 0.95

CHECKBOX = re.compile(r"(.+)___(.+)|(.+?) \(choice=(.+)\)")
"""Columns of REDCap that hold one choice of a field: `comorb___1`, and in an export with labels."""


def is_checkbox(column: str) -> tuple[str, str] | None:
    """Return field, or its label, and choice of a checkbox of REDCap; None where a column is none.

    Examples
    --------
    >>> is_checkbox("comorb___1"), is_checkbox("Comorbidity (choice=Asthma)"), is_checkbox("age")
    (('comorb', '1'), ('Comorbidity', 'Asthma'), None)
    """
    match = CHECKBOX.fullmatch(column)
    return None if match is None else (match[1] or match[3], match[2] or match[4])


@dataclass(frozen=True, slots=True, eq=False)
class StudyTable:
    """A table of a file, as a study sees it.

    key    : column that identifies participants, None where there is none
    unique : whether a participant has one row, apart from rows that are there twice
    timed  : column -> its name without the time, where it has one
    where  : conditions under which rows of the file are rows of this table
    """

    file: FileTable
    profiles: Mapping[str, ColumnProfile]
    timed: Mapping[str, TimedColumn]
    key: str | None
    unique: bool
    where: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """Names of the columns that hold something, in the order of the file."""
        return [name for name, profile in self.profiles.items() if profile.kind != "empty"]

    def ids(self) -> pd.Series:
        """Return the participant of each row, as text."""
        return code_texts(self.file.frame[self.key])

    def constant(self, column: str) -> bool:
        """Return whether a column has one value for each participant on all rows that have one."""
        if self.unique or self.key is None:
            return True
        cells = code_texts(self.file.frame[column])
        there = cells.notna()
        return bool((cells[there].groupby(self.ids()[there]).nunique() <= 1).all())


@cache
def field_heads(table: str) -> Mapping[str, str]:
    """Return head of a column -> field of a table of the data dictionary.

    Examples
    --------
    >>> field_heads("participants")["usubjid"], field_heads("adverse_events")["aeterm"]
    ('participant_id', 'term')
    """
    words = packaged_yaml("coxa.importing.study", "words.yaml").get(table, {}).get("fields", {})
    found = {head_key(name): name for name in load_table(table).fields}
    for name, heads in words.items():
        for head in heads:
            found.setdefault(head_key(head), name)
    return found


@cache
def telling(table: str) -> tuple[tuple[str, ...], ...]:
    """Return groups of fields; a file of the table has one field of each group."""
    words = packaged_yaml("coxa.importing.study", "words.yaml").get(table, {})
    return tuple(tuple(group) for group in words.get("telling", ()))


def field_of(table: str, column: str) -> str | None:
    """Return the field that the head of a column names, None where it names none."""
    heads = field_heads(table)
    return next((heads[key] for key in head_keys(column) if key in heads), None)


def fields_of(table: str, columns: Sequence[str]) -> dict[str, str]:
    """Return field -> column, for the columns whose heads name fields; the first where several do."""
    found: dict[str, str] = {}
    exact = {head_key(name) for name in load_table(table).fields}
    for column in sorted(columns, key=lambda name: head_key(name) not in exact):
        name = field_of(table, column)
        if name is not None:
            found.setdefault(name, column)
    return found


def study_table(
    file: FileTable, profiles: Sequence[ColumnProfile], key: str | None = None, where: Mapping[str, str] | None = None
) -> StudyTable:
    """Return a table with its profiles, its times, and the column that identifies participants, found by its name."""
    return keyed_table(file, profiles, key or participant_column({one.column: one for one in profiles}), where)


def keyed_table(
    file: FileTable, profiles: Sequence[ColumnProfile], key: str | None, where: Mapping[str, str] | None = None
) -> StudyTable:
    """Return a table with its profiles and its times; no column identifies participants where none is named."""
    by_name = {profile.column: profile for profile in profiles}
    timed = timed_columns([name for name in by_name if name != key and not is_checkbox(name)])
    return StudyTable(file, by_name, timed, key, _unique(file, key), where or {})


def participant_column(profiles: Mapping[str, ColumnProfile]) -> str | None:
    """Return the column whose head names an identifier of participants, the clearest where several do."""
    heads = list(field_heads("participants").items())
    ranks = {head: k for k, (head, name) in enumerate(heads) if name == "participant_id"}
    found = [
        (min(ranks[key] for key in head_keys(name) if key in ranks), name)
        for name, profile in profiles.items()
        if any(key in ranks for key in head_keys(name)) and profile.kind not in ("empty", "date", "flag")
    ]
    return min(found)[1] if found else None


def _unique(file: FileTable, key: str | None) -> bool:
    if key is None:
        return False
    rows = file.frame.drop_duplicates()
    ids = code_texts(rows[key]).dropna()
    return bool(len(ids)) and ids.nunique() >= NEARLY_ALL * len(ids)


def kind_of(table: StudyTable) -> str | None:
    """Return the table of the data dictionary that a file with a row per event is, None where it is none of them."""
    if table.key is None and field_of_any("screening", table) is None:
        return None
    best = max(_scores(table), default=(0, ""))
    return best[1] or None


def field_of_any(table: str, of: StudyTable) -> str | None:
    """Return the first column that is the key of a table."""
    key = load_table(table).key[0]
    return fields_of(table, of.columns).get(key)


def _scores(table: StudyTable) -> Iterator[tuple[int, str]]:
    people = fields_of("participants", table.columns)
    if "arm" in people and table.unique:
        return
    for name in EVENTS:
        fields = fields_of(name, table.columns)
        if all(any(each in fields for each in group) for group in telling(name)):
            yield len(fields), name
