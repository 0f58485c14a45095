"""Training load of a session: how long times how hard."""

from __future__ import annotations

import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.derive.participant_days import broken, check_new, numbers, refuse

HARDEST = 10.0
"""Upper end of the scale of perceived exertion."""


@kinds(data=FRAME)
def session_load(
    data: pd.DataFrame,
    minutes: str = "training_minutes",
    exertion: str = "perceived_exertion",
    *,
    load: str = "training_load",
    participant: str = "participant_id",
) -> pd.DataFrame:
    """Add the load of the day: minutes times perceived exertion.

    Parameters
    ----------
    data : DataFrame
        One row per participant and day. Not changed.
    minutes, exertion : str
        Columns with minutes (0 on a day of rest) and with exertion, 0 to 10.
    load : str
        Name of the new column.
    participant : str
        Column that says whose row it is.

    Returns
    -------
    DataFrame
        A copy of the data with the load in arbitrary units (AU). 0 minutes are a load of 0, whether exertion is given
        or not; otherwise the load is missing where one of the two is.

    Raises
    ------
    OptionError
        A column is not there, or `load` is there already with values.
    DataError
        Minutes are below 0, exertion is outside 0 to 10, or a value is no number.

    Notes
    -----
    Source: the session-RPE method, Foster et al., International Journal of Sports Physiology and Performance 2021,
    16:612-621 (review by its authors).

    Examples
    --------
    >>> d = pd.DataFrame({"participant_id": "a", "training_minutes": [40, 0], "perceived_exertion": [5, None]})
    >>> session_load(d)["training_load"].tolist()
    [200.0, 0.0]
    """
    check_new(data, [load])
    length, hardness = numbers(data, minutes, participant), numbers(data, exertion, participant)
    remedy = "Correct the value, or leave it empty."
    outside = (hardness < 0) | (hardness > HARDEST)
    refuse(
        "training load cannot be computed:",
        broken(data, length < 0, participant, minutes, f"{minutes} is below 0", remedy)
        + broken(data, outside, participant, exertion, f"`{exertion}` is not between 0 and {HARDEST:g}", remedy),
    )
    return data.assign(**{load: (length * hardness).mask(length == 0, 0.0)})
