"""Diaries drawn as a line per participant: a mark per day; "." is a day without a row, "?" a row without a value."""

from __future__ import annotations

import pandas as pd


def diary(column: str = "pain", first_day: int = 1, **people: str) -> pd.DataFrame:
    """Return one row per participant and day that has a mark other than "."."""
    rows = [
        (who, day, None if mark == "?" else float(mark))
        for who, line in people.items()
        for day, mark in enumerate(line.split(), start=first_day)
        if mark != "."
    ]
    return pd.DataFrame(rows, columns=["participant_id", "study_day", column])
