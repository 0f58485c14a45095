"""Which column of the file each field of a table comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from coxa.cohort.contracts import Contract
from coxa.cohort.mapping.cells import Column
from coxa.cohort.mapping.codes import code_texts, empty_cells
from coxa.cohort.readers.raw import RawFile
from coxa.errors import nearest
from coxa.findings import Finding
from coxa.study.source import MissingWhen, TableSource, code_text


@dataclass(frozen=True, slots=True)
class Origin:
    """A file with what the plan says about it for one table."""

    table: str
    raw: RawFile
    source: TableSource
    agreed: Contract
    missing: frozenset[str] = frozenset()
    ignore_unlisted: bool = False

    @property
    def frame(self) -> pd.DataFrame:
        """The values of the file."""
        return self.raw.sheet.frame

    @property
    def file(self) -> str:
        """Name of the file."""
        return self.raw.source.name

    def column(self, name: str) -> Column:
        """Return a column of the file with its labels, missing codes and declared missing values."""
        sheet = self.raw.sheet
        return Column(
            name,
            sheet.frame[name],
            labels=sheet.labels.get(name, {}),
            missing=self.missing | sheet.missing_codes.get(name, frozenset()),
            declared=declared_missing(sheet.frame, name, self.source.missing_when, self.missing),
            decimal=self.source.decimal or sheet.details.get("decimal"),
            date_format=self.source.date_format,
        )


@dataclass(frozen=True, slots=True)
class Resolved:
    """Field -> column of the file, and what was wrong with that."""

    columns: Mapping[str, str]
    findings: tuple[Finding, ...] = ()
    used: frozenset[str] = field(default_factory=frozenset)


def declared_missing(
    frame: pd.DataFrame, name: str, rules: Iterable[MissingWhen], missing: frozenset[str]
) -> pd.Series | None:
    """Return per row why the value of column `name` is no measurement; "" where nothing says so."""
    declared: pd.Series | None = None
    for rule in rules:
        if rule.column != name or not {name, *rule.when_missing} <= set(frame.columns):
            continue
        holds = code_texts(frame[name]).eq(code_text(rule.equals)).fillna(False).to_numpy(dtype=bool)
        for other in rule.when_missing:
            coded = code_texts(frame[other]).isin(list(missing)).to_numpy(dtype=bool)
            holds = holds & (empty_cells(frame[other]) | coded)
        told = pd.Series("", index=frame.index, dtype=object).mask(holds, rule.because)
        declared = told if declared is None else declared.mask(declared == "", told)
    return declared


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
    findings = [_unknown_field(origin, name) for name in named if name not in agreed.fields]
    for name, field_ in agreed.fields.items():
        if name in source.columns:
            if source.columns[name] in existing:
                columns[name] = source.columns[name]
            else:
                findings.append(missing_column(origin, source.columns[name], name))
        elif name in source.constants or name in reserved:
            continue
        elif name in existing:
            columns[name] = name
        elif field_.required or field_.source == "plan":
            findings.append(missing_column(origin, name, name))
    for rule in source.missing_when:
        absent = [column for column in (rule.column, *rule.when_missing) if column not in existing]
        findings += [missing_column(origin, column, "missing_when") for column in absent]
    return Resolved(columns, tuple(findings), frozenset(columns.values()))


def missing_column(origin: Origin, column: str, name: str) -> Finding:
    """Return the finding that the file lacks a column, with the columns that it has."""
    existing = [str(existing) for existing in origin.frame.columns]
    hint = nearest(column, existing)
    also = f"; did you mean {hint}?" if hint else "."
    return Finding(
        "error",
        origin.table,
        f"file {origin.file} has a column for {name}",
        f"its columns: {', '.join(existing)}{also} Name the right one under `columns: {{{name}: ...}}`",
        field=name,
        value=f"no column {column}",
    )


def _unknown_field(origin: Origin, name: str) -> Finding:
    allowed = list(origin.agreed.fields)
    hint = nearest(name, allowed)
    also = f"; did you mean {hint}?" if hint else "."
    return Finding(
        "error",
        origin.table,
        f"`{name}` is a field of table {origin.table}",
        f"fields: {', '.join(allowed)}{also}",
        field=name,
    )
