"""Rows of a file that is read as a whole, or of a frame: mapped by the machinery of a cohort, then kept in DuckDB."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from coxa.cohort.contracts import Contract
from coxa.cohort.mapping.columns import Origin
from coxa.cohort.mapping.mapped import Mapped
from coxa.cohort.mapping.rows import map_rows
from coxa.cohort.mapping.taken_out import take_out
from coxa.cohort.mapping.used_rows import used_rows
from coxa.cohort.readers.memory import read_frame
from coxa.cohort.readers.raw import RawFile, ReadOptions
from coxa.cohort.readers.registry import ReadResult, read_raw
from coxa.episodes.columns import quoted
from coxa.episodes.dialects import DuckWords
from coxa.episodes.episodes import Duck
from coxa.episodes.fields import for_audit, origin_of
from coxa.episodes.reading import READING, Reading, keep_rows
from coxa.episodes.relation import Bound
from coxa.episodes.typed import kind_of
from coxa.findings import Finding
from coxa.frames import Frame
from coxa.study.audit.source import RowsSource


class NotRead(Exception):
    """Rows cannot be read at all; `findings` say why."""

    def __init__(self, *findings: Finding) -> None:
        self.findings = findings
        super().__init__("; ".join(finding.rule for finding in findings))


def read_whole_rows(
    duck: Duck,
    given: Path | Frame,
    rows: RowsSource,
    agreed: Contract,
    columns: Mapping[str, str],
    bound: Bound,
    max_cells: int | None = None,
) -> Reading:
    """Return the rows of a file or a frame under coxa's names, every cell that cannot be read as a finding.

    Raises
    ------
    NotRead
        The file cannot be read as a whole.
    """
    result = _read(given, rows, agreed.table, max_cells)
    if result.raw is None:
        raise NotRead(*for_audit(result.findings))
    mapped, more = _mapped(result.raw, rows, agreed, columns)
    findings = (*result.findings, *more, *mapped.findings)
    table = f"coxa_{agreed.table}"
    kinds = {name: kind_of(field) for name, field in agreed.fields.items()} | {"source_row": "number"}
    keep_rows(duck.connection, table, kinds, mapped.frame)
    found = {name: columns.get(name, name) for name in agreed.fields if columns.get(name, name) in mapped.used}
    disposition = replace(mapped.disposition, counts=mapped.disposition.counts.assign(stage=READING))
    return Reading(
        duck, DuckWords(), f"SELECT * FROM memory.main.{quoted(table)}", found, result.raw.source.name,
        result.raw.source, bound, tuple(for_audit(findings)), disposition, in_memory=True,
    )  # fmt: skip


def _read(given: Path | Frame, rows: RowsSource, table: str, max_cells: int | None) -> ReadResult:
    if not isinstance(given, Path):
        return read_frame(table, given)
    options = ReadOptions(rows.sheet, rows.encoding, rows.delimiter, rows.decimal, rows.header_row, max_cells)
    return read_raw(given, options)


def _mapped(
    raw: RawFile, rows: RowsSource, agreed: Contract, columns: Mapping[str, str]
) -> tuple[Mapped, list[Finding]]:
    """Return the rows that the plan uses under coxa's names, and what is to be said of the others."""
    origin, findings = _without_excluded(origin_of(raw, rows, agreed, columns), rows)
    origin, more = used_rows(origin, rows.drop_identical_rows)
    mapped = map_rows(origin)
    patient = columns.get("patient", "patient")
    lines = mapped.disposition.left_out
    if len(lines) and patient in raw.sheet.frame:
        by_row = pd.Series(raw.sheet.frame[patient].astype(object).to_numpy(), raw.sheet.source_row)
        lines = lines.assign(participant_id=lines["source_row"].map(by_row))
    return replace(mapped, disposition=replace(mapped.disposition, left_out=lines)), [*findings, *more]


def _without_excluded(origin: Origin, rows: RowsSource) -> tuple[Origin, list[Finding]]:
    numbers = origin.raw.sheet.source_row
    span = f"rows {numbers.min()} to {numbers.max()}" if len(numbers) else "no rows"
    findings = [
        Finding("error", origin.table, "a row that the plan excludes is not in the file",
                f"Correct its number under `exclude_rows`, or remove it. The file has {span}.", row=row)
        for row in rows.exclude_rows
        if row not in numbers
    ]  # fmt: skip
    out = np.isin(numbers, rows.exclude_rows)
    return take_out(origin, np.where(out, "excluded by the plan", "").astype(object)), findings
