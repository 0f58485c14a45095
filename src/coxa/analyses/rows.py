"""What an analysis needs of its data, whether derived from a cohort or simulated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import pandas as pd


class AnalysisRows(Protocol):
    """The rows that an estimand is estimated from; `coxa.derive.AnalysisDataset` is one.

    frame    : one row per participant and visit after baseline, with participant_id, arm, visit, the response and
               every covariate of the plan
    response : the column that is analysed
    analysed : the rows with a response
    """

    @property
    def frame(self) -> pd.DataFrame:
        """All rows."""
        ...

    @property
    def response(self) -> str:
        """The column that is analysed."""
        ...

    @property
    def analysed(self) -> pd.DataFrame:
        """The rows with a response."""
        ...


@dataclass(frozen=True)
class SimulatedRows:
    """Rows of a simulated trial, in the columns of `AnalysisRows`."""

    frame: pd.DataFrame
    response: str

    @cached_property
    def analysed(self) -> pd.DataFrame:
        """The rows with a response."""
        known = self.frame[self.response].notna()
        return self.frame if known.all() else self.frame[known]


def at_visit(rows: pd.DataFrame, visit: str) -> pd.DataFrame:
    """Return the rows of a visit: the frame itself where it has no others."""
    here = rows["visit"] == visit
    return rows if here.all() else rows[here]
