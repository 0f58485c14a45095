"""The main result of a report as one more study of a meta-analysis."""

from __future__ import annotations

import math

import pandas as pd

from coxa.report.record import ReportRecord
from coxa.study.comparative import PlannedAnalysis
from coxa.study.pool.plan import PoolMeasure
from coxa.study.pool.studies import ArmData, PooledStudy

TERMS: dict[PoolMeasure, tuple[str, ...]] = {
    "md": ("difference",),
    "smd": ("difference",),
    "rr": ("risk_ratio",),
    "or": ("odds_ratio",),
    "rd": ("risk_difference",),
}
"""Measure of a review -> kinds of rows of the main analysis that are it."""


def own_studies(report: ReportRecord, measure: PoolMeasure) -> dict[str, PooledStudy]:
    """Return the comparisons of the main analysis at its last visit; empty where it has none of this measure."""
    study, main = report.study, report.study.main_analysis
    rows = report.estimates.frame
    rows = rows[rows["analysis"].eq(main.name) & rows["term"].isin(TERMS.get(measure, ()))]
    rows = rows[rows["visit"].isin([main.estimand.endpoint.visit[-1], ""]) & rows["std_error"].notna()]
    found = {}
    for row in rows.to_dict("records"):
        spread = _spread(report, main, row["visit"], row["arm"], row["reference"]) if measure == "smd" else None
        if measure == "smd" and spread is None:
            continue
        arms = {
            role: ArmData(n=_people(report, main, row["visit"], row[name]))
            for role, name in (("compared", "arm"), ("reference", "reference"))
        }
        pair = f"{study.label('arms', row['arm'])} against {study.label('arms', row['reference'])}"
        found[f"own_{row['arm']}_{row['reference']}"] = PooledStudy(
            label=f"This trial: {pair}", source="this report", trial="own_trial", estimate=row["estimate"],
            std_error=row["std_error"], sd=spread, higher_is_better=main.scale.higher_is_better,
            context=f"analysis {main.name}, {study.label('visits', row['visit']) if row['visit'] else 'all visits'}",
            **arms,
        )  # fmt: skip
    return found


def _people(report: ReportRecord, main: PlannedAnalysis, visit: str, arm: str) -> int | None:
    rows = _rows(report, main, visit, arm)
    return int(rows["participant_id"].nunique()) or None


def _rows(report: ReportRecord, main: PlannedAnalysis, visit: str, arm: str) -> pd.DataFrame:
    rows = report.datasets[main.estimand_name].analysed
    rows = rows[rows["visit"].eq(visit)] if visit else rows
    return rows[rows["arm"].eq(arm)]


def _spread(report: ReportRecord, main: PlannedAnalysis, visit: str, *arms: str) -> float | None:
    """Return the standard deviation of the outcome at a visit, pooled of two arms; None where there are too few."""
    groups = [_rows(report, main, visit, arm)["value"].astype(float).dropna() for arm in arms]
    if any(len(group) < 2 for group in groups):
        return None
    squares = sum(float(((group - group.mean()) ** 2).sum()) for group in groups)
    pooled = math.sqrt(squares / (sum(map(len, groups)) - 2))
    return pooled or None
