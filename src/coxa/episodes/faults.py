"""Findings about rows that were found by a query, and the accounts of rows that are left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from coxa.cohort.disposition import COUNT_COLUMNS, LEFT_OUT_COLUMNS, Disposition
from coxa.findings import Finding, Severity, fold

LISTED = 20
"""So many rows are each a finding of their own; more are one finding that counts them and lists these."""

LINES = 1000
"""So many rows that are left out for a reason are listed one by one; more are one line with their number."""

Ask = Callable[[str, Mapping[str, Any]], pd.DataFrame]
"""What answers a SELECT whose parameters have values."""


def several(
    rows: pd.DataFrame, n: int, *, severity: Severity, table: str, rule: str, remedy: str, field: str | None = None
) -> list[Finding]:
    """Return a finding for each of a few rows, or one for many.

    Parameters
    ----------
    rows
        The first of them: `source_row`, `patient` and, where there is one, `value`.
    n
        How many there are.
    """
    places = zip(rows["source_row"], rows["patient"], rows["value"] if "value" in rows else [None] * len(rows),
                 strict=True)  # fmt: skip
    alike = [
        Finding(severity, table, rule, remedy, None if pd.isna(row) else int(row), _text(who), field, _text(value))
        for row, who, value in places
    ]
    return [replace(fold(alike), n_rows=n)] if n > LISTED else alike


def _text(value: object) -> str | None:
    if value is None or value is pd.NaT or value != value:
        return None
    if isinstance(value, float):
        return f"{value:g}"
    return value.date().isoformat() if isinstance(value, pd.Timestamp) else str(value)


def account(ask: Ask, stage: str, table: str, place: str) -> Disposition:
    """Return the account of a step.

    Parameters
    ----------
    ask
        Answers a SELECT from `{rows}`, which has a row for each that entered, with `source_row`, `patient` and `why`:
        why it is left out, "" where it is empty, nothing where it is kept.
    """
    counts = ask("SELECT why, COUNT(*) AS n FROM {rows} GROUP BY why ORDER BY why", {})
    number = {_text(why): int(n) for why, n in zip(counts["why"], counts["n"], strict=True)}
    lost = {why: n for why, n in number.items() if why}
    left_out = _lines(ask, lost).assign(stage=stage, table=table, source_file=place)
    kept, empty = number.get(None, 0), number.get("", 0)
    row = (stage, table, place, "rows", sum(number.values()), kept, empty, sum(lost.values()))
    return Disposition(left_out, pd.DataFrame([row], columns=list(COUNT_COLUMNS)))


def _lines(ask: Ask, lost: dict[str, int]) -> pd.DataFrame:
    """Return what is left out: a line for each row, or one for all rows of a reason that many have."""
    lines = []
    for reason, n in lost.items():
        line = pd.DataFrame({"reason": [reason], "n_rows": [n]})
        if n <= LINES:
            rows = "SELECT source_row, patient FROM {rows} WHERE why = CAST(:why AS VARCHAR) ORDER BY 1, 2"
            line = ask(rows, {"why": reason}).rename(columns={"patient": "participant_id"})
            line = line.assign(reason=reason, n_rows=1)
        lines.append(line)
    listed = pd.concat(lines, ignore_index=True) if lines else pd.DataFrame()
    if "source_row" in listed:
        listed = listed.sort_values("source_row", kind="stable", ignore_index=True)
    columns = [*LEFT_OUT_COLUMNS, *(["n_rows"] if any(n > LINES for n in lost.values()) else [])]
    return listed.reindex(columns=columns).astype({name: object for name in LEFT_OUT_COLUMNS if name != "source_row"})
