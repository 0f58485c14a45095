"""What the plan says about single rows and values of a file: excluded rows, and corrections with their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coxa.cohort.mapping.cells import Correction, convert
from coxa.cohort.mapping.codes import Mask, code_texts
from coxa.cohort.mapping.columns import Origin, resolve
from coxa.cohort.mapping.missing import coded
from coxa.cohort.mapping.taken_out import take_out
from coxa.cohort.mapping.used_rows import used_rows
from coxa.cohort.measured import KIND
from coxa.errors import CoxaError, not_allowed
from coxa.findings import Finding
from coxa.study import Study
from coxa.study.source import Correction as Planned
from coxa.study.source import ExcludedRow, code_text

ItemColumns = Mapping[str, Mapping[str, str]]


class NoMatch(CoxaError):
    """A correction matches nothing; the message is the remedy."""


@dataclass(frozen=True, slots=True)
class Amended:
    """A file as the plan amends it for one table, and what was said on the way."""

    origin: Origin
    findings: tuple[Finding, ...]


def amend(origin: Origin, study: Study, items: ItemColumns) -> Amended:
    """Take out the rows that the table does not use and place every correction.

    Parameters
    ----------
    origin
        File, plan and contract, before anything was taken out.
    study
        The plan.
    items
        Item -> visit -> column of the file, where the items are side by side; the visit is "" where columns have none.
    """
    if study.data is None:
        return Amended(origin, ())
    rules = [rule for rule in study.data.exclude_rows if origin.table == rule.table or origin.file == rule.file]
    without, findings = _exclude(origin, rules)
    without, more = used_rows(without, study.data.drop_identical_rows)
    findings += more
    corrected: dict[str, tuple[Correction, ...]] = {}
    for planned in study.data.corrections:
        if planned.table != origin.table:
            continue
        try:
            column, rows = _place(without, planned, study.baseline_visit, items)
        except NoMatch as error:
            findings.append(_unmatched(planned, str(error)))
            continue
        corrected[column] = (*corrected.get(column, ()), Correction(rows, planned.to, planned.because))
        findings += _notes(without, planned, column, rows)
    return Amended(replace(without, corrected=corrected), tuple(findings))


def _exclude(origin: Origin, rules: list[ExcludedRow]) -> tuple[Origin, list[Finding]]:
    """Return the file without the excluded rows, with a note for each, or an error where there is no such row."""
    sheet = origin.raw.sheet
    findings: list[Finding] = []
    reasons: dict[int, str] = {}
    for rule in rules:
        place = str(rule.table or rule.file)
        if rule.row in sheet.source_row:
            reasons[rule.row] = f"excluded: {rule.because}"
            findings.append(Finding("note", place, "the plan excludes this row", rule.because, row=rule.row))
        else:
            span = f"rows {sheet.source_row.min()} to {sheet.source_row.max()}" if len(sheet.source_row) else "no rows"
            remedy = f"Correct its number, or remove it. The file has {span}."
            findings.append(
                Finding("error", place, "a row that the plan excludes is not in the file", remedy, row=rule.row)
            )
    if not reasons:
        return origin, findings
    reason = pd.Series(sheet.source_row).map(reasons).fillna("").to_numpy(dtype=object)
    return take_out(origin, reason), findings


def _place(origin: Origin, planned: Planned, baseline: str, items: ItemColumns) -> tuple[str, np.ndarray]:
    """Return the column and the rows of a correction."""
    named = resolve(origin).columns
    column, by_column = _column(origin, planned, named, baseline, items)
    if column not in origin.frame:
        raise NoMatch(f"the file has no column {column}")
    rows = np.ones(len(origin.frame), dtype=bool)
    for what, mask in _conditions(origin, planned, named, by_column):
        if not (rows & mask).any():
            raise NoMatch(f"no row has {what}")
        rows = rows & mask
    if planned.found is not None:
        found = code_texts(origin.frame[column])
        same = coded(origin.frame[column], (code_text(planned.found),), origin.marks)
        if not (rows & same).any():
            there = ", ".join(map(str, found[rows].fillna("nothing").unique()[:3]))
            raise NoMatch(f"the file has {there} there, not {planned.found}")
        rows = rows & same
    return column, np.flatnonzero(rows)


def _column(
    origin: Origin, planned: Planned, named: Mapping[str, str], baseline: str, items: ItemColumns
) -> tuple[str, bool]:
    """Return the column that a correction is about, and whether that column is of one outcome, item or visit."""
    source = origin.source
    if planned.field is not None:
        if planned.field == "assessment_date" and planned.visit in source.dates:
            return source.dates[planned.visit], True
        if planned.field in named:
            return named[planned.field], False
        raise NoMatch(not_allowed("field", planned.field, named))
    if planned.item is not None and items:
        columns = items.get(planned.item.lower())
        if columns is None:
            raise NoMatch(not_allowed("item", planned.item, items))
        if "" in columns or planned.visit in columns:
            return columns.get("") or columns[str(planned.visit)], "" not in columns
        raise NoMatch(not_allowed("visit", planned.visit, columns))
    where = source.outcomes.get(planned.outcome) if planned.outcome else None
    if isinstance(where, dict):
        if planned.visit in where:
            return where[planned.visit], True
        if planned.outcome not in source.baselines or planned.visit != baseline:
            raise NoMatch(not_allowed("visit", planned.visit, where))
    elif where is not None and not (planned.outcome in source.baselines and planned.visit == baseline):
        return where, False
    if planned.outcome in source.baselines:
        return source.baselines[planned.outcome], True
    if "value" in named and not source.outcomes:
        return named["value"], False
    raise NoMatch(not_allowed("outcome", planned.outcome or planned.item, [*source.outcomes, *source.baselines]))


def _conditions(
    origin: Origin, planned: Planned, named: Mapping[str, str], by_column: bool
) -> Iterator[tuple[str, Mask]]:
    """Yield what a row of the correction has, in words, and which rows have it."""
    person = code_text(planned.participant_id)
    if "participant_id" not in named:
        raise NoMatch("the file has no column of participants")
    yield f"participant_id {person}; quote it if it has leading zeros", _holds(origin, named, "participant_id", person)
    if planned.row is not None:
        yield f"number {planned.row}", origin.raw.sheet.source_row == planned.row
    if planned.visit is not None and not by_column:
        yield f"visit {planned.visit}", _holds(origin, named, "visit", planned.visit)
    kind = KIND.get(origin.table, "")
    word = planned.outcome or planned.item
    if word is not None and not by_column and kind in named:
        yield f"{kind} {word}", _holds(origin, named, kind, word.lower())


def _holds(origin: Origin, named: Mapping[str, str], field: str, word: str) -> Mask:
    if field in named:
        wanted = origin.agreed.fields[field]
        values = convert(origin.column(named[field], field), wanted, origin.source.values.get(field)).values
        return values.eq(word).fillna(False).to_numpy(dtype=bool)
    same = code_text(origin.source.constants.get(field, "")) == word
    return np.full(len(origin.frame), same)


def _target(planned: Planned) -> str:
    return str(planned.field or planned.outcome or planned.item)


def _notes(origin: Origin, planned: Planned, column: str, rows: np.ndarray) -> list[Finding]:
    found = code_texts(origin.frame[column]).fillna("nothing")
    to = "missing" if planned.to is None else planned.to
    name = _target(planned)
    field = name if column == name else f"{name} ({column})"
    return [
        Finding("note", planned.table, f"the plan corrects this value to {to}", planned.because,
                row=int(origin.raw.sheet.source_row[row]), participant_id=code_text(planned.participant_id),
                field=field, value=str(found.iloc[row]))
        for row in rows
    ]  # fmt: skip


def _unmatched(planned: Planned, why: str) -> Finding:
    return Finding(
        "error",
        planned.table,
        "the correction matches no value of the file",
        f"{why[:1].upper()}{why[1:]}{'' if why.endswith(('?', '.')) else '.'} Correct or remove the entry.",
        row=planned.row,
        participant_id=code_text(planned.participant_id),
        field=_target(planned),
        value=planned.visit,
    )
