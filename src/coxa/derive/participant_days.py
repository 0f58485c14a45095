"""The rows of a diary: one per participant and day, checked before anything is derived from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coxa.errors import DataError, OptionError, not_allowed
from coxa.findings import Finding, Findings

DAYS_PER_WEEK = 7


def check_columns(data: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise OptionError, with the nearest match, where a column is absent."""
    for column in columns:
        if column not in data.columns:
            raise OptionError(not_allowed("column", column, map(str, data.columns)))


def check_new(data: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise OptionError where a column that is to be added is there already, with a value in it."""
    for column in columns:
        if column in data.columns and data[column].notna().any():
            raise OptionError(f"Column '{column}' exists already. Drop or rename it before it is derived again.")


def check_participants(data: pd.DataFrame, participant: str) -> None:
    """Raise OptionError where the column of participants is absent, DataError where a row has none."""
    check_columns(data, [participant])
    refuse("rows without a participant cannot be used:", _without_participant(data, participant))


def column_list(columns: str | Sequence[str]) -> list[str]:
    """Return one name or several as a list; none is refused."""
    names = [columns] if isinstance(columns, str) else list(columns)
    if not names:
        raise OptionError("No column was named. Give one, or a list.")
    return names


def source_rows(data: pd.DataFrame) -> np.ndarray:
    """Return (n,) row numbers as a reader counts them: `source_row` where there is one, else header plus place."""
    if "source_row" in data.columns:
        return data["source_row"].to_numpy()
    return np.arange(2, len(data) + 2)


def broken(
    data: pd.DataFrame, wrong: pd.Series | np.ndarray, participant: str, field: str, rule: str, remedy: str
) -> Findings:
    """Return the rows that are wrong as errors, many as one; `wrong` is (n,) flags in the order of the rows."""
    places = np.flatnonzero(np.asarray(wrong, dtype=bool))
    row, who, value = source_rows(data)[places], *(data[name].iloc[places].tolist() for name in (participant, field))
    return Findings.of(
        Finding(
            "error",
            "daily_diary",
            rule,
            remedy,
            row=None if pd.isna(row[place]) else int(row[place]),
            participant_id=None if pd.isna(who[place]) else str(who[place]),
            field=field,
            value=None if pd.isna(value[place]) else str(value[place]),
        )
        for place in range(len(places))
    ).folded()


def refuse(message: str, found: Findings) -> None:
    """Raise DataError with the message and what was found, if anything was."""
    if found:
        raise DataError(message, found)


def numbers(data: pd.DataFrame, column: str, participant: str) -> pd.Series:
    """Return a column as floats, missing where empty.

    Raises
    ------
    OptionError
        The column is not there.
    DataError
        A value is no finite number.
    """
    check_columns(data, [participant, column])
    values = pd.to_numeric(data[column], errors="coerce").astype(float)
    wrong = (values.isna() & data[column].notna()) | np.isinf(values)
    rule, remedy = f"{column} is not a finite number", "Correct the value, or leave it empty."
    refuse(f"{column} cannot be used:", broken(data, wrong, participant, column, rule, remedy))
    return values


def diary_days(data: pd.DataFrame, participant: str = "participant_id", day: str = "study_day") -> pd.Series:
    """Return the day of every row as a whole number, after checking that rows can be told apart.

    Parameters
    ----------
    data : DataFrame
        One row per participant and day. Not changed.
    participant, day : str
        Columns that say whose row it is, and of which day: whole numbers, or dates.

    Returns
    -------
    Series of int
        Indexed as `data`; dates become days since 1 January 1970.

    Raises
    ------
    OptionError
        A column is not there.
    DataError
        A row has no participant or no day, a day is not whole, or a participant has two rows for a day.
    """
    check_columns(data, [participant, day])
    days = _as_numbers(data[day])
    message = "rows of the diary cannot be used:"
    refuse(message, _without_participant(data, participant) + _no_day(data, days, participant, day))
    refuse(message, _twice(data, days, participant, day))
    return days.astype(np.int64)


def as_days(days: pd.Series, like: pd.Series) -> pd.Series:
    """Return whole-number days in the form that the diary has them in: numbers, or dates."""
    if pd.api.types.is_datetime64_any_dtype(like.dtype):
        return pd.to_datetime(days, unit="D")
    return days


def week_of(days: pd.Series, first_day: int) -> pd.Series:
    """Return the number of the week of each day, week 1 starting on `first_day`; 0 and less are before it."""
    return (days - first_day) // DAYS_PER_WEEK + 1


@dataclass(frozen=True, slots=True)
class Calendar:
    """The diary of one participant on every day from the first row to the last.

    participant : whose it is
    first       : day of the first row
    values      : (t,) one per calendar day, NaN where there is no row or no value
    places      : (r,) positions in the data of the rows, by day
    offsets     : (r,) days after `first` of these rows
    """

    participant: object
    first: int
    values: np.ndarray
    places: np.ndarray
    offsets: np.ndarray


def calendars(data: pd.DataFrame, values: pd.Series, days: pd.Series, participant: str) -> Iterator[Calendar]:
    """Yield the calendar of every participant, in the order in which they first appear."""
    day, value = days.to_numpy(), values.to_numpy(dtype=float)
    for who, group in pd.Series(np.arange(len(data))).groupby(data[participant].tolist(), sort=False):
        rows = group.to_numpy()
        places = rows[np.argsort(day[rows], kind="stable")]
        offsets = day[places] - day[places[0]]
        grid = np.full(int(offsets[-1]) + 1, np.nan)
        grid[offsets] = value[places]
        yield Calendar(who, int(day[places[0]]), grid, places, offsets)


def _as_numbers(column: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        since = (column.dt.tz_localize(None) - pd.Timestamp(0)) // pd.Timedelta(days=1)
        return since.astype(float)
    return pd.to_numeric(column, errors="coerce").astype(float)


def _without_participant(data: pd.DataFrame, participant: str) -> Findings:
    rule, remedy = "the row has no participant", "Fill it in, or leave the row out."
    return broken(data, data[participant].isna(), participant, participant, rule, remedy)


def _no_day(data: pd.DataFrame, days: pd.Series, participant: str, day: str) -> Findings:
    rule = f"`{day}` is not a whole number, or a date in a column of dates"
    remedy = "Correct it, or leave the row out. Text becomes dates with pd.to_datetime."
    return broken(data, ~(np.isfinite(days) & (days == np.floor(days))), participant, day, rule, remedy)


def _twice(data: pd.DataFrame, days: pd.Series, participant: str, day: str) -> Findings:
    again = pd.DataFrame({"who": data[participant].tolist(), "day": days.tolist()}).duplicated()
    rule = "the participant has an earlier row of this day"
    return broken(data, again, participant, day, rule, "Keep the row that counts, or correct its day.")
