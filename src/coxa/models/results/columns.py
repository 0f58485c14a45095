"""The columns of every table of results, in their order and with their types."""

from __future__ import annotations

import math
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
    given = list(rows)
    columns = {}
    for name in RESULT_COLUMNS:
        values = [row.get(name) for row in given]
        if name in TEXT_COLUMNS:
            texts = ["" if pd.isna(value) else str(value) for value in values]
            columns[name] = pd.Series(texts, dtype="str")
        elif name in COUNT_COLUMNS:
            columns[name] = pd.Series([None if pd.isna(value) else value for value in values], dtype="Int64")
        else:
            columns[name] = pd.Series([math.nan if value is None else value for value in values], dtype=float)
    return pd.DataFrame(columns)
