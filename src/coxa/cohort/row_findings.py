"""Findings about rows of a frame; many alike are folded into one that counts them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.findings import Finding, Severity, fold

FOLD_ABOVE = 20


def row_findings(
    frame: pd.DataFrame,
    where: pd.Series | NDArray[np.bool_] | pd.Index | None = None,
    *,
    severity: Severity,
    table: str,
    rule: str,
    remedy: str,
    field: str | None = None,
    value: pd.Series | str | None = None,
    by_column: bool = False,
) -> list[Finding]:
    """Return one finding per row, or one for all of them (of a column) when there are more than 20.

    Parameters
    ----------
    frame
        Has `source_row`, and `participant_id` where it is known.
    where
        Boolean mask over the rows, or the index labels of the rows; all rows if not given.
    value
        The offending values, aligned with `frame`, or one text for all.
    by_column
        True where the finding is about the value that stood in `source_column`: the column is named beside the
        field.
    """
    if where is not None and not (len(where) if isinstance(where, pd.Index) else where.any()):
        return []
    rows = frame if where is None else frame.loc[where]
    if rows.empty:
        return []
    if by_column and rows["source_column"].notna().any():
        return [
            finding
            for column, part in rows.groupby(rows["source_column"].astype("str"), sort=False)
            for finding in row_findings(
                part, severity=severity, table=table, rule=rule, remedy=remedy, value=value,
                field=field if column == field else f"{field} ({column})",
            )
        ]  # fmt: skip
    found = value.loc[rows.index].map(_text) if isinstance(value, pd.Series) else pd.Series(value, rows.index)
    people = rows["participant_id"] if "participant_id" in rows else pd.Series(None, rows.index)
    places = list(zip(rows["source_row"].tolist(), people.tolist(), found.tolist(), strict=True))
    alike = [
        Finding(severity, table, rule, remedy, int(row), _or_none(person), field, _or_none(text))
        for row, person, text in places
    ]
    return [fold(alike)] if len(alike) > FOLD_ABOVE else alike


def in_words(numbers: pd.Series) -> pd.Series:
    """Return numbers as short text."""
    return numbers.map("{:g}".format).astype("str")


def _text(value: object) -> str | None:
    if value is None or value is pd.NaT or value != value:
        return None
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return str(value)


def _or_none(value: object) -> str | None:
    return None if value is None or value != value else str(value)
