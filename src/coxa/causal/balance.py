"""How alike two groups are in their confounders, before and after weighting or matching. Nothing is tested.

Source: Austin & Stuart, Statistics in Medicine 2015, 34:3661-3679.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.cards import Carded
from coxa.causal.confounders import confounder_matrix
from coxa.causal.matching import Matched
from coxa.causal.weights import Target, Weights
from coxa.errors import OptionError

NEGLIGIBLE = 0.1
"""Largest standardised mean difference that counts as balance (Austin 2009, Statistics in Medicine 28:3083-3107)."""
Denominator = Literal["treated", "pooled"]
DENOMINATORS: dict[Target, Denominator] = {"ATT": "treated", "ATE": "pooled", "ATO": "pooled"}


@dataclass(frozen=True, slots=True, repr=False)
class CovariateBalance(Carded):
    """Standardised mean differences of confounders before and after weighting.

    table       : one row per column: `confounder, before, after, ratio_before, ratio_after, balanced`; differences are
                  treated less reference, in standard deviations; variance ratios are of numbers only
    denominator : "treated": the standard deviation of the treated; "pooled": the root of the mean of the two variances;
                  both before weighting
    bound       : largest absolute difference that counts as balanced

    Examples
    --------
    >>> from coxa.causal import balancing_weights
    >>> data = pd.DataFrame({"group": list("aaaabbb"), "age": [50.0, 61, 58, 70, 52, 66, 64]})
    >>> made = balancing_weights(data, group="group", treated="b", confounders=["age"], target="ATT", method="entropy")
    >>> balance_of(data, made, ["age"]).table[["before", "after"]].round(6).to_dict("records")
    [{'before': 0.121062, 'after': 0.0}]
    """

    table: pd.DataFrame
    denominator: Denominator
    bound: float

    @property
    def unbalanced(self) -> pd.DataFrame:
        """The rows that are farther apart than the bound after weighting."""
        return self.table[~self.table["balanced"]]


@kinds(data=FRAME)
def balance_of(
    data: pd.DataFrame,
    weights: Weights | Matched,
    confounders: Sequence[str],
    *,
    denominator: Denominator | None = None,
    bound: float = NEGLIGIBLE,
) -> CovariateBalance:
    """Compare two groups in their confounders, before and after weighting or matching.

    Parameters
    ----------
    data : DataFrame
        The rows that the weights are of.
    weights : Weights or Matched
    confounders : sequence of str
        Columns; every level of a category is one row.
    denominator : {"treated", "pooled"}, optional
        The standard deviation that differences are in; unless given that of the treated for ATT and for pairs, else
        the pooled one.
    bound : float, default 0.1
        Largest absolute difference that counts as balanced.

    Returns
    -------
    CovariateBalance

    Examples
    --------
    >>> from coxa.causal import match_nearest
    >>> data = pd.DataFrame({"group": list("aaabbb"), "age": [50.0, 61, 58, 52, 66, 64]})
    >>> pairs = match_nearest(data, group="group", treated="b", confounders=["age"], caliper=None)
    >>> balance_of(data, pairs, ["age"]).unbalanced["confounder"].tolist()
    ['age']
    """
    treated = weights.treated
    if len(treated) != len(data):
        raise OptionError(f"The weights are of {len(treated)} rows and the data have {len(data)}. Give the same rows.")
    w = weights.weight if isinstance(weights, Matched) else weights.value
    target: Target = "ATT" if isinstance(weights, Matched) else weights.target
    named: Denominator = denominator or DENOMINATORS[target]
    columns, names = every_level(data, confounders)
    rows = []
    for column, name in zip(columns.T, names, strict=True):
        binary = bool(np.isin(column, (0, 1)).all())
        before = [moments(column[treated == side], np.ones((treated == side).sum()), binary) for side in (True, False)]
        after = [moments(column[treated == side], w[treated == side], binary) for side in (True, False)]
        variances = [one[1] for one in before]
        spread = np.sqrt(variances[0] if named == "treated" else np.mean(variances))
        unit = spread if spread > 0 else np.nan
        apart = [(one[0][0] - one[1][0]) / unit if one[0][0] != one[1][0] else 0.0 for one in (before, after)]
        ratios = [np.nan if binary or one[1][1] == 0 else one[0][1] / one[1][1] for one in (before, after)]
        rows.append((name, *apart, *ratios, bool(abs(apart[1]) <= bound)))
    names_of = ["confounder", "before", "after", "ratio_before", "ratio_after", "balanced"]
    return CovariateBalance(pd.DataFrame(rows, columns=names_of), named, bound)


def every_level(data: pd.DataFrame, confounders: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """Return the columns of the confounders, with every level of a category of three or more."""
    from coxa.causal.confounders import levels_of

    columns, names = [], []
    for name in confounders:
        values, labels = confounder_matrix(data, [name])
        if len(labels) > 1:
            first = levels_of(data[name])[0]
            columns.append((data[name].astype(str) == first).to_numpy(float))
            names.append(f"{name}={first}")
        columns += list(values.T)
        names += labels
    return np.column_stack(columns), names


def moments(values: np.ndarray, w: np.ndarray, binary: bool) -> tuple[float, float]:
    """Return mean and variance: p (1 - p) of an indicator, else unbiased for weights that are no counts."""
    total = w.sum()
    mean = float(w @ values / total)
    if binary:
        return mean, mean * (1 - mean)
    free = total**2 - (w**2).sum()
    return mean, float(total / free * (w @ (values - mean) ** 2)) if free > 0 else float("nan")
