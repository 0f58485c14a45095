"""The days of a diary by its flares: on which one could begin, on which one does, and which are part of one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.derive.flare import FlareRule, days_at_risk, flares_of
from coxa.derive.participant_days import calendars, check_new, diary_days, numbers

ADDED = ("flare_at_risk", "flare", "in_flare")


@kinds(data=FRAME)
def flare_days(
    data: pd.DataFrame,
    rule: FlareRule | None = None,
    *,
    pain: str = "pain",
    participant: str = "participant_id",
    day: str = "study_day",
) -> pd.DataFrame:
    """Add to every day whether a flare could begin on it, does begin on it, and whether the day is part of one.

    Parameters
    ----------
    data, rule, pain, participant, day
        As for `coxa.diary.flares`.

    Returns
    -------
    DataFrame
        A copy of the data with `flare_at_risk` (the day is recorded, has a reference, and is not a later day of a
        flare), `flare` (1 where one begins, 0 where one could and does not, else missing) and `in_flare` (1 from the
        first to the last day of a flare, 0 on other recorded days, else missing).

    Raises
    ------
    OptionError, DataError
        As for `coxa.diary.flares`; also where one of the columns is there already.

    Examples
    --------
    >>> d = pd.DataFrame({"participant_id": "a", "study_day": range(1, 9), "pain": [3, 3, 3, 3, 5, 6, 5, 3]})
    >>> days = flare_days(d, FlareRule(reference_days=4))
    >>> days["flare"].tolist()
    [nan, nan, nan, nan, 1.0, nan, nan, 0.0]
    >>> days["in_flare"].tolist()
    [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0]
    """
    check_new(data, ADDED)
    definition, days = rule or FlareRule(), diary_days(data, participant, day)
    risk = np.zeros(len(data), dtype=bool)
    begins, within = np.full(len(data), np.nan), np.full(len(data), np.nan)
    for one in calendars(data, numbers(data, pain, participant), days, participant):
        found = flares_of(one.values, definition)
        at_risk = days_at_risk(one.values, found, definition)
        starts = np.where(at_risk, 0.0, np.nan)
        inside = np.where(np.isfinite(one.values), 0.0, np.nan)
        for episode in found:
            starts[episode.start] = 1.0
            inside[episode.start : episode.end + 1] = 1.0
        risk[one.places], begins[one.places] = at_risk[one.offsets], starts[one.offsets]
        within[one.places] = inside[one.offsets]
    return data.assign(flare_at_risk=risk, flare=begins, in_flare=within)
