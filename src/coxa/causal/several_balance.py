"""How alike several groups are in their confounders: the largest difference of two of them, before and after weighting.

Source of the largest pairwise difference: McCaffrey et al., Statistics in Medicine 2013, 32:3388-3414.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, permutations

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.cards import Carded
from coxa.causal.balance import DENOMINATORS, NEGLIGIBLE, CovariateBalance, Denominator, every_level, moments
from coxa.causal.several_weights import GroupWeights
from coxa.errors import OptionError


@dataclass(frozen=True, slots=True, repr=False)
class GroupsBalance(Carded):
    """Standardised mean differences of confounders between several groups, before and after weighting.

    table       : one row per column: `confounder`; `before`, `after`, the largest absolute difference of two groups;
                  `apart_before`, `apart_after`, the groups that have it; `balanced`
    pairs       : (group, reference) -> their balance, in the same standard deviations
    denominator : "pooled": the root of the mean of the variances of all groups; "treated": the standard deviation of
                  the focal group; both before weighting
    bound       : largest absolute difference that counts as balanced

    Examples
    --------
    >>> from coxa.causal import weights_of_groups
    >>> data = pd.DataFrame({"group": list("aaabbbccc"), "age": [50.0, 61, 58, 52, 66, 64, 55, 63, 49]})
    >>> made = weights_of_groups(data, group="group", confounders=["age"], method="entropy")
    >>> found = balance_of_groups(data, made, ["age"])
    >>> found.table[["before", "apart_before"]].round(3).to_dict("records"), bool(found.table["balanced"].all())
    ([{'before': 0.735, 'apart_before': ('b', 'c')}], True)
    """

    table: pd.DataFrame
    pairs: dict[tuple[str, str], CovariateBalance] = field(repr=False)
    denominator: Denominator
    bound: float

    @property
    def unbalanced(self) -> pd.DataFrame:
        """The rows in which two groups are farther apart than the bound after weighting."""
        return self.table[~self.table["balanced"]]


@kinds(data=FRAME)
def balance_of_groups(
    data: pd.DataFrame, weights: GroupWeights, confounders: Sequence[str], *, bound: float = NEGLIGIBLE
) -> GroupsBalance:
    """Compare several groups in their confounders, before and after weighting.

    Parameters
    ----------
    data : DataFrame
        The rows that the weights are of.
    weights : GroupWeights
    confounders : sequence of str
        Columns; every level of a category is one row.
    bound : float, default 0.1
        Largest absolute difference that counts as balanced.

    Returns
    -------
    GroupsBalance

    Raises
    ------
    OptionError
        Weights and data differ in their rows.

    Examples
    --------
    >>> from coxa.causal import weights_of_groups
    >>> data = pd.DataFrame({"group": list("aaabbbccc"), "age": [50.0, 61, 58, 52, 66, 64, 55, 63, 49]})
    >>> weights = weights_of_groups(data, group="group", confounders=["age"])
    >>> balance_of_groups(data, weights, ["age"]).pairs["a", "c"].table["before"].round(2).tolist()
    [0.1]
    """
    if len(weights.value) != len(data):
        raise OptionError(
            f"The weights are of {len(weights.value)} rows and the data have {len(data)}. Give the same rows."
        )
    columns, labels = every_level(data, confounders)
    binary = [bool(np.isin(column, (0, 1)).all()) for column in columns.T]
    before, after = (
        np.array([
            [moments(column[mine], w[mine], yes_no) for mine in weights.masks]
            for column, yes_no in zip(columns.T, binary, strict=True)
        ])
        for w in (np.ones(len(data)), weights.value)
    )  # fmt: skip
    variances = before[:, :, 1]
    focal = weights.names.index(weights.focal) if weights.focal else None
    spread = np.sqrt(variances.mean(axis=1) if focal is None else variances[:, focal])
    pairs = {}
    for new, old in permutations(range(len(weights.names)), 2):
        frame = pd.DataFrame({"confounder": labels})
        for name, each in (("before", before), ("after", after)):
            apart = each[:, new, 0] - each[:, old, 0]
            frame[name] = np.where(apart == 0, 0.0, apart / np.where(spread > 0, spread, np.nan))
        for name, each in (("ratio_before", before), ("ratio_after", after)):
            under = np.where(binary | (each[:, old, 1] == 0), np.nan, each[:, old, 1])
            frame[name] = each[:, new, 1] / under
        frame["balanced"] = frame["after"].abs() <= bound
        pairs[weights.names[new], weights.names[old]] = CovariateBalance(frame, DENOMINATORS[weights.target], bound)
    table = pd.DataFrame({"confounder": labels})
    for name in ("before", "after"):
        sizes = {pair: pairs[pair].table[name].abs().to_numpy() for pair in combinations(weights.names, 2)}
        stacked = np.array(list(sizes.values()))
        table[name] = stacked.max(axis=0)
        table[f"apart_{name}"] = [list(sizes)[place] for place in stacked.argmax(axis=0)]
    table["balanced"] = table["after"] <= bound
    return GroupsBalance(table, pairs, DENOMINATORS[weights.target], bound)
