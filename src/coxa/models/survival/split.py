"""Times at risk cut at some days, so that the hazard ratio of groups may be another in each part of follow-up."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.errors import OptionError, check_known, not_allowed

BEFORE = -1.0
"""Start of the first row of each participant: before every time, so that who leaves at 0 was at risk."""


@kinds(data=FRAME)
def split_follow_up(
    data: pd.DataFrame,
    *,
    at: Sequence[float],
    event: str,
    time: str = "time",
    arm: str | None = None,
    against: str | None = None,
) -> pd.DataFrame:
    """Return a row per participant and part of follow-up in which he or she was at risk, for `fit_cox` with `start`.

    Parameters
    ----------
    data : DataFrame
        One row per participant. Not changed.
    at : sequence of float
        Times, ascending and above 0: a part ends with each of them, an event at that time in it.
    event, time : str
        Columns: 1 or true for an event; time to it or to censoring, 0 or more. Rows without one of them are left out.
    arm, against : str, optional
        Column of groups, and the level that the others are compared with; unless given the first.

    Returns
    -------
    DataFrame
        The columns of `data`, with `time` and `event` of the part, `start` (it is at risk in (start, time]), `part`
        (from 1), and for each other level of `arm` and each part an indicator, such as `exercise_2`. The coefficient
        of an indicator in Cox's model is the log hazard ratio of the level in that part.

    Raises
    ------
    OptionError
        A column is not there, or the times are not ascending and above 0.

    Notes
    -----
    As `survSplit` of R's survival. Who leaves before a part is in no row of it, so that later ratios compare those who
    had no event until then.

    Examples
    --------
    >>> d = pd.DataFrame({"time": [5.0, 10.0], "flare": [1, 1], "arm": ["a", "b"]})
    >>> split_follow_up(d, at=[8], event="flare", arm="arm")[["start", "time", "flare", "b_1", "b_2"]].values.tolist()
    [[-1.0, 5.0, 1.0, 0.0, 0.0], [-1.0, 8.0, 0.0, 1.0, 0.0], [8.0, 10.0, 1.0, 0.0, 1.0]]
    """
    for column in (time, event, *(() if arm is None else (arm,))):
        if column not in data.columns:
            raise OptionError(not_allowed("column", column, map(str, data.columns)))
    cuts = np.asarray(list(at), dtype=float)
    if not cuts.size or not np.isfinite(cuts).all() or (np.diff(np.r_[0.0, cuts]) <= 0).any():
        raise OptionError(f"`at` is {list(at)!r}. Give times above 0, in ascending order.")
    known = data[data[time].notna() & data[event].notna()]
    ends = known[time].to_numpy(dtype=float)
    starts, stops = np.r_[BEFORE, cuts], np.r_[cuts, np.inf]
    person, part = np.nonzero(ends[:, None] > starts[None, :])
    stop = np.minimum(ends[person], stops[part])
    happened = known[event].to_numpy(dtype=float)[person] * (ends[person] <= stops[part])
    rows = known.iloc[person].assign(**{"start": starts[part], time: stop, event: happened, "part": part + 1})
    if arm is None:
        return rows.reset_index(drop=True)
    levels = levels_of(data[arm])
    reference = levels[0] if against is None else check_known("against", str(against), levels)
    text = rows[arm].astype(str)
    indicators = {
        indicator(level, k): ((text == level) & (rows["part"] == k)).astype(float)
        for level in levels
        if level != reference
        for k in range(1, len(starts) + 1)
    }
    return rows.assign(**indicators).reset_index(drop=True)


def levels_of(column: pd.Series) -> list[str]:
    """Return the levels of a column that occur, in their order."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return [str(level) for level in column.cat.categories if (column == level).any()]
    return sorted(column.dropna().astype(str).unique())


def indicator(level: str, part: int) -> str:
    """Return the name of the indicator of a level in a part.

    Examples
    --------
    >>> indicator("usual care", 2)
    'usual_care_2'
    """
    return f"{re.sub(r'[^0-9A-Za-z]', '_', level)}_{part}"
