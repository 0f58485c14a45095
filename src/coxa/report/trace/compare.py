"""Two sets of results, number by number: of two runs, or of two people who programmed the same plan."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.errors import OptionError
from coxa.report.trace.results import ADDRESS

TOLERANCE = 1e-9
"""Relative to the larger of the two numbers: what the order of additions on another machine can change, and no more."""

DIFFERENCE_COLUMNS = (*ADDRESS, "first", "second", "what")


@kinds(first=FRAME, second=FRAME)
def compare_results(first: pd.DataFrame, second: pd.DataFrame, tolerance: float = TOLERANCE) -> pd.DataFrame:
    """Return the numbers in which two sets of results differ.

    Parameters
    ----------
    first, second
        Results data sets; of their columns, those of `ADDRESS` and `value` are read. A number that is shown in
        several places counts once, unless it differs between them.
    tolerance
        Relative difference that is still the same number.

    Returns
    -------
    DataFrame
        DIFFERENCE_COLUMNS, empty where all agree; `what` is "differs", "only in the first" or "only in the second".

    Raises
    ------
    OptionError
        If a column is missing.

    Examples
    --------
    >>> frame = pd.DataFrame([dict.fromkeys(ADDRESS, "") | {"value": 1.0}])
    >>> compare_results(frame, frame).empty, compare_results(frame, frame.assign(value=2.0))["what"].tolist()
    (True, ['differs'])
    """
    both = _numbers(first, "first").merge(_numbers(second, "second"), how="outer", on=[*ADDRESS, "time"], sort=False)
    one, other = both["first"].to_numpy(float), both["second"].to_numpy(float)
    here, there = both["in_first"].notna().to_numpy(), both["in_second"].notna().to_numpy()
    same = np.isclose(one, other, rtol=tolerance, atol=0.0, equal_nan=True)
    what = np.where(~there, "only in the first", np.where(~here, "only in the second", "differs"))
    differs = both.assign(what=what)[~(here & there & same)]
    return differs[list(DIFFERENCE_COLUMNS)].reset_index(drop=True)


def _numbers(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the distinct numbers of a data set; several at one address are told apart by their order."""
    lacking = [column for column in (*ADDRESS, "value") if column not in frame]
    if lacking:
        raise OptionError(
            f"The {name} data set has no column {', '.join(lacking)}. Its columns are "
            f"{', '.join(map(str, frame.columns))}."
        )
    numbers = frame[[*ADDRESS, "value"]].copy()
    numbers[list(ADDRESS)] = numbers[list(ADDRESS)].astype(object).fillna("").astype(str)
    numbers = numbers.drop_duplicates(ignore_index=True)
    numbers["time"] = numbers.groupby(list(ADDRESS), sort=False).cumcount()
    return numbers.rename(columns={"value": name}).assign(**{f"in_{name}": True})
