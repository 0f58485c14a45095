"""A form has many answers, which share participant, visit and dates: what is asked of these is asked once a form."""

from __future__ import annotations

import numpy as np
import pandas as pd


def one_row_per_form(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the first answer of each participant, row of a file, visit and instrument; other tables as they are.

    Such answers have one date and one study day.

    Examples
    --------
    >>> answers = pd.DataFrame({"participant_id": ["a", "a", "b"], "item": ["p1", "p2", "p1"], "source_row": [2, 2, 3]})
    >>> one_row_per_form(answers.assign(visit="baseline", instrument="hoos", source_file="a.csv"))["item"].tolist()
    ['p1', 'p1']
    """
    if "item" not in frame:
        return frame
    form = frame["source_row"].to_numpy(dtype=np.int64)
    for name in ("participant_id", "visit", "instrument", "source_file"):
        codes, words = pd.factorize(frame[name])
        form = form * (len(words) + 1) + codes + 1
    return frame[~pd.Series(form, frame.index).duplicated()]
