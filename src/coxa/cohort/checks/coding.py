"""Answers and scores that are coded one higher or lower than their range: one finding, with the map that undoes it."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.checks.ranges import Span
from coxa.findings import Finding
from coxa.instruments.check import recoding, shift_of

REASON = "coded one off its range"


def one_off(table: str, rows: pd.DataFrame, span: Span) -> Finding | None:
    """Return the finding that values run one above or below their range, or None where they do not.

    Parameters
    ----------
    rows
        The values of everything that has this range: of all items of an instrument, or of one outcome.
    span
        The range, and the instrument or outcome in words.
    """
    shift = shift_of(rows[span.column].to_numpy(dtype=float), span.low, span.high)
    if not shift:
        return None
    outside = rows[(rows[span.column] > span.high) | (rows[span.column] < span.low)]
    used, never = (span.high + 1, span.low) if shift > 0 else (span.low - 1, span.high)
    recode = "Recode them at the source."
    if table == "assessments" and (span.low, span.high) == (0, 1):
        codes = ", ".join(f"{code:g}: ..." for code in sorted((used, 1)))
        recode = f"Write which of them is 1 and which is 0: `values: {{{span.name}: {{{codes}}}}}` in its table."
    if table == "item_responses":
        recode = f"Recode them with `{recoding(span.low, span.high, shift)}` in `data: tables: {table}`."
    return Finding(
        "error",
        table,
        f"{span.words} is {span.low:g} to {span.high:g}, and its values look coded {span.low + shift:g} to "
        f"{span.high + shift:g}: {used:g} occurs, and {never:g} never",
        f"{recode} If they are coded as the range says, correct the values outside it.",
        row=int(outside["source_row"].iloc[0]),
        field=span.name,
        value=f"{len(outside)} of {len(rows)} outside",
        n_rows=len(outside),
        rows=tuple(map(int, outside["source_row"])),
    )
