"""Read the item responses of one instrument from one file, without a plan."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from coxa.cohort.dictionary import Field
from coxa.cohort.mapping.cells import Column, convert
from coxa.cohort.mapping.codes import Mask
from coxa.cohort.mapping.missing import coded
from coxa.cohort.number_text import COMMA_NUMBER, Marks
from coxa.cohort.readers.raw import Percent, ReadOptions, Sheet
from coxa.cohort.readers.registry import read_raw
from coxa.errors import DataError, choose
from coxa.findings import Finding, Findings
from coxa.instruments import items_from_wide
from coxa.instruments.wide import find_item_columns
from coxa.study.source import code_text

ONE_VISIT = "only"
DATE = "assessment_date"
IDENTIFIER = Field("participant_id", "id", "Participant")
KEYS = {"participant": "participant_id", "visit": "visit"}


@dataclass(frozen=True, slots=True)
class FileItems:
    """A long item table (participant_id, visit, item, value, source_row), and what was noticed on the way."""

    table: pd.DataFrame
    findings: Findings


def read_items(
    path: Path,
    instrument: str,
    prefix: str | None = None,
    participant: str | None = None,
    visit: str | None = None,
    missing: tuple[str, ...] = (),
    options: ReadOptions | None = None,
) -> FileItems:
    """Return the item responses of a file as a long table.

    Parameters
    ----------
    path
        File of any known format, with one column per item, or with columns `item` and `value`.
    instrument, prefix
        Instrument, and what stands before the item code in the names of its columns; found if not given.
    participant, visit
        Names of those columns, `participant_id` and `visit` if not given. A file without a visit column is of
        one visit, called "only".
    missing
        Codes that mean missing, with those that the file itself declares (SPSS, Stata, SAS).
    options
        Sheet, header row and limit of the file, where they are not the usual ones.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    DataError
        If the file cannot be read, has no participant column or no items, or has several rows per participant
        and no visit column, or answers of several dates (column `assessment_date`) at one visit.
    """
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "no such file", str(path))
    result = read_raw(path, options)
    errors = Findings(tuple(result.findings)).errors
    if result.raw is None or errors:
        raise DataError(f"{path.name} cannot be read", errors)
    sheet = result.raw.sheet
    people, visits = _key(path, sheet.frame, "participant", participant), _key(path, sheet.frame, "visit", visit)
    frame = sheet.frame
    keys = pd.DataFrame({"participant_id": _identifiers(path, sheet, str(people))})
    keys["source_row"] = sheet.source_row
    keys["visit"] = frame[visits].map(code_text, na_action="ignore") if visits else ONE_VISIT
    _one_form(path, frame, keys)
    decimal = sheet.details.get("decimal")
    answers = frame.drop(columns=[people, *([visits] if visits else [])])
    declared = {
        name: coded(answers[name], {*missing, *sheet.missing_codes.get(name, ())}, Marks(decimal))
        for name in map(str, answers.columns)
    }
    answers = answers.mask(pd.DataFrame(declared, index=answers.index))
    answers = answers.map(lambda cell: _answer(cell, decimal), na_action="ignore")
    if {"item", "value"} <= set(answers.columns):
        long = keys.join(answers[["item", "value"]])
        _one_visit(path, long, visits, ["participant_id", "item"])
        notes = _declared_missing(path, sheet, declared, ["value"])
        return FileItems(long[["participant_id", "visit", "item", "value", "source_row"]], Findings.of(notes))
    _one_visit(path, keys, visits, ["participant_id"])
    table = keys.join(answers.drop(columns=keys.columns, errors="ignore"))
    found = find_item_columns([str(name) for name in table.columns if name not in keys], instrument, prefix)
    long = items_from_wide(table, instrument, prefix=found.prefix if prefix is None else prefix)
    return FileItems(
        long, found.findings + Findings.of(_declared_missing(path, sheet, declared, found.columns.values()))
    )


def _key(path: Path, frame: pd.DataFrame, key: str, named: str | None) -> str | None:
    """Return the column of a key: the one named, or the one with coxa's name if it is there."""
    column = named or KEYS[key]
    if column in frame:
        return column
    if named is None and key == "visit":
        return None
    rule = f"--{key} names no column of the file" if named else "no column identifies the participant"
    remedy = choose(column, map(str, frame.columns))
    if named is None:
        remedy = f"Name it with --{key}. {remedy}"
    raise DataError(
        f"{path.name} cannot be scored", Findings((Finding("error", path.name, rule, remedy, field=column),))
    )


def _one_visit(path: Path, table: pd.DataFrame, visits: str | None, unique: list[str]) -> None:
    """Raise `DataError` where a file without visits has several rows of one participant."""
    repeated = table["participant_id"].notna() & table.duplicated(unique)
    if visits or not repeated.any():
        return
    again = table[repeated].iloc[0]
    same = table[(table[unique] == again[unique]).all(axis=1)]
    rows = " and ".join(str(row) for row in same["source_row"].head(2))
    finding = Finding(
        "error",
        path.name,
        f"several rows per participant (rows {rows} are of one)",
        "Name the visit column with --visit.",
        row=int(again["source_row"]),
        participant_id=str(again["participant_id"]),
        n_rows=int(repeated.sum()),
    )
    raise DataError(f"{path.name} cannot be scored", Findings((finding,)))


def _one_form(path: Path, frame: pd.DataFrame, keys: pd.DataFrame) -> None:
    """Raise `DataError` where a participant has answers of several dates at one visit: they are several forms."""
    if DATE not in frame:
        return
    dated = keys.assign(day=frame[DATE].map(code_text, na_action="ignore"))
    days = dated.groupby(["participant_id", "visit"], sort=False)["day"]
    mixed = dated[days.transform("nunique") > 1]
    if mixed.empty:
        return
    first = mixed.iloc[0]
    listed = days.get_group((first["participant_id"], first["visit"])).dropna().unique()
    finding = Finding(
        "error",
        path.name,
        "the answers of one visit are of several dates",
        f"Correct them, or score each form by its date with `--visit {DATE}`.",
        row=int(first["source_row"]),
        participant_id=str(first["participant_id"]),
        field=DATE,
        value=" and ".join(map(str, listed[:3])),
        n_rows=len(mixed),
        rows=tuple(mixed["source_row"].astype(int)),
    )
    raise DataError(f"{path.name} cannot be scored", Findings((finding,)))


def _identifiers(path: Path, sheet: Sheet, column: str) -> pd.Series:
    """Return the participants' identifiers as text; raise `DataError` where their digits are lost."""
    cells = convert(Column(column, sheet.frame[column], exact=sheet.exact.get(column)), IDENTIFIER)
    if cells.problems:
        findings = [
            Finding(
                "error", path.name, problem.rule, problem.remedy, int(sheet.source_row[problem.rows[0]]), field=column
            )
            for problem in cells.problems
        ]
        raise DataError(f"{path.name} cannot be scored", Findings.of(findings))
    return cells.values


def _declared_missing(
    path: Path, sheet: Sheet, declared: Mapping[str, Mask], columns: Iterable[str]
) -> Iterator[Finding]:
    """Yield a note on the answers that have a code which the file declares missing."""
    hit = {
        name: int(declared[name].sum()) for name in columns if sheet.missing_codes.get(name) and declared[name].any()
    }
    if hit:
        codes = sorted({code for name in hit for code in sheet.missing_codes[name]})
        rule = f"{sum(hit.values())} answers have a code that the file declares missing, and are left out"
        yield Finding("note", path.name, rule, "Nothing needs to be done.", value=", ".join(codes))


def _answer(cell: object, decimal: str | None) -> object:
    """Return a cell as it is scored: a decimal comma is a point, and what is shown as a percentage keeps its sign.

    No item has answers of a thousand or more, so that a comma or a point marks decimals.
    """
    text = f"{100 * cell:g}%" if isinstance(cell, Percent) else code_text(cell)
    if text == "":
        return None
    return text.replace(",", ".") if decimal != "." and re.fullmatch(COMMA_NUMBER, text) else text
