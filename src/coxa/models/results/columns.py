"""The columns of every table of results, in their order and with their types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

RESULT_COLUMNS = (
    "estimand",
    "analysis",
    "outcome",
    "visit",
    "arm",
    "reference",
    "term",
    "estimate",
    "std_error",
    "df",
    "statistic",
    "p_value",
    "conf_low",
    "conf_high",
    "conf_level",
    "n_participants",
    "n_observations",
    "method",
    "warning",
)
TEXT_COLUMNS = ("estimand", "analysis", "outcome", "visit", "arm", "reference", "term", "method", "warning")
"""Columns of text; what does not apply is the empty string there, and NaN in the columns of numbers."""
COUNT_COLUMNS = ("n_participants", "n_observations")


def result_frame(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows that name some of the columns as a frame of all of them, in order and typed."""
    table = pd.DataFrame(list(rows)).reindex(columns=list(RESULT_COLUMNS))
    for column in RESULT_COLUMNS:
        if column in TEXT_COLUMNS:
            table[column] = table[column].astype("str").where(table[column].notna(), "")
        else:
            table[column] = table[column].astype("Int64" if column in COUNT_COLUMNS else float)
    return table
