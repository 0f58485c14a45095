"""The result of a trial carried to the case mix of a clinic, as `transport:` of its plan asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pandas as pd

from coxa.analyses.groups import KINDS
from coxa.analyses.model_rows import check_arms_at
from coxa.analyses.rows import AnalysisRows
from coxa.causal import Transported, transport
from coxa.causal.comparison import Estimator
from coxa.errors import FitError
from coxa.estimates import Estimates
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis
from coxa.study.transport import Transport

ESTIMATORS: dict[str, Estimator] = {
    "doubly_robust": "doubly_robust",
    "weighted": "weighted",
    "standardised": "g_computation",
}


@dataclass(frozen=True, slots=True)
class Carried:
    """One comparison of a trial in the case mix of a clinic.

    arm, visit : who is compared with the comparator, and when
    found      : the comparison in the trial and in the clinic, and who is unlike the trial
    without    : participants of the trial without a covariate, who are left out
    """

    planned: PlannedAnalysis = field(repr=False)
    arm: str
    visit: str
    found: Transported
    without: int

    def row(self, *, in_trial: bool = False) -> pd.Series:
        """Return the comparison that the estimand asks for, in the clinic or in the trial."""
        estimates: Estimates = self.found.in_trial if in_trial else self.found.estimates
        rows = estimates.frame
        asked = rows[(rows["term"] == self.planned.effect.term) & (rows["reference"] != "")]
        if asked.empty:
            raise FitError(f"there is no {self.planned.effect.words} in the clinic", ["Ask for a difference."])
        return asked.iloc[0]


def analysis_carried(study: ComparativeStudy, plan: Transport) -> PlannedAnalysis:
    """Return the analysis whose estimand is carried: the first primary one of it, else its first."""
    name = plan.estimand or study.main_analysis.estimand_name
    return study.analyses_of(name)[0]


def carried(
    planned: PlannedAnalysis, plan: Transport, dataset: AnalysisRows, clinic: pd.DataFrame
) -> Iterator[Carried]:
    """Yield each comparison of an estimand, visit by visit.

    Raises
    ------
    FitError
        Trial and clinic have nothing in common, or an arm has too few outcomes.
    """
    names = list(plan.covariates)
    for visit in planned.visits:
        rows = dataset.frame[dataset.frame["visit"] == visit]
        rows = rows[rows[planned.response].notna()]
        check_arms_at(planned, rows, visit)
        for arm in planned.compare:
            both = rows[rows["arm"].astype(str).isin([arm, planned.against])]
            known = both[names].notna().all(axis=1)
            kept = both[known].assign(arm=both.loc[known, "arm"].astype(str)).reset_index(drop=True)
            found = transport(
                _plain(kept, names), _plain(clinic, names), outcome=planned.response, arm="arm", treated=arm,
                covariates=names, estimator=ESTIMATORS[plan.estimator], kind=KINDS[planned.kind],
                conf_level=plan.conf_level,
            )  # fmt: skip
            yield Carried(planned, arm, visit, found, int((~known).sum()))


def _plain(rows: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return rows whose covariates are numbers or texts, so that trial and clinic have one order of levels."""
    return rows.assign(**{
        name: rows[name].astype(float)
        if pd.api.types.is_numeric_dtype(rows[name].dtype) and not pd.api.types.is_bool_dtype(rows[name].dtype)
        else rows[name].astype(str)
        for name in names
    })  # fmt: skip
