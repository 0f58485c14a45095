"""Baseline, change and percent change."""

from __future__ import annotations

import numpy as np
import pandas as pd


def baseline_values(assessments: pd.DataFrame, outcome: str, visit: str) -> pd.Series:
    """Return the value of an outcome at the baseline visit, indexed by participant."""
    rows = assessments[(assessments["outcome"] == outcome) & (assessments["visit"] == visit)]
    return rows.set_index("participant_id")["value"].astype(float)


def change_from_baseline(value: pd.Series, baseline: pd.Series) -> pd.Series:
    """Return value minus baseline, in the outcome's unit; missing where either is."""
    return value - baseline


def percent_change_from_baseline(value: pd.Series, baseline: pd.Series) -> pd.Series:
    """Return 100 (value - baseline) / baseline; missing where either is, or the baseline is zero."""
    return 100.0 * (value - baseline) / baseline.where(baseline != 0, np.nan)
