"""The small records that a fit is made of or answers with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coxa.errors import OptionError

VISIT, COUNT = "visit of the model", "n"
"""Columns of the counted tables beside the factors."""


def criteria(loglik: float, parameters: int, p: int, n: int, participants: int, *, reml: bool) -> dict[str, float]:
    """Return AIC, AICC and BIC by name, smaller is better.

    Under restricted likelihood only covariance parameters are counted, as SAS and R print; under the full
    likelihood the p fixed effects are counted too. AICC uses the n observations (less fixed effects under restricted
    likelihood), BIC participants.
    """
    k = parameters + (0 if reml else p)
    counted = n - (p if reml else 0)
    small = 2 * k * counted / (counted - k - 1) if counted > k + 1 else np.inf
    deviance = -2 * loglik
    return {"aic": deviance + 2 * k, "aicc": deviance + small, "bic": deviance + k * float(np.log(participants))}


@dataclass(frozen=True, slots=True)
class LinearTest:
    """Result of testing that linear functions of the coefficients are zero, one entry per row."""

    estimate: np.ndarray
    std_error: np.ndarray
    df: np.ndarray
    statistic: np.ndarray
    p_value: np.ndarray


@dataclass(frozen=True, slots=True)
class JointTest:
    """Result of testing several linear functions together: F with `df` over `df_denominator`."""

    statistic: float
    df: int
    df_denominator: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Sample:
    """What was analysed.

    participant_column, visit_column : where they were read (visit_column is None for a model of one visit)
    participant, visit : (N,) of the analysed rows, in the order of the data; a fit of chunks has every participant once
                         and no visits
    visits             : labels of the visits in their order
    left_out           : rows left out: `row` (its label), participant, visit, `reason`
    group, weights     : (N,) covariance group and weight of each row; None where there are none
    times              : (N,) times of a covariance of distances; None where only the visits count
    """

    participant_column: str
    visit_column: str | None
    participant: np.ndarray
    visit: np.ndarray
    visits: tuple[Any, ...]
    left_out: pd.DataFrame
    group: np.ndarray | None = None
    weights: np.ndarray | None = None
    times: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Optimisation:
    """How the optimum was reached and what proves it.

    gradient_norm  : largest absolute derivative of the log-likelihood there
    min_eigenvalue : smallest eigenvalue of the observed information scaled to a unit diagonal; above zero
    seconds        : time spent by stage: formula, sums, optimiser, df
    """

    iterations: int
    gradient_norm: float
    min_eigenvalue: float
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Totals:
    """What a fit of chunks keeps of its rows, beside their sums.

    n_observations : analysed rows
    n_participants : participants with one or more of them
    means          : mean of each covariate over the rows
    cells          : rows of each combination of the factors' levels and the visit, in the column "n"
    people         : participants of each combination of the levels of the factors other than the visit
    """

    n_observations: int
    n_participants: int
    means: Mapping[str, float]
    cells: pd.DataFrame
    people: pd.DataFrame

    def chosen(self, table: pd.DataFrame, levels: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
        """Return the combinations with the levels named.

        Raises
        ------
        OptionError
            Participants were to be counted, but a factor varies within some of them.
        """
        if table is self.people and self.people[COUNT].sum() > self.n_participants:
            raise OptionError(
                "a factor of the model varies within a participant, and chunks do not count how many participants "
                "have each of its levels; fit the rows as one data frame"
            )
        keep = [table[name].isin(list(wanted)).to_numpy() for name, wanted in levels.items()]
        return table[np.logical_and.reduce(keep)] if keep else table
