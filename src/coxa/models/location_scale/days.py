"""The days of windows as rows, from rows of participants and visits that carry them."""

from __future__ import annotations

import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.errors import OptionError, not_allowed
from coxa.frames import Frame, as_pandas

DAYS, VALUES = "window_days", "window_values"
"""Columns of the study days of a window with a value, and of the values."""

WEEK = 7.0


@kinds(data=FRAME)
def day_rows(data: Frame) -> pd.DataFrame:
    """Return one row per participant and day of the windows that rows carry, as a plan derives them.

    Parameters
    ----------
    data : frame
        One row per participant and visit: `participant_id`, `window_days` (a tuple of study days), `window_values` (a
        tuple of as many values), and any others. Not changed. Rows whose window is empty have no days.

    Returns
    -------
    DataFrame
        The other columns, with `study_day`, `value` (of the day) and `week`: weeks from the middle of all days.

    Raises
    ------
    OptionError
        A column is missing, or a row has not as many values as days.

    Examples
    --------
    >>> rows = pd.DataFrame({"participant_id": ["P1"], "window_days": [(1, 8)], "window_values": [(4.0, 5.0)]})
    >>> day_rows(rows)[["study_day", "week", "value"]].values.tolist()
    [[1.0, -0.5, 4.0], [8.0, 0.5, 5.0]]
    """
    rows = as_pandas(data)
    for name in ("participant_id", DAYS, VALUES):
        if name not in rows.columns:
            raise OptionError(not_allowed("column", name, map(str, rows.columns)))
    uneven = rows[DAYS].map(len) != rows[VALUES].map(len)
    if uneven.any():
        raise OptionError(f"Row {uneven.idxmax()} has not as many values as days. Give one value for each day.")
    made = ["study_day", "value", "week"]
    found = rows.drop(columns=made, errors="ignore").explode([DAYS, VALUES], ignore_index=True)
    found = found[found[DAYS].notna()].reset_index(drop=True)
    days = found[DAYS].astype(float)
    middle = (days.min() + days.max()) / 2.0 if len(days) else 0.0
    found = found.assign(study_day=days, value=found[VALUES].astype(float), week=(days - middle) / WEEK)
    return found.drop(columns=[DAYS, VALUES])
