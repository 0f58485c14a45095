"""The accounts of a step: what was left out and why, and counts that add up."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from coxa.cohort.disposition import COUNT_COLUMNS, LEFT_OUT_COLUMNS, Disposition


def left_out_rows(
    stage: str, table: str, source_file: str, frame: pd.DataFrame, reason: pd.Series | str
) -> pd.DataFrame:
    """Return one line per row of `frame`, each with its place and the reason it was left out."""
    if frame.empty:
        return pd.DataFrame(columns=list(LEFT_OUT_COLUMNS))
    lines = frame.reindex(columns=list(LEFT_OUT_COLUMNS))
    lines = lines.assign(stage=stage, table=table, source_file=source_file, reason=reason)
    return lines.astype({name: object for name in LEFT_OUT_COLUMNS if name != "source_row"})


def account(
    stage: str,
    table: str,
    source_file: str,
    counted: str,
    *,
    kept: int,
    empty: int,
    left_out: Iterable[pd.DataFrame],
    entered: int,
) -> Disposition:
    """Return the account of one step: one line of counts, and what was left out.

    `entered` is counted on its own, not added up from the rest, so that `Disposition.imbalance` can tell.
    """
    lines = [frame for frame in left_out if len(frame)]
    listed = pd.concat(lines, ignore_index=True) if lines else pd.DataFrame(columns=list(LEFT_OUT_COLUMNS))
    counts = (stage, table, source_file, counted, entered, kept, empty, len(listed))
    return Disposition(listed, pd.DataFrame([counts], columns=list(COUNT_COLUMNS)))


def by_file(stage: str, table: str, frame: pd.DataFrame, reason: pd.Series) -> Disposition:
    """Return the account of a step that leaves out whole rows of a table, one line per file.

    `reason` has the rows that do not stay, by their index in `frame`.
    """
    disposition = Disposition()
    gone = frame[frame.index.isin(reason.index)] if len(reason) else frame.iloc[:0]
    if "outcome" not in gone and "item" in gone:
        gone = gone.assign(outcome=gone["item"].astype(object))
    for name in frame["source_file"].dropna().unique():
        entered = int((frame["source_file"] == name).sum())
        rows = gone[gone["source_file"] == name]
        lost = left_out_rows(stage, table, str(name), rows, reason.reindex(rows.index))
        kept = entered - len(rows)
        disposition += account(stage, table, str(name), "rows", kept=kept, empty=0, left_out=[lost], entered=entered)
    return disposition
