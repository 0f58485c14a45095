"""Which column of the file each field of a table comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

import pandas as pd

from coxa.cohort.contracts import Contract
from coxa.cohort.dictionary import Field
from coxa.cohort.mapping.answers import Answers
from coxa.cohort.mapping.cells import Column, Correction
from coxa.cohort.mapping.codes import Mask, code_texts
from coxa.cohort.mapping.missing import MissingCodes, declared_by_rule
from coxa.cohort.mapping.words import slip_of
from coxa.cohort.measured import STRUCTURE
from coxa.cohort.number_text import OTHER, Marks
from coxa.cohort.readers.raw import RawFile
from coxa.errors import nearest
from coxa.findings import Finding
from coxa.study.source import TableSource, code_text

AGE_FROM = ("birth_date", "randomisation_date")
"""The dates from which `age` is computed where the file has no column for it."""

COLUMNS_NAMED = 20
"""So many columns of a file are named where one is missing; of more, those whose names are most like its name."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A file with what the plan says about it for one table.

    missing   : the plan's missing codes of this table
    corrected : column of the file -> what the plan corrects in it
    excluded  : source_row, participant_id and reason of the rows that the plan excludes; they are not in `frame`
    read_in   : field -> (rows,) where it is read, for fields that the plan reads in some rows only
    answers   : outcome -> what its answers are as numbers
    """

    table: str
    raw: RawFile
    source: TableSource
    agreed: Contract
    missing: MissingCodes = field(default_factory=MissingCodes)
    corrected: Mapping[str, tuple[Correction, ...]] = field(default_factory=dict)
    excluded: pd.DataFrame = field(default_factory=pd.DataFrame)
    read_in: Mapping[str, Mask] = field(default_factory=dict)
    ignore_unlisted: bool = False
    answers: Mapping[str, Answers] = field(default_factory=dict)

    @property
    def frame(self) -> pd.DataFrame:
        """The values of the file."""
        return self.raw.sheet.frame

    @property
    def file(self) -> str:
        """Name of the file."""
        return self.raw.source.name

    @property
    def marks(self) -> Marks:
        """Marks of the file's numbers, where the plan names them or, for decimals, other numbers prove them."""
        proven = None if self.source.thousands in OTHER else self.raw.sheet.details.get("decimal")
        return Marks(self.source.decimal or proven, self.source.thousands)

    def values(self, name: str, field: str) -> pd.Series:
        """Return the cells of a column of the file, empty in the rows in which the plan does not read the field.

        A word that the plan declares missing (NA) is an empty cell in an identifier, an arm, a visit or a date.
        """
        values = self.raw.sheet.frame[name]
        words = self.missing.words_of(self.agreed, field) - self._known_words(field)
        if words:
            values = values.mask(code_texts(values).isin(words))
        return values.where(self.read_in[field]) if field in self.read_in else values

    def _known_words(self, field: str) -> frozenset[str]:
        """Return the words of a field that mean something else than missing: of its value map, and its levels."""
        mapped = map(code_text, self.source.values.get(field, {}))
        return frozenset(mapped) | frozenset(self.agreed.fields[field].levels if field in self.agreed.fields else ())

    def column(self, name: str, field: str, measured: str | None = None) -> Column:
        """Return a column of the file as what it is used for: a field, and what is measured there."""
        sheet = self.raw.sheet
        return Column(
            name,
            self.values(name, field),
            labels=sheet.labels.get(name, {}),
            missing=self.missing.of(self.agreed, field, measured) | sheet.missing_codes.get(name, frozenset()),
            declared=declared_by_rule(sheet.frame, name, self.source.missing_when, self._codes_by_column()),
            marks=self.marks,
            date_format=self.source.date_format,
            percent=self.source.percent,
            exact=sheet.exact.get(name),
            corrected=self.corrected.get(name, ()),
            answers=self.answers.get(measured or ""),
        )

    def _codes_by_column(self) -> dict[str, frozenset[str]]:
        """Return the missing codes of every column that a condition of the plan looks at."""
        source, sheet = self.source, self.raw.sheet
        used = [*source.columns.items(), *((name, where) for name, where in source.outcomes.items())]
        return {
            column: self.missing.everywhere.union(
                sheet.missing_codes.get(column, ()),
                *(
                    self.missing.of_name.get(name, ())
                    for name, where in used
                    if column in (where.values() if isinstance(where, dict) else (where,))
                ),
            )
            for rule in source.missing_when
            for column in rule.when_missing
        }


@dataclass(frozen=True, slots=True)
class Resolved:
    """Field -> column of the file, and what was wrong with that."""

    columns: Mapping[str, str]
    findings: tuple[Finding, ...] = ()
    used: frozenset[str] = field(default_factory=frozenset)


def resolve(origin: Origin, *, reserved: Iterable[str] = ()) -> Resolved:
    """Find the column of each field: the one the plan names, else the one with the field's own name.

    Parameters
    ----------
    origin
        File, plan and contract of the table.
    reserved
        Fields that the shape of the file gives (outcome, value, ...), which are not looked for.
    """
    source, agreed = origin.source, origin.agreed
    existing = list(origin.frame.columns)
    columns: dict[str, str] = {}
    named = dict.fromkeys((*source.columns, *source.constants, *source.values))
    mapped = {name for name in origin.answers if name in source.values}
    findings = [_unknown_field(origin, name) for name in named if name not in agreed.fields and name not in mapped]
    for name, field_ in agreed.fields.items():
        if name in source.columns:
            if source.columns[name] in existing:
                columns[name] = source.columns[name]
            else:
                findings.append(missing_column(origin, source.columns[name], name))
        elif name in constants_of(origin) or name in reserved:
            continue
        elif name in existing:
            if not (origin.ignore_unlisted and name not in named and _describes(origin.table, field_)):
                columns[name] = name
        elif field_.required or (field_.source == "plan" and not (name == "age" and age_is_known(origin))):
            findings.append(missing_column(origin, name, name))
    for rule in source.missing_when:
        absent = [column for column in (rule.column, *rule.when_missing) if column not in existing]
        findings += [missing_column(origin, column, rule.column, "missing_when") for column in absent]
    return Resolved(columns, tuple(findings), frozenset(columns.values()))


def constants_of(origin: Origin) -> dict[str, Any]:
    """Return what is the same in every row: as the plan says, and in a plan with one arm the arm of participants."""
    source, arm = origin.source, origin.agreed.fields.get("arm")
    given = dict(source.constants)
    silent = "arm" not in source.columns and "arm" not in origin.frame and "arm" not in source.values
    if origin.table == "participants" and arm is not None and len(arm.levels) == 1 and silent:
        given.setdefault("arm", next(iter(arm.levels)))
    return given


def _describes(table: str, wanted: Field) -> bool:
    """Say whether a field only describes a participant, so that the plan has a use for it only where it names it."""
    if table != "participants" or wanted.required or wanted.source == "plan" or wanted.name in STRUCTURE:
        return False
    return wanted.type in ("number", "category")


def age_is_known(origin: Origin) -> bool:
    """Say whether the file has the two dates from which an age is computed."""
    return all(origin.source.columns.get(name, name) in origin.frame for name in AGE_FROM)


def missing_column(origin: Origin, column: str, name: str, place: str | None = None) -> Finding:
    """Return the finding that the file lacks a column, with those that it has.

    `place` is where the plan names the column, where that is not `columns`.
    """
    existing = [str(existing) for existing in origin.frame.columns]
    hint = slip_of(column, [other for other in existing if other not in origin.source.named_columns()])
    also = f" Did you mean {hint}?" if hint else ""
    return Finding(
        "error",
        origin.table,
        f"file {origin.file} lacks the column for {name}",
        f"{_columns_of(existing, column)}.{also} Name the right one under `{place or f'columns: {{{name}: ...}}'}`"
        + (", or map birth_date and randomisation_date, from which it is computed." if name == "age" else "."),
        field=name,
        value=f"no column {column}",
    )


def _columns_of(existing: list[str], column: str) -> str:
    """Name the columns of a file; of many, those whose names are most like the one that is missing."""
    if len(existing) <= COLUMNS_NAMED:
        return f"Its columns: {', '.join(existing)}"
    alike = {other: SequenceMatcher(None, column.lower(), other.lower()).ratio() for other in existing}
    likest = sorted(existing, key=alike.__getitem__, reverse=True)[:COLUMNS_NAMED]
    return f"Of its {len(existing)} columns, the most like it: {', '.join(likest)}"


def _unknown_field(origin: Origin, name: str) -> Finding:
    allowed = list(origin.agreed.fields)
    hint = nearest(name, allowed)
    also = f" Did you mean {hint}?" if hint else ""
    return Finding(
        "error",
        origin.table,
        f"`{name}` is not a field of table {origin.table}",
        f"Choose one of {', '.join(allowed)}.{also}",
        field=name,
    )
