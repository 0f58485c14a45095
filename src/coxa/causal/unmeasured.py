"""What an unmeasured confounder as strong as each measured one would do to an estimate, and how strong tips it.

The bias of a difference of means by a variable U is the difference of the means of U between the groups times what one
unit of U adds to the outcome (Lin, Psaty & Kronmal, Biometrics 1998, 54:948-963). Each measured confounder gives such a
pair of numbers, as the benchmark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, TEXT, kinds
from coxa.cards import Carded
from coxa.causal.confounders import confounder_matrix, two_groups
from coxa.errors import FitError, check_known


@dataclass(frozen=True, slots=True, repr=False)
class Unmeasured(Carded):
    """How an estimate would change by an unmeasured confounder, with the measured ones as benchmarks.

    table         : one row per column of the measured confounders: `confounder`; `imbalance`, the standardised mean
                    difference of the groups; `association`, what one standard deviation adds to the outcome in
                    both groups; `bias`, their product in absolute size; `estimate_if_missed`, the estimate moved
                    towards zero by a second confounder as strong; `multiple`, how many times as strong tips it to
                    zero; `multiple_of_limit`, the same of the nearer limit, 0 where the interval includes zero
    tipping       : product of imbalance and association that moves the estimate to zero, in units of the outcome
    tipping_limit : the same for the nearer limit

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> data = pd.DataFrame({"age": rng.normal(60, 8, 200)})
    >>> data["group"] = np.where(data["age"] + rng.normal(0, 8, 200) > 60, "new", "old")
    >>> data["pain"] = 0.1 * data["age"] + rng.normal(0, 1, 200)
    >>> found = unmeasured_confounding(data, outcome="pain", group="group", treated="new", confounders=["age"],
    ...                                estimate=1.2, low=0.8, high=1.6)
    >>> round(found.tipping, 2), len(found.table)
    (1.2, 1)
    """

    table: pd.DataFrame
    tipping: float
    tipping_limit: float


@kinds(data=FRAME, outcome=TEXT, group=TEXT)
def unmeasured_confounding(
    data: pd.DataFrame,
    *,
    outcome: str,
    group: str,
    treated: object,
    confounders: Sequence[str],
    estimate: float,
    low: float,
    high: float,
) -> Unmeasured:
    """Return how strong an unmeasured confounder would have to be, with the measured ones as benchmarks.

    Parameters
    ----------
    data : DataFrame
        One row per participant.
    outcome, group : str
        Columns; rows without an outcome are left out of the associations.
    treated : label
        The group whose outcome less that of the other the estimate is.
    confounders : sequence of str
        Measured ones.
    estimate, low, high : float
        A difference of means or of risks with its limits, as it was estimated by any method.

    Returns
    -------
    Unmeasured

    Examples
    --------
    >>> data = pd.DataFrame({"group": list("ab") * 20, "age": np.arange(40) % 13.0, "y": np.arange(40) % 7.0})
    >>> made = unmeasured_confounding(data, outcome="y", group="group", treated="b", confounders=["age"], estimate=1.0,
    ...                               low=-0.5, high=2.5)
    >>> made.tipping_limit
    0.0
    """
    check_known("column", outcome, [str(column) for column in data.columns])
    chosen = two_groups(data, group, treated)
    columns, names = confounder_matrix(data, confounders)
    y = data[outcome].to_numpy(dtype=float)
    seen = np.isfinite(y)
    spread = columns.std(axis=0, ddof=1)
    if not (spread > 0).all():
        raise FitError(f"`{names[int(np.argmin(spread))]}` is the same in all rows", ["Leave it out of `confounders`."])
    scaled = (columns - columns.mean(axis=0)) / spread
    design = np.column_stack([np.ones(len(y)), chosen, scaled])[seen]
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise FitError("the confounders are collinear", ["Leave out a variable that follows from others."])
    slopes = np.linalg.lstsq(design, y[seen], rcond=None)[0][2:]
    imbalance = scaled[chosen].mean(axis=0) - scaled[~chosen].mean(axis=0)
    bias = np.abs(imbalance * slopes)
    near = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    with np.errstate(divide="ignore"):
        table = pd.DataFrame(
            {
                "confounder": names,
                "imbalance": imbalance,
                "association": slopes,
                "bias": bias,
                "estimate_if_missed": estimate - np.sign(estimate) * bias,
                "multiple": abs(estimate) / bias,
                "multiple_of_limit": near / bias,
            }
        )
    ranked = table.sort_values("bias", ascending=False, kind="stable").reset_index(drop=True)
    return Unmeasured(ranked, abs(estimate), near)
