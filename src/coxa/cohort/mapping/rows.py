"""The fields of each row of a file: which rows say nothing, which cannot be used and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.cohort.ledger import account, left_out_rows
from coxa.cohort.mapping.cells import Cells, constant, convert
from coxa.cohort.mapping.codes import Mask
from coxa.cohort.mapping.columns import Origin, Resolved, constants_of, resolve
from coxa.cohort.mapping.mapped import STAGE, Mapped, complete, joined
from coxa.cohort.mapping.missing import declared_by_kind
from coxa.cohort.measured import KIND
from coxa.cohort.row_findings import row_findings
from coxa.findings import Finding, Severity

VISITED = ("assessments", "item_responses")
"""Tables whose rows need a visit, or a date or study day from which to find it."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The fields of each row.

    frame  : fields that the file or a constant gives, `source_row`, one row per row of the file
    cells  : field -> its cells
    reason : (rows,) why a row cannot be used; "" for the others. Empty rows are told apart by the caller.
    """

    frame: pd.DataFrame
    cells: dict[str, Cells]
    reason: NDArray[np.object_]
    resolved: Resolved

    def told(self, name: str) -> pd.Series:
        """Return why the cells of a field are not used, "" for those that are."""
        return pd.Series(self.cells[name].reason, index=self.frame.index, dtype=object)


def read_rows(origin: Origin, reserved: Iterable[str] = ()) -> Rows:
    """Convert the fields of every row of a file."""
    reserved = tuple(reserved)
    resolved = resolve(origin, reserved=reserved)
    source, agreed = origin.source, origin.agreed
    index = origin.frame.index
    cells: dict[str, Cells] = {}
    for name, value in constants_of(origin).items():
        if name in agreed.fields and name not in reserved and name not in resolved.columns:
            cells[name] = constant(value, agreed.fields[name], index)
    for name, where in resolved.columns.items():
        column = origin.column(where, name)
        kind = cells.get(KIND.get(origin.table, ""))
        if name == "value" and kind is not None:
            declared = declared_by_kind(column.values, kind.values, origin.missing, column.marks, column.declared)
            column = replace(column, declared=declared, values=_numbered(origin, column.values, kind.values))
        cells[name] = convert(column, agreed.fields[name], source.values.get(name))
    frame = pd.DataFrame({name: cell.values for name, cell in cells.items()}, index=index)
    frame["source_row"] = origin.raw.sheet.source_row
    return Rows(frame, cells, _reasons(origin, cells, reserved, len(index)), resolved)


def _numbered(origin: Origin, values: pd.Series, kinds: pd.Series) -> pd.Series:
    """Return the values of a long table, the answers of each outcome as numbers."""
    for name, answers in origin.answers.items():
        own = kinds.eq(name).fillna(False).to_numpy(dtype=bool)
        given = values[own]
        if (numbers := answers.as_numbers(given)) is not given:
            values = values.astype(object)
            values[own] = numbers
    return values


def _reasons(origin: Origin, cells: dict[str, Cells], reserved: tuple[str, ...], n: int) -> NDArray[np.object_]:
    """Return why a row cannot be used: a required field is missing, or its visit is not known."""
    reason = np.full(n, "", dtype=object)
    for name, wanted in origin.agreed.fields.items():
        if name in reserved:
            continue
        if wanted.required and name not in cells:
            reason[reason == ""] = f"no {name}"
        elif wanted.required:
            lost = cells[name].values.isna().to_numpy(dtype=bool) & (reason == "")
            told = cells[name].reason[lost]
            reason[lost] = np.where(told == "", f"no {name}", told)
        elif name == "visit" and name in cells and origin.table in VISITED:
            told = cells[name].reason
            reason = np.where((reason == "") & (told != ""), told, reason)
    if origin.table in VISITED and "visit" not in reserved:
        placed = np.zeros(n, dtype=bool)
        for name in ("visit", "assessment_date", "study_day"):
            if name in cells:
                placed = placed | cells[name].values.notna().to_numpy(dtype=bool)
        reason[~placed & (reason == "")] = "no visit"
    return reason


def map_rows(origin: Origin) -> Mapped:
    """Return a table that has one row per row of the file."""
    rows = read_rows(origin)
    empty = empty_rows(origin, rows)
    findings = joined([rows.resolved.findings, field_findings(origin, rows, empty)])
    kept = ~empty & (rows.reason == "")
    lost = left_out_lines(origin, rows.frame, ~empty & ~kept, rows.reason)
    frame = complete(rows.frame[kept].reset_index(drop=True), origin.agreed, origin.file)
    disposition = account(
        STAGE, origin.table, origin.file, "rows",
        kept=int(kept.sum()), empty=int(empty.sum()), left_out=[lost, lines_not_read(origin)],
        entered=origin.raw.source.n_rows,
    )  # fmt: skip
    return Mapped(origin.table, frame, findings, disposition, rows.resolved.used)


def empty_rows(origin: Origin, rows: Rows) -> Mask:
    """Return which rows say nothing for this table."""
    named = origin.agreed.empty_without or tuple(
        name for name in rows.cells if name != "participant_id" or origin.table == "participants"
    )
    told = [name for name in named if name in rows.cells and name not in origin.source.constants]
    if not told:
        return np.zeros(len(rows.frame), dtype=bool)
    return np.all([rows.cells[name].empty for name in told], axis=0)


def left_out_lines(origin: Origin, frame: pd.DataFrame, where: Mask, reason: NDArray[np.object_]) -> pd.DataFrame:
    """Return one line per row left out."""
    lost = frame[where]
    return left_out_rows(STAGE, origin.table, origin.file, lost, pd.Series(reason[where], index=lost.index))


def lines_not_read(origin: Origin) -> pd.DataFrame:
    """Return one line per row of the file that does not fit its header, or that the plan excludes."""
    unreadable = pd.DataFrame(origin.raw.sheet.unreadable, columns=["source_row", "reason"])
    lost = pd.concat([part for part in (unreadable, origin.excluded) if len(part)] or [unreadable], ignore_index=True)
    return left_out_rows(STAGE, origin.table, origin.file, lost, lost["reason"])


def field_findings(origin: Origin, rows: Rows, empty: Mask) -> Iterator[Finding]:
    """Yield a finding for every cell that breaks a rule, and for every row that is lost without its required field."""
    for name, cells in rows.cells.items():
        column = rows.resolved.columns.get(name)
        yield from cell_findings(origin, rows.frame, name, column, cells, empty)
        if origin.agreed.fields[name].required and name != "value":
            yield from lacking_field(origin, rows.frame, name, cells.unexplained & ~empty, rows.told(name))
        elif name == "visit" and origin.table in VISITED:
            yield from lacking_field(
                origin, rows.frame, name, cells.unexplained & ~cells.empty & ~empty, rows.told(name)
            )
    lacking = ~empty & (rows.reason == "no visit")
    yield from row_findings(
        rows.frame,
        lacking,
        severity="error",
        table=origin.table,
        field="visit",
        rule="the row has no visit, and no date or study day from which to find it",
        remedy="Fill in the visit, or name its column under `columns: {visit: ...}`.",
    )


def lacking_field(origin: Origin, frame: pd.DataFrame, name: str, where: Mask, told: pd.Series) -> Iterator[Finding]:
    """Yield an error for every row that is lost because a field that it needs is empty or declared missing."""
    yield from row_findings(
        frame,
        where,
        severity="error",
        table=origin.table,
        field=name,
        rule=f"`{name}` is empty",
        remedy="Fill it in at the source or under `corrections`, or name the row under `exclude_rows`.",
        value=told.where(told != "", None),
    )


def cell_findings(
    origin: Origin, frame: pd.DataFrame, name: str, column: str | None, cells: Cells, empty: Mask
) -> Iterator[Finding]:
    """Yield findings for the problems of one column; an outcome outside the plan is only a warning."""
    listed = origin.values(column, name) if column else pd.Series(origin.source.constants.get(name), frame.index)
    severity: Severity = "warning" if name == "outcome" and origin.table == "assessments" else "error"
    if severity == "warning" and origin.ignore_unlisted:
        return
    yield from row_findings(
        frame,
        cells.empty & listed.notna().to_numpy(dtype=bool),
        severity="note",
        table=origin.table,
        field=name,
        rule="a cell contains only blanks",
        remedy="A cell with only blanks is read as empty.",
    )
    for problem in cells.problems:
        rows = problem.rows[~empty[problem.rows]]
        yield from row_findings(
            frame,
            frame.index[rows],
            severity=severity,
            table=origin.table,
            field=name if column in (None, name) else f"{name} ({column})",
            rule=problem.rule,
            remedy=problem.remedy,
            value=listed,
        )
