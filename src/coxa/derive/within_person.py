"""What differs between persons, and what changes within them: two columns from one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.derive.participant_days import check_new, check_participants, column_list, diary_days, numbers
from coxa.errors import check_option

Centre = Literal["none", "grand_mean"]
CENTRES: tuple[Centre, ...] = ("none", "grand_mean")


@kinds(data=FRAME)
def within_between(
    data: pd.DataFrame,
    columns: str | Sequence[str],
    participant: str = "participant_id",
    *,
    day: str = "study_day",
    centre: Centre = "none",
) -> pd.DataFrame:
    """Split columns into the person's mean and the deviation from it.

    In a model with both parts, the coefficient of the first compares persons who differ by one unit on average,
    that of the second compares days of one person. They are different questions and may have opposite signs; one
    undivided column answers neither.

    Parameters
    ----------
    data : DataFrame
        One row per participant and day (or visit), (n, k). Not changed.
    columns : str or sequence of str
        Columns of numbers, in any unit.
    participant : str
        Column that says whose row it is.
    day : str
        Column of the day; where the data have it, a participant may have each day once.
    centre : {"none", "grand_mean"}
        ``grand_mean`` takes the mean of the persons' means (each person counts once) from the between part, so that
        the intercept is that of an average person. It changes no coefficient of the split columns.

    Returns
    -------
    DataFrame
        A copy of the data with ``<column>_between`` and ``<column>_within``, in the unit of the column. The mean is
        over the person's rows that have a value. Within is missing where the value is, between where the person has
        no value at all.

    Raises
    ------
    OptionError
        A column is not there, or the result would overwrite values of one.
    DataError
        A row has no participant, a value is no number, or a day occurs twice.

    Notes
    -----
    Sources: Mundlak, Econometrica 1978, 46:69-85; Enders & Tofighi, Psychological Methods 2007, 12:121-138; Curran &
    Bauer, Annual Review of Psychology 2011, 62:583-619. A mean of few days measures a person with error, which pulls
    the between coefficient towards the within one (Gottfredson 2019, PMC6435441). A column with a trend over the study
    should enter beside time, or the trend is part of the within effect (Wang & Maxwell, Psychological Methods 2015,
    20:63-83).

    Examples
    --------
    >>> d = pd.DataFrame({"participant_id": ["a", "a", "b", "b"], "load": [100, 300, 0, 100]})
    >>> split = within_between(d, "load")
    >>> split[["load_between", "load_within"]].to_numpy().tolist()
    [[200.0, -100.0], [200.0, 100.0], [50.0, -50.0], [50.0, 50.0]]
    >>> within_between(d, "load", centre="grand_mean")["load_between"].tolist()
    [75.0, 75.0, -75.0, -75.0]
    """
    check_option("centre", centre, CENTRES)
    names = column_list(columns)
    check_new(data, [f"{name}_{part}" for name in names for part in ("between", "within")])
    values = {name: numbers(data, name, participant) for name in names}
    if day in data.columns:
        diary_days(data, participant, day)
    else:
        check_participants(data, participant)
    who = data[participant]
    parts: dict[str, pd.Series] = {}
    for name, value in values.items():
        mean = value.groupby(who, observed=True).transform("mean")
        parts[f"{name}_between"] = mean - (_grand_mean(value, who) if centre == "grand_mean" else 0.0)
        parts[f"{name}_within"] = value - mean
    return data.assign(**parts)


def _grand_mean(value: pd.Series, who: pd.Series) -> float:
    return float(value.groupby(who, observed=True).mean().mean())
