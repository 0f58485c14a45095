"""The study day of an assessment or event: days since randomisation, day 0 being that date."""

from __future__ import annotations

import pandas as pd


def study_days(
    rows: pd.DataFrame, people: pd.DataFrame, date_column: str, planned: pd.Series | None = None
) -> pd.Series:
    """Return the study day of each row.

    Parameters
    ----------
    rows
        Has `participant_id`; may have `study_day` and a date column.
    people
        Participants; may have `randomisation_date`.
    date_column
        Name of the date column of `rows`.
    planned
        Study day to fall back on, aligned with `rows` (the planned day of a visit).

    Returns
    -------
    Series
        Days; the recorded study day, else date minus randomisation, else the planned day; missing if none.
    """
    day = pd.Series(float("nan"), index=rows.index)
    if "study_day" in rows:
        day = pd.to_numeric(rows["study_day"]).astype(float)
    if date_column in rows and "randomisation_date" in people:
        start = rows["participant_id"].map(people.set_index("participant_id")["randomisation_date"])
        elapsed = (pd.to_datetime(rows[date_column]) - pd.to_datetime(start)).dt.days
        day = day.fillna(elapsed.astype(float))
    if planned is not None:
        day = day.fillna(planned.astype(float))
    return day
