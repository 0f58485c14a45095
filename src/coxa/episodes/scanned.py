"""Rows that stay where they are, in Parquet or a database, as episodes or sessions: mapped in SQL, nothing unpacked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from coxa.cohort.cohort import SourceFile
from coxa.cohort.contracts import Contract
from coxa.cohort.dictionary import Field
from coxa.cohort.mapping.codes import parse_numbers
from coxa.cohort.mapping.columns import Resolved
from coxa.cohort.mapping.unreadable import date_remedy, number_remedy
from coxa.cohort.mapping.words import unmapped
from coxa.cohort.number_text import Marks
from coxa.episodes.columns import quoted
from coxa.episodes.dialects import Dialect
from coxa.episodes.episodes import Database
from coxa.episodes.faults import LISTED, account, several
from coxa.episodes.fields import for_audit, resolved
from coxa.episodes.reading import READING, Reading
from coxa.episodes.relation import Bound
from coxa.episodes.typed import WHOLE, Typed, Typing, all_empty, empty_value, kind_of
from coxa.findings import Finding
from coxa.study.audit.source import RowsSource
from coxa.study.source import Span, code_text

ROW = "coxa_row"
"""Number of a row, where the source numbers them; `coxa_copy` numbers those that are the same."""

CODES = 1000
"""So many of the cells that cannot be read are looked at for a remedy."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A relation under its own names.

    sql      : SELECT of its rows, with `coxa_row` where they are numbered
    kinds    : column -> text, whole, number, date, time, flag or other
    place    : what it is called in findings
    """

    database: Database
    words: Dialect
    sql: str
    kinds: Mapping[str, str]
    place: str
    source: SourceFile
    numbered: bool = True
    in_memory: bool = False


def read_scanned(raw: Raw, rows: RowsSource, agreed: Contract, columns: Mapping[str, str], bound: Bound) -> Reading:
    """Return the rows of a relation under coxa's names, what of them cannot be read, and the account.

    Parameters
    ----------
    bound
        Has the values of `raw.sql`, and gets those of the relation that is returned.
    """
    found = resolved(raw.kinds, raw.place, rows, agreed, columns)
    typing = Typing(rows, raw.kinds, raw.words, bound, _tidy(raw, found, bound))
    fields = {name: typing.column(where, agreed.fields[name]) for name, where in found.columns.items()}
    why, faults = _why(raw, typing, found)
    chosen = [
        f"{fields[name].value if name in fields else empty_value(wanted)} AS {quoted(name)}"
        for name, wanted in agreed.fields.items()
    ]
    number = ROW if raw.numbered else "NULL"
    inner = f"SELECT *, {why} AS coxa_why FROM ({_copies(raw, rows)}) AS raw"
    chosen.append(f"CAST({number} AS DOUBLE PRECISION) AS source_row")
    reading = Reading(
        raw.database, raw.words, f"SELECT {', '.join(chosen)}, coxa_why AS why FROM ({inner}) AS numbered",
        found.columns, raw.place, raw.source, bound, numbered=raw.numbered, in_memory=raw.in_memory,
    )  # fmt: skip
    disposition = account(reading.frame, READING, agreed.table, raw.place)
    used = f"SELECT * FROM ({inner}) AS numbered WHERE coxa_why IS NULL"
    if disposition.counts["entered"].equals(disposition.counts["kept"]):
        used = raw.sql
    unread = _unread(raw, used, fields, agreed, typing)
    typed = f"SELECT {', '.join(chosen)} FROM ({used}) AS used"
    findings = (*found.findings, *faults, *_none_used(disposition.counts, rows, agreed, raw), *for_audit(unread))
    source = replace(raw.source, n_rows=int(disposition.counts["entered"].iloc[0]))
    return replace(reading, relation=typed, findings=findings, disposition=disposition, source=source)


def _tidy(raw: Raw, found: Resolved, bound: Bound) -> frozenset[str]:
    """Return the columns of text that need no trimming, so that no later query does it."""
    texts = [name for name in found.used if raw.kinds[name] == "text"]
    if not texts:
        return frozenset()
    untidy = [_untidy(raw, name) for name in texts]
    sums = ", ".join(f"BOOL_OR({condition}) AS u{k}" for k, condition in enumerate(untidy))
    row = raw.database.frame(f"SELECT {sums} FROM ({raw.sql}) AS raw", bound.values).iloc[0]
    return frozenset(name for name, is_untidy in zip(texts, row, strict=True) if pd.isna(is_untidy) or not is_untidy)


def _untidy(raw: Raw, name: str) -> str:
    text = f"CAST({quoted(name)} AS VARCHAR)"
    return f"{raw.words.untidy(text)} OR {text} = ''"


def _copies(raw: Raw, rows: RowsSource) -> str:
    if not rows.drop_identical_rows:
        return raw.sql
    names = ", ".join(quoted(name) for name in raw.kinds)
    order = f"ORDER BY {ROW}" if raw.numbered else ""
    return f"SELECT *, ROW_NUMBER() OVER (PARTITION BY {names} {order}) AS coxa_copy FROM ({raw.sql}) AS raw"


def _why(raw: Raw, typing: Typing, found: Resolved) -> tuple[str, list[Finding]]:
    """Return the expression that says why a row is not used: "" where it is empty, nothing where it is used."""
    rows, bound = typing.rows, typing.bound
    cases = [(all_empty(typing, sorted(found.used)), "")]
    findings: list[Finding] = []
    if rows.exclude_rows and raw.numbered:
        numbers = ", ".join(bound.number(row) for row in rows.exclude_rows)
        cases.append((f"{ROW} IN ({numbers})", "excluded by the plan"))
    elif rows.exclude_rows:
        rule, remedy = (
            "the rows of a database have no numbers",
            "Name the rows by `where`, or leave them out in `query`.",
        )
        findings.append(Finding("error", raw.place, rule, remedy, field="exclude_rows"))
    if rows.drop_identical_rows:
        cases.append(("coxa_copy > 1", "identical to an earlier row"))
    for name, wanted in rows.where.items():
        if name not in raw.kinds:
            remedy = f"Choose one of its columns: {', '.join(raw.kinds)}."
            findings.append(Finding("error", raw.place, f"`where` names the column {name}, which is not there", remedy))
            continue
        condition, words = _condition(typing, name, wanted)
        cases.append((f"NOT COALESCE({condition}, FALSE)", f"where: {name} is not {words}"))
    cases_sql = " ".join(f"WHEN {condition} THEN {bound.text(reason)}" for condition, reason in cases)
    return f"CASE {cases_sql} END", findings


def _condition(typing: Typing, name: str, wanted: tuple[object, ...] | Span) -> tuple[str, str]:
    if isinstance(wanted, Span):
        dated = isinstance(wanted.low if wanted.low is not None else wanted.high, date)
        value = typing.column(name, Field("", "date" if dated else "number", "condition")).value
        bind = typing.bound.day if dated else typing.bound.number
        ends = [(">=", wanted.low), ("<=", wanted.high)]
        met = [f"{value} {sign} {bind(end)}" for sign, end in ends if end is not None]  # type: ignore[arg-type]
        return " AND ".join(met), wanted.in_words()
    codes = tuple(code_text(code) for code in wanted)
    shown = typing.shown(name)
    met = [f"{shown} IS NULL"] if "" in codes else []
    met += [typing.is_one_of(shown, tuple(code for code in codes if code))] if any(codes) else []
    return f"({' OR '.join(met)})", " or ".join(code or "empty" for code in codes)


def _none_used(counts: pd.DataFrame, rows: RowsSource, agreed: Contract, raw: Raw) -> Iterator[Finding]:
    """Yield an error where there is no row, or where no row is used."""
    entered, kept = int(counts["entered"].iloc[0]), int(counts["kept"].iloc[0])
    if kept:
        return
    if not entered:
        yield Finding(
            "error", agreed.table, f"{raw.place} has no rows", "Export the data again, or name another table."
        )
        return
    remedy = "Correct `where`." if rows.where else "Name its columns under `columns`."
    yield Finding("error", agreed.table, f"no row of {raw.place} is used", remedy, n_rows=entered)


def _unread(raw: Raw, used: str, fields: Mapping[str, Typed], agreed: Contract, typing: Typing) -> Iterator[Finding]:
    """Yield findings for the cells that cannot be read: counted in one pass, looked at where there are any."""
    doubtful = {name: one for name, one in fields.items()
                if kind_of(agreed.fields[name]) != "text" or agreed.fields[name].type == "category"}  # fmt: skip
    if not doubtful:
        return
    sums = ", ".join(f"COUNT(*) FILTER (WHERE {one.unread}) AS n{k}" for k, one in enumerate(doubtful.values()))
    counts = raw.database.frame(f"SELECT {sums} FROM ({used}) AS used", typing.bound.values).iloc[0]
    patient = fields["patient"].value if "patient" in fields else "NULL"
    number = ROW if raw.numbered else "NULL"
    for (name, one), n in zip(doubtful.items(), counts, strict=True):
        if not n:
            continue
        where = f"FROM ({used}) AS used WHERE {one.unread}"
        codes = raw.database.frame(
            f"SELECT {one.shown} AS value, COUNT(*) AS n {where} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {CODES}",
            typing.bound.values,
        )
        for group, rule, remedy in _kinds_of_fault(codes["value"], agreed.fields[name], typing, one.column):
            among = "" if group is None else f" AND {typing.is_one_of(one.shown, group)}"
            rows = raw.database.frame(
                f"SELECT {number} AS source_row, {patient} AS patient, {one.shown} AS value {where}{among} "
                f"ORDER BY 1, 2 LIMIT {LISTED}",
                typing.bound.values,
            )
            many = int(n) if group is None else int(codes.loc[codes["value"].isin(group), "n"].sum())
            field = name if one.column == name else f"{name} ({one.column})"
            yield from several(rows, many, severity="error", table=agreed.table, rule=rule, remedy=remedy, field=field)


Fault = tuple[tuple[str, ...] | None, str, str]
"""The values that share a fault, or None for all of them, with the rule and the remedy."""


def _kinds_of_fault(values: pd.Series, wanted: Field, typing: Typing, column: str) -> list[Fault]:
    """Return what is wrong with the cells of a column that cannot be read."""
    rows, kind = typing.rows, typing.kinds[column]
    if wanted.type == "category":
        codes = [str(value) for value in values[:LISTED]]
        return [((code,), *unmapped(wanted, code, rows.values.get(wanted.name), {})[:2]) for code in codes]
    if kind_of(wanted) == "flag":
        remedy = f"Write yes or no, 1 or 0, or map its codes: `values: {{{wanted.name}: ...}}` under `data`."
        return [(None, "the value is neither yes nor no", remedy)]
    if kind_of(wanted) == "date":
        return _date_faults(values, rows, kind)
    if kind == "flag":
        remedy = f"Name another column under `columns: {{{wanted.name}: ...}}`."
        return [(None, "the value is true or false, not a number", remedy)]
    if kind in WHOLE:
        rule = "the value is not a whole number" if wanted.type == "integer" else "the value is not a number"
        return [(None, rule, "Correct it at the source.")]
    return _number_faults(values, Marks(rows.decimal, rows.thousands))


def _date_faults(values: pd.Series, rows: RowsSource, kind: str) -> list[Fault]:
    if kind in WHOLE:
        return [(None, "the value is a number, not a date", "Make a date of the column in a `query`.")]
    worded = values.astype("str").str.contains(r"^\D*$")
    faults = [
        (part, "the value is not a date", date_remedy(part, rows.date_format or (), others_read=True))
        for part in (values[worded], values[~worded])
        if len(part)
    ]
    return _apart(faults)


def _number_faults(values: pd.Series, marks: Marks) -> list[Fault]:
    broken = np.isfinite(parse_numbers(values.astype("str"), marks.decimal, marks.thousands)[0])
    faults = [(values[~broken], "the value is not a number", number_remedy(values[~broken], marks)),
              (values[broken], "the value is not a whole number", "Correct the value.")]  # fmt: skip
    return _apart([fault for fault in faults if len(fault[0])])


def _apart(faults: list[tuple[pd.Series, str, str]]) -> list[Fault]:
    """Return each fault with its values; one that all values share is that of all rows."""
    if len(faults) == 1:
        return [(None, *faults[0][1:])]
    return [(tuple(map(str, values)), rule, remedy) for values, rule, remedy in faults]
