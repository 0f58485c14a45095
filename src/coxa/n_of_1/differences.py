"""Differences within blocks: in each, the mean under one treatment less that under the other."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.errors import OptionError
from coxa.frames import Frame, as_pandas


@kinds(data=FRAME)
def block_differences(
    data: Frame,
    value: str,
    *,
    compare: str,
    against: str,
    participant: str = "participant_id",
    block: str = "block",
    treatment: str = "treatment",
    period: str = "period",
) -> pd.DataFrame:
    """Return the difference between two treatments in every block that has both.

    Parameters
    ----------
    data : frame
        One row per period, or per day of a period; rows without a value count as not recorded. Not changed.
    value : str
        Column of the outcome. Several rows of one treatment in a block are averaged.
    compare, against : str
        Treatments; the difference is `compare` less `against`.
    participant, block, treatment, period : str
        Columns. A block holds each treatment once, in random order; periods are numbered over the whole trial.

    Returns
    -------
    DataFrame
        One row per participant and block: `participant_id`, `block`, `compare`, `against` (means, in units of the
        outcome), `difference`, and `order`, 0.5 where `compare` came second and -0.5 where it came first. Blocks with
        one of the two treatments are left out.

    Raises
    ------
    OptionError
        A column is missing, or the treatments are the same.
    OptionError
        A block has a treatment in two periods.

    Examples
    --------
    >>> rows = {"participant_id": 1, "block": [1, 1, 2, 2], "period": [1, 2, 3, 4], "treatment": list("abba")}
    >>> data = pd.DataFrame({**rows, "y": [5, 3, 2, 6]})
    >>> block_differences(data, "y", compare="b", against="a")["difference"].tolist()
    [-2.0, -4.0]
    """
    frame = as_pandas(data)
    if compare == against:
        raise OptionError(f"`compare` and `against` are both {compare!r}. Name two treatments.")
    for name in (value, participant, block, treatment, period):
        if name not in frame.columns:
            known = ", ".join(map(str, frame.columns))
            raise OptionError(f"The rows have no column {name!r}. Name one of {known}.")
    words = frame[treatment].astype(str)
    rows = pd.DataFrame(
        {
            "participant_id": frame[participant].astype(str),
            "block": frame[block],
            "period": pd.to_numeric(frame[period]),
            "side": words.map({compare: "compare", against: "against"}),
            "value": pd.to_numeric(frame[value]),
        }
    ).dropna(subset=["side", "value"])
    cells = rows.groupby(["participant_id", "block", "side"], observed=True, sort=True)
    table = cells.agg(mean=("value", "mean"), first=("period", "min"), last=("period", "max")).unstack("side")
    empty = pd.DataFrame(columns=["participant_id", "block", "compare", "against", "difference", "order"])
    if table.empty or not {"compare", "against"} <= set(table["mean"].columns):
        return empty
    twice = (table["first"].ne(table["last"]) & table["first"].notna()).to_numpy().any(axis=1)
    if twice.any():
        person, where = table.index[int(twice.argmax())]
        raise OptionError(
            f"Participant {person} has a treatment in two periods of block {where}. Number blocks so that each has "
            "every treatment once."
        )
    complete = np.asarray(table["mean"].notna()).all(axis=1)
    both = table.iloc[np.flatnonzero(complete)]
    found = pd.DataFrame({"compare": both["mean"]["compare"], "against": both["mean"]["against"]})
    found["difference"] = found["compare"] - found["against"]
    found["order"] = (both["first"]["compare"] > both["first"]["against"]).astype(float) - 0.5
    return found.reset_index()
