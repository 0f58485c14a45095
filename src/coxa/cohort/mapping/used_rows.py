"""Which rows of a file a table uses: without repeated rows, and only those that the plan asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.cohort.dictionary import Field
from coxa.cohort.mapping.cells import Column, convert
from coxa.cohort.mapping.codes import Mask, code_texts, empty_cells
from coxa.cohort.mapping.columns import Origin, missing_column
from coxa.cohort.mapping.taken_out import take_out
from coxa.cohort.measured import in_short
from coxa.cohort.row_findings import row_findings
from coxa.errors import choose
from coxa.findings import Finding
from coxa.study.source import Code, Span, code_text

SHOWN = 8


def used_rows(origin: Origin, drop_identical: bool) -> tuple[Origin, list[Finding]]:
    """Return the file with the rows that its table uses, and what is to be said of it.

    Parameters
    ----------
    origin
        File, plan and contract. Each row that is taken out is a line of the account, with its reason.
    drop_identical
        The plan's word for all tables; that of the table itself goes before it.
    """
    findings: list[Finding] = []
    own = origin.source.drop_identical_rows
    if drop_identical if own is None else own:
        origin, findings = _without_identical(origin)
    if origin.source.where:
        origin, more = _where(origin)
        findings += more
    origin, more = _column_conditions(origin)
    return origin, [*findings, *more]


def _without_identical(origin: Origin) -> tuple[Origin, list[Finding]]:
    frame = origin.frame
    empty = np.all([empty_cells(frame[name]) for name in frame.columns], axis=0)
    repeated = frame.astype(object).duplicated().to_numpy() & ~empty
    if not repeated.any():
        return origin, []
    note = Finding(
        "note",
        origin.file,  # tables of one file say it once
        "rows that are the same in every column are used once, as the plan asks",
        "Take `drop_identical_rows` out of the plan if they are records of their own.",
        row=int(origin.raw.sheet.source_row[repeated][0]),
        n_rows=int(repeated.sum()),
        rows=tuple(map(int, origin.raw.sheet.source_row[repeated])),
    )
    return take_out(origin, np.where(repeated, "identical to an earlier row", "").astype(object)), [note]


def _where(origin: Origin) -> tuple[Origin, list[Finding]]:
    """Take out the rows that do not meet every condition; the first that fails is the reason."""
    reason, findings = _unmet(origin, origin.source.where, "where")
    if len(reason) and (reason != "").all():
        findings.append(
            Finding(
                "error",
                origin.table,
                f"no row of {origin.file} meets the conditions of the table",
                "Correct `where`. The other findings have the codes of the columns.",
                field="where",
                value=str(reason[0]),
                n_rows=len(reason),
            )
        )
    return take_out(origin, reason), findings


def _unmet(
    origin: Origin, conditions: Mapping[str, tuple[Code, ...] | Span], key: str
) -> tuple[NDArray[np.object_], list[Finding]]:
    """Return per row the first condition that it does not meet, "" where it meets all; `key` is where they are."""
    reason = np.full(len(origin.frame), "", dtype=object)
    findings: list[Finding] = []
    for name, wanted in conditions.items():
        if name not in origin.frame:
            findings.append(missing_column(origin, name, "a condition of the table", f"{key}: {{{name}: ...}}"))
            continue
        if isinstance(wanted, Span):
            met, unreadable = _within(origin, name, wanted, key)
            findings += unreadable
            words = wanted.in_words()
        else:
            met = _is_one_of(origin, name, wanted)
            words = _listed(wanted)
            findings += _never(origin, name, wanted, key)
        reason[~met & (reason == "")] = f"{key}: {name} is not {words}"
    return reason, findings


def _column_conditions(origin: Origin) -> tuple[Origin, list[Finding]]:
    """Return the file with the rows in which each column is read (`columns_where`), and what is to be said of it."""
    findings: list[Finding] = []
    read_in: dict[str, Mask] = {}
    for field, conditions in origin.source.columns_where.items():
        column = origin.source.columns.get(field, field)
        if field not in origin.agreed.fields or column not in origin.frame:
            allowed = [name for name in origin.agreed.fields if origin.source.columns.get(name, name) in origin.frame]
            remedy = choose(field, allowed)
            rule = f"`columns_where` names a column of {origin.table} that the file does not have"
            findings.append(Finding("error", origin.table, rule, remedy, field="columns_where"))
            continue
        reason, more = _unmet(origin, conditions, f"columns_where: {field}")
        read_in[field] = reason == ""
        findings += more
    return replace(origin, read_in=read_in), findings


def _is_one_of(origin: Origin, name: str, codes: tuple[Code, ...]) -> Mask:
    """Return which cells have one of the codes, or a code whose label is one; "" is an empty cell."""
    wanted = {code_text(code) for code in codes}
    texts = code_texts(origin.frame[name])
    labels = origin.raw.sheet.labels.get(name, {})
    met = texts.isin(wanted) | texts.map(labels).isin(wanted)
    return met.to_numpy(dtype=bool) | (empty_cells(origin.frame[name]) & ("" in wanted))


def _within(origin: Origin, name: str, span: Span, key: str) -> tuple[Mask, list[Finding]]:
    """Return which cells are in a range, and an error for cells that are neither empty nor a number or date."""
    dated = isinstance(span.low if span.low is not None else span.high, date)
    column = Column(
        name, origin.frame[name], marks=origin.marks, date_format=origin.source.date_format,
        percent=origin.source.percent,
    )  # fmt: skip
    cells = convert(column, Field(name, "date" if dated else "number", "condition of the table"))
    met = pd.Series(True, index=origin.frame.index)
    for end, low in ((span.low, True), (span.high, False)):
        if end is not None:
            mark = pd.Timestamp(end) if dated else float(end)  # type: ignore[arg-type]
            met &= cells.values >= mark if low else cells.values <= mark
    rows = pd.DataFrame({"source_row": origin.raw.sheet.source_row}, index=origin.frame.index)
    findings = [
        finding
        for problem in cells.problems
        for finding in row_findings(
            rows, rows.index[problem.rows], severity="error", table=origin.table, field=name,
            rule=f"{problem.rule}, for the condition `{key}: {name}`", remedy=problem.remedy, value=origin.frame[name],
        )
    ]  # fmt: skip
    return met.fillna(False).to_numpy(dtype=bool), findings


def _never(origin: Origin, name: str, codes: tuple[Code, ...], key: str) -> Iterator[Finding]:
    """Yield a warning for every code that no row has."""
    for code in codes:
        if not _is_one_of(origin, name, (code,)).any():
            there = list(map(str, code_texts(origin.frame[name]).fillna("an empty cell").unique()))
            yield Finding(
                "warning",
                origin.table,
                f"no row has {code_text(code) or 'an empty cell'} in column {name}",
                f"Correct `{key}: {{{name}: ...}}`. The column has {in_short(there, SHOWN)}.",
                field=key,
                value=code_text(code),
            )


def _listed(codes: tuple[Code, ...]) -> str:
    return " or ".join(code_text(code) or "empty" for code in codes)
