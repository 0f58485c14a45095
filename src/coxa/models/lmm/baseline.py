"""Rows with the baseline as an outcome, for a model in which the arms start alike."""

from __future__ import annotations

import pandas as pd

from coxa.models.design.rows import check_frame, check_keys
from coxa.models.mmrm.clda_rows import check_constant


def with_baseline(
    data: pd.DataFrame,
    *,
    response: str = "value",
    baseline: str = "baseline",
    participant: str = "participant_id",
    time: str = "study_day",
) -> pd.DataFrame:
    """Return the rows with one more for each participant: the baseline as the outcome at time 0.

    Parameters
    ----------
    data : DataFrame
        One row per participant and time after baseline. Not changed.
    response : str
        The outcome itself (not its change), on the scale of `baseline`.
    baseline : str
        Column that repeats the participant's baseline value; empty where it is missing.
    participant, time : str
        Columns; times are numbers since baseline.

    Raises
    ------
    OptionError
        A column is not there.
    DataError
        A row has no participant, or a participant has two baselines.

    Examples
    --------
    >>> d = pd.DataFrame({"participant_id": [1, 2], "study_day": [40, 44], "value": [7, 9], "baseline": [5, 6]})
    >>> with_baseline(d)[["participant_id", "study_day", "value"]].values.tolist()
    [[1, 0, 5], [2, 0, 6], [1, 40, 7], [2, 44, 9]]
    """
    data = check_frame(data)
    check_keys(data, (participant,))
    check_keys(data.head(0), (response, baseline, time))
    check_constant(data, participant, (baseline,))
    first = data.drop_duplicates(participant).copy()
    first[response], first[time] = first[baseline], 0
    return pd.concat([first, data], ignore_index=True)
