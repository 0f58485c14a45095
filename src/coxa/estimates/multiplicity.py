"""p-values adjusted for how many questions were asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pandas as pd
from statsmodels.stats.multitest import multipletests

from coxa.arguments import kinds
from coxa.errors import OptionError, check_option
from coxa.estimates.margins import with_verdicts
from coxa.estimates.table import ESTIMATES, Estimates
from coxa.models.results.record import RESULT_COLUMNS

Method = Literal["holm", "hochberg", "hommel", "bonferroni", "fdr"]

METHODS: dict[str, str] = {
    "holm": "holm",
    "hochberg": "simes-hochberg",
    "hommel": "hommel",
    "bonferroni": "bonferroni",
    "fdr": "fdr_bh",
}
"""Names of the methods, and what statsmodels calls them; fdr is that of Benjamini and Hochberg."""


@kinds(estimates=ESTIMATES)
def adjust_multiplicity(
    estimates: Estimates, method: Method = "holm", *, family: Sequence[str] = ("outcome", "visit")
) -> Estimates:
    """Adjust p-values within families of rows; estimates and limits stay as they are.

    Parameters
    ----------
    estimates : Estimates
    method : {"holm", "hochberg", "hommel", "bonferroni", "fdr"}
        By `statsmodels.stats.multitest.multipletests`.
    family : sequence of str
        Columns; rows that agree in all of them are one family. Empty for one family of all.

    Returns
    -------
    Estimates
        With the adjustment and the size of the family in `method`, and a `warning` that limits are not adjusted. A
        test against a margin has its verdict by the adjusted p-value.

    Raises
    ------
    OptionError
        The method or a column is not allowed, or a row has no p-value.

    Notes
    -----
    Sources: Holm, Scandinavian Journal of Statistics 1979, 6:65-70; Hochberg, Biometrika 1988, 75:800-802.

    Examples
    --------
    >>> rows = [{"term": "difference", "p_value": p} for p in (0.01, 0.04)]
    >>> adjust_multiplicity(Estimates.of(rows)).frame["p_value"].to_list()
    [0.02, 0.04]
    """
    check_option("method", method, tuple(METHODS))
    for column in family:
        check_option("column of a family", column, RESULT_COLUMNS)
    frame = estimates.frame
    if frame["p_value"].isna().any():
        raise OptionError("Rows of a family have no p-value. Choose the rows first by estimates.only(term=...).")
    keys = list(family)
    groups = frame.groupby(keys, sort=False).indices.values() if keys else [range(len(frame))]
    parts = []
    for rows in groups:
        part = frame.iloc[list(rows)]
        adjusted = multipletests(part["p_value"].to_numpy(), method=METHODS[method])[1]
        note = f"; p by {method} over {len(part)}"
        said = "limits not adjusted for multiplicity"
        warning = [f"{text}; {said}" if text else said for text in part["warning"]]
        parts.append(part.assign(p_value=adjusted, method=part["method"] + note, warning=warning))
    return Estimates(with_verdicts(pd.concat(parts).sort_index()))
