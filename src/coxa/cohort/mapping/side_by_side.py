"""Values that stand side by side in a row: outcomes or items in columns, stacked to one row per value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from coxa.cohort.ledger import account, left_out_rows
from coxa.cohort.mapping.cells import Cells, convert
from coxa.cohort.mapping.columns import Origin, missing_column
from coxa.cohort.mapping.mapped import ANSWERS, STAGE, Mapped, compact, complete, joined, one_word
from coxa.cohort.mapping.rows import (
    Rows,
    cell_findings,
    field_findings,
    left_out_lines,
    lines_not_read,
    read_rows,
)
from coxa.findings import Finding


@dataclass(frozen=True, slots=True)
class Place:
    """A column that holds values: what is measured there, and at which visit where the column says it."""

    column: str
    measured: str
    visit: str | None = None
    date_column: str | None = None


def outcome_places(origin: Origin) -> list[Place]:
    """Return the columns of outcomes: one per outcome, or one per outcome and visit."""
    places = []
    for outcome, where in origin.source.outcomes.items():
        if isinstance(where, str):
            places.append(Place(where, outcome))
        else:
            dates = origin.source.dates
            places += [Place(column, outcome, visit, dates.get(visit)) for visit, column in where.items()]
    return places


def map_side_by_side(origin: Origin, places: Sequence[Place], field: str, fixed: dict[str, str]) -> Mapped:
    """Stack the columns of values to one row per value.

    Parameters
    ----------
    origin
        File, plan and contract.
    places
        Columns of values.
    field
        The field that says what is measured: `outcome` or `item`.
    fixed
        Fields that are the same in every row (the instrument of items).
    """
    by_visit = any(place.visit for place in places)
    reserved = [field, "value", *fixed] + (["visit", "assessment_date"] if by_visit else [])
    rows = read_rows(origin, reserved)
    lacking = [missing_column(origin, p.column, *_where(p, field)) for p in places if p.column not in origin.frame]
    lacking += [
        missing_column(origin, column, f"the date of {visit}", f"dates: {{{visit}: ...}}")
        for visit, column in origin.source.dates.items()
        if column not in origin.frame
    ]
    found = [place for place in places if place.column in origin.frame]
    words = origin.source.values.get("value")
    cells = [
        convert(origin.column(place.column, "value", place.measured), origin.agreed.fields["value"], words)
        for place in found
    ]
    empty = np.all([cell.empty for cell in cells], axis=0) if cells else np.zeros(len(rows.frame), dtype=bool)
    kept = ~empty & (rows.reason == "")
    stacked, lost_values, findings = _stack(origin, rows, found, cells, kept, field)
    same = {name: one_word(word, stacked.index) for name, word in fixed.items()}
    frame = complete(stacked.assign(**same), origin.agreed, origin.file)
    lost_rows = left_out_lines(origin, rows.frame, ~empty & ~kept, rows.reason)
    disposition = account(
        STAGE, origin.table, origin.file, "rows",
        kept=int(kept.sum()), empty=int(empty.sum()), left_out=[lost_rows, lines_not_read(origin)],
        entered=origin.raw.source.n_rows,
    ) + account(
        STAGE, origin.table, origin.file, "values",
        kept=len(frame), empty=int(sum((cell.empty & kept).sum() for cell in cells)), left_out=lost_values,
        entered=int(kept.sum()) * len(cells),
    )  # fmt: skip
    said = joined([rows.resolved.findings, lacking, field_findings(origin, rows, empty), findings])
    used = rows.resolved.used | {place.column for place in found} | set(origin.source.dates.values())
    return Mapped(origin.table, frame, said, disposition, used)


def _where(place: Place, field: str) -> tuple[str, str]:
    """Return what a column is for, and where the plan names it."""
    if place.visit is None:
        return place.measured, f"{field}s: {{{place.measured}: ...}}"
    return f"{place.measured} at {place.visit}", f"{field}s: {{{place.measured}: {{{place.visit}: ...}}}}"


def _stack(
    origin: Origin, rows: Rows, places: Sequence[Place], cells: Sequence[Cells], kept: np.ndarray, field: str
) -> tuple[pd.DataFrame, list[pd.DataFrame], list[Finding]]:
    """Return one row per usable value, the lines of values left out, and the findings."""
    positions: list[np.ndarray] = []
    lost: list[pd.DataFrame] = []
    findings: list[Finding] = []
    for place, cell in zip(places, cells, strict=True):
        positions.append(np.flatnonzero(kept & cell.values.notna().to_numpy(dtype=bool)))
        dropped = np.flatnonzero(kept & (cell.reason != ""))
        if len(dropped):
            lost.append(_values_left_out(origin, rows.frame.iloc[dropped], place, cell.reason[dropped]))
        findings += cell_findings(origin, rows.frame, place.measured, place.column, cell, ~kept)
    if not places:
        nothing = rows.frame.iloc[:0].copy()
        nothing[field], nothing["value"] = "", np.nan
        return nothing, lost, findings
    taken = np.concatenate(positions)
    sizes = [len(part) for part in positions]
    answers = origin.table == ANSWERS
    stacked = (compact(rows.frame) if answers else rows.frame).take(taken).set_axis(range(len(taken)))
    stacked["value"] = np.concatenate([c.values.to_numpy()[p] for c, p in zip(cells, positions, strict=True)])
    words: Literal["category", "str"] = "category" if answers else "str"
    stacked[field] = _repeat([place.measured for place in places], sizes).astype(words)
    stacked["source_column"] = _repeat([place.column for place in places], sizes)
    if any(place.visit for place in places):
        visits = _repeat([str(place.visit) for place in places], sizes)
        stacked["visit"] = visits.cat.reorder_categories(sorted(visits.cat.categories)).astype(words)
        days, undated = _dates(origin, rows, places, positions)
        stacked["assessment_date"] = days
        findings += undated
    return stacked, lost, findings


def _values_left_out(origin: Origin, rows: pd.DataFrame, place: Place, reason: np.ndarray) -> pd.DataFrame:
    """Return one line per row whose value in a column cannot be used."""
    lines = rows.assign(source_column=place.column, outcome=place.measured)
    if place.visit:
        lines["visit"] = place.visit
    return left_out_rows(STAGE, origin.table, origin.file, lines, pd.Series(reason, index=lines.index))


def _repeat(words: list[str], sizes: list[int]) -> pd.Series:
    """Return each word as often as its size, as a category."""
    distinct = list(dict.fromkeys(words))
    codes = np.repeat([distinct.index(word) for word in words], sizes)
    return pd.Series(pd.Categorical.from_codes(codes.astype(np.int16), pd.Index(distinct)))


def _dates(
    origin: Origin, rows: Rows, places: Sequence[Place], positions: Sequence[np.ndarray]
) -> tuple[pd.Series, list[Finding]]:
    """Return the date of each stacked value, from the date column of its visit, and dates that cannot be read."""
    wanted = origin.agreed.fields["assessment_date"]
    columns = dict.fromkeys(p.date_column for p in places if p.date_column and p.date_column in origin.frame)
    read = {column: convert(origin.column(column, wanted.name), wanted) for column in columns if column}
    findings = [
        finding
        for column, cells in read.items()
        for finding in cell_findings(
            origin, rows.frame, "assessment_date", column, cells, np.zeros(len(rows.frame), bool)
        )
    ]
    parts = [
        read[place.date_column].values.iloc[taken]
        if place.date_column in read
        else pd.Series(pd.NaT, index=taken, dtype="datetime64[us]")
        for place, taken in zip(places, positions, strict=True)
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True), findings
