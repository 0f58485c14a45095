"""Which rows of an estimand its model used: those with a value, less those of which a covariate is missing."""

from __future__ import annotations

import pandas as pd

from coxa.analyses.periods import rows_in_periods
from coxa.report.record import ReportRecord
from coxa.study.comparative import PlannedAnalysis

KEYS = ["participant_id", "visit"]


def modelled(report: ReportRecord, planned: PlannedAnalysis) -> pd.DataFrame:
    """Return the analysed rows of an estimand without those that the models of an analysis left out.

    Returns
    -------
    DataFrame
        Columns as `AnalysisDataset.frame`; all analysed rows where every covariate is known.
    """
    rows = rows_in_periods(report.study, report.datasets[planned.estimand_name]).analysed
    lost = [
        fit.left_out.rename(columns={fit.sample.visit_column or "": "visit"}).reindex(columns=KEYS)
        for fit in report.fits.get(planned.name, ())
        if len(fit.left_out)
    ]
    if not lost:
        return rows
    gone = pd.MultiIndex.from_frame(pd.concat(lost).astype(str))
    return rows[~pd.MultiIndex.from_frame(rows[KEYS].astype(str)).isin(gone)]
