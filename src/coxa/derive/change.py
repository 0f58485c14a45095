"""Baseline, change and percent change."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coxa.findings import Finding
from coxa.study import Study
from coxa.study.estimand import Estimand


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


def with_changes(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with `value` and `baseline` with `change` and `percent_change` as well."""
    return rows.assign(
        change=change_from_baseline(rows["value"], rows["baseline"]),
        percent_change=percent_change_from_baseline(rows["value"], rows["baseline"]),
    )


def uses_percent_change(study: Study, plan: Estimand) -> bool:
    """Say whether an estimand, the responders that it counts, or the report's profiles are in percent of baseline."""
    rules = study.outcomes[plan.endpoint.outcome].responder
    counted = plan.endpoint.measure == "responder" and any(rule.measure == "percent_change" for rule in rules)
    return counted or "percent_change" in (plan.endpoint.measure, study.report.measure)


def zero_baselines(rows: pd.DataFrame, outcome: str) -> list[Finding]:
    """Return a warning where values have no percent change because the baseline is 0.

    Parameters
    ----------
    rows
        participant_id, value and baseline, one row per participant and visit.
    outcome
        Name in the plan.
    """
    zero = rows[(rows["baseline"] == 0) & rows["value"].notna()]
    people = zero["participant_id"].unique()
    if not len(people):
        return []
    return [
        Finding(
            "warning",
            "assessments",
            "percent change from a baseline of 0 is not defined",
            (
                "Write `measure: change`, in the unit of the outcome, for the endpoint, the responder rule or "
                "the report. Without it these participants are left out of what uses percent change."
            ),
            participant_id=str(people[0]),
            field=outcome,
            value=f"baseline 0 in {len(people)} of {rows['participant_id'].nunique()} participants",
            n_rows=len(people),
        )
    ]
