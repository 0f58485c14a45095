"""Values of days before, by the calendar."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.derive.participant_days import check_columns, check_new, column_list, diary_days
from coxa.errors import OptionError


@kinds(data=FRAME)
def lagged(
    data: pd.DataFrame,
    columns: str | Sequence[str],
    lag: int = 1,
    *,
    day: str = "study_day",
    participant: str = "participant_id",
) -> pd.DataFrame:
    """Add the values of exactly `lag` days before.

    Parameters
    ----------
    data : DataFrame
        One row per participant and day, in any order, (n, k). Not changed.
    columns : str or sequence of str
        Columns of any type.
    lag : int
        Days back, 1 or more.
    day, participant : str
        Columns that say of which day a row is (whole numbers, or dates), and whose it is.

    Returns
    -------
    DataFrame
        A copy of the data with ``<column>_lag<lag>``. It is missing where the participant has no row for that day, or
        the row no value: the row before is not taken instead, because after a gap it is not of that day.

    Raises
    ------
    OptionError
        A column is not there, the result would overwrite one, or `lag` is no whole number of at least 1.
    DataError
        A row has no participant or no whole day, or a day occurs twice.

    Notes
    -----
    A coefficient of yesterday's value is not by itself an effect of it: what makes today's outcome high may have moved
    yesterday's value too. Split the lagged column with `within_between` before it enters a model.

    Examples
    --------
    >>> d = pd.DataFrame({"participant_id": "a", "study_day": [1, 2, 4], "load": [100, 300, 50]})
    >>> lagged(d, "load")["load_lag1"].tolist()
    [nan, 100.0, nan]
    >>> lagged(d, "load", lag=2)["load_lag2"].tolist()
    [nan, nan, 300.0]
    """
    if isinstance(lag, bool) or lag != int(lag) or lag < 1:
        raise OptionError(f"`lag` is {lag!r}. Give a whole number of days, 1 or more.")
    names, days = column_list(columns), diary_days(data, participant, day)
    check_columns(data, names)
    check_new(data, [f"{name}_lag{lag}" for name in names])
    who = pd.factorize(data[participant])[0]
    today = pd.MultiIndex.from_arrays([who, days])
    before = pd.MultiIndex.from_arrays([who, days - lag])
    added = {
        f"{name}_lag{lag}": data[name].set_axis(today).reindex(before).set_axis(data.index)  # by day, not by row
        for name in names
    }
    return data.assign(**added)
