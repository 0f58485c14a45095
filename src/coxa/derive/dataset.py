"""The data of one estimand: one row per participant and visit, with what was done to each value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from coxa.cohort.disposition import Disposition
from coxa.findings import Findings


@dataclass(frozen=True, slots=True)
class AnalysisDataset:
    """The rows that an estimand is estimated from.

    estimand : name in the plan
    frame    : one row per participant of the analysis set and visit after baseline, sorted, with
               participant_id, arm, visit (both categorical, reference and earliest first), study_day, outcome,
               value, baseline, change, percent_change, responder (1, 0 or missing), every covariate of the plan,
               the analysis-set flags, `handled` (what an intercurrent-event strategy did to the value, or
               empty), `carried_forward` (True where the data say that the value is of an earlier visit),
               `source_table`, `source_file`, `source_row`, `source_column` of the value
    response : the column that is analysed
    """

    estimand: str
    frame: pd.DataFrame
    response: str
    findings: Findings
    disposition: Disposition
    derived: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What was derived from these rows once and is asked for again; it changes no row."""

    @property
    def analysed(self) -> pd.DataFrame:
        """The rows with a response."""
        return self.frame[self.frame[self.response].notna()]
