"""Weeks of training from the days of a diary: load, its change from the week before, monotony and strain."""

from __future__ import annotations

from math import ceil

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.derive.participant_days import DAYS_PER_WEEK, broken, diary_days, numbers, refuse, week_of
from coxa.derive.workload_ratio import MISSING, ROUNDING, Missing
from coxa.errors import OptionError, check_option

TEN_PERCENT = 0.10
"""Rise from one week to the next that the rule of 10% allows."""


@kinds(data=FRAME)
def training_weeks(
    data: pd.DataFrame,
    *,
    load: str = "training_load",
    missing: Missing = "unknown",
    min_recorded: float = 0.7,
    first_day: int = 1,
    participant: str = "participant_id",
    day: str = "study_day",
) -> pd.DataFrame:
    """Sum the load of each participant's weeks, and say how it changed and how even it was.

    Parameters
    ----------
    data : DataFrame
        One row per participant and day, in any order. Not changed.
    load : str
        Column of the load of a day, in any unit; 0 on a day of rest.
    missing : {"unknown", "zero"}
        What a day without a value means, from the participant's first row to the last.
    min_recorded : float
        Share of the 7 days that must be known, above 0 up to 1; a week with fewer has no load.
    first_day : int
        Day on which week 1 begins.
    participant, day : str
        Columns that say whose row it is, and of which day (whole numbers, or dates).

    Returns
    -------
    DataFrame
        One row per participant and week with a row in the diary: `week`; `days_known`; `sessions` (days with load);
        `load` (7 times the mean of the known days); `change` (from the week before, as a share of it; missing where
        that is unknown or 0); `above_ten_percent`; `monotony` (mean over SD of the daily loads; missing where all are
        equal, of which it would be infinite); `strain` (load times monotony).

    Raises
    ------
    OptionError
        A column is not there, or an option is not allowed.
    DataError
        A row has no participant or no whole day, a day occurs twice, or a load is no number or below 0.

    Notes
    -----
    Monotony and strain: Foster, Medicine & Science in Sports & Exercise 1998, 30:1164-1168. The rule of 10% did not
    lower injuries of novice runners in a randomised trial (Buist et al., American Journal of Sports Medicine 2008,
    36:33-39).

    Examples
    --------
    >>> loads = [100, 0, 100, 0, 100, 0, 50] + [120, 0, 120, 0, 120, 0, 60]
    >>> d = pd.DataFrame({"participant_id": "a", "study_day": range(1, 15), "training_load": loads})
    >>> training_weeks(d)[["week", "load", "sessions", "change"]].round(2).to_numpy().tolist()
    [[1.0, 350.0, 4.0, nan], [2.0, 420.0, 4.0, 0.2]]
    """
    check_option("missing", missing, MISSING)
    if not 0 < min_recorded <= 1:
        raise OptionError(f"`min_recorded` is {min_recorded}, not a share. Give a number above 0, up to 1.")
    days, values = diary_days(data, participant, day), numbers(data, load, participant)
    rule, remedy = f"{load} is below 0", "Correct the value, or leave it empty."
    refuse("training load cannot be summed:", broken(data, values < 0, participant, load, rule, remedy))
    rows = pd.DataFrame({participant: data[participant].tolist(), "day": days.to_numpy(), "load": values.to_numpy()})
    rows = rows.assign(week=week_of(rows["day"], first_day))
    weeks = rows.groupby([participant, "week"], observed=True)["load"].agg(
        days_known="count", sessions=lambda one: int((one > 0).sum()), total="sum", spread=_sum_of_squares
    )
    span = _days_of_week(rows, participant, first_day).reindex(weeks.index)
    n = span if missing == "zero" else weeks["days_known"]
    enough = n >= ceil(min_recorded * DAYS_PER_WEEK - ROUNDING)
    mean = (weeks["total"] / n).where(enough & (n > 0))
    variance = (weeks["spread"] - n * mean**2) / (n - 1).where(n > 1)
    sd = np.sqrt(variance.where(variance > ROUNDING * (1 + mean**2)))
    monotony, total = mean / sd, mean * DAYS_PER_WEEK
    before = total.reindex([(who, week - 1) for who, week in weeks.index]).to_numpy()
    change = total / np.where(before > 0, before, np.nan) - 1
    above = (change > TEN_PERCENT + ROUNDING).astype("boolean").mask(change.isna())
    return pd.DataFrame(
        {
            "days_known": n.astype("int64"),
            "sessions": weeks["sessions"].astype("int64"),
            "load": total,
            "change": change,
            "above_ten_percent": above,
            "monotony": monotony,
            "strain": total * monotony,
        }
    ).reset_index()


def _sum_of_squares(one: pd.Series) -> float:
    return float((one**2).sum())


def _days_of_week(rows: pd.DataFrame, participant: str, first_day: int) -> pd.Series:
    """Return, by participant and week, its days between the participant's first row and the last."""
    ends = rows.groupby(participant, observed=True)["day"].agg(["min", "max"])
    weeks = rows[[participant, "week"]].drop_duplicates()
    start = first_day + (weeks["week"] - 1) * DAYS_PER_WEEK
    low = np.maximum(start.to_numpy(), ends["min"].reindex(weeks[participant]).to_numpy())
    high = np.minimum(start.to_numpy() + DAYS_PER_WEEK - 1, ends["max"].reindex(weeks[participant]).to_numpy())
    return pd.Series(high - low + 1, index=pd.MultiIndex.from_frame(weeks))
