"""The small records that a fit is made of or answers with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd


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
    participant, visit : (N,) of the analysed rows, in the order of the data
    visits             : labels of the visits in their order
    left_out           : rows left out: `row` (its label), participant, visit, `reason`
    """

    participant_column: str
    visit_column: str | None
    participant: np.ndarray
    visit: np.ndarray
    visits: tuple[Any, ...]
    left_out: pd.DataFrame


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
