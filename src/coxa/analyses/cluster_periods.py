"""Clusters in periods: how alike clusters are by a model, the effects since the step, and the permutation test."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from coxa.analyses.methods.cluster_periods import SINCE, is_cohort
from coxa.analyses.model_rows import rows_of_model
from coxa.analyses.periods import rows_in_periods
from coxa.analyses.rows import AnalysisRows
from coxa.causal import PermutedClusters, permute_clusters
from coxa.errors import CoxaError
from coxa.models import Fit, fit_lmm
from coxa.study.cluster_periods import ClusterPeriods
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.cluster_periods import CLUSTER_PERIOD, ClusterPeriodModel


@dataclass(frozen=True, slots=True)
class Alike:
    """Variances of a model of clusters in periods, in squared units of the outcome, and what follows from them.

    cluster      : column of the clusters
    between      : of clusters
    passing      : of clusters in a period; None where the model has none
    participants : of participants who are seen in each period; None where each is in one
    residual     : of a value
    """

    cluster: str
    between: float
    passing: float | None
    participants: float | None
    residual: float

    @property
    def total(self) -> float:
        """Variance of a value, given treatment and period."""
        return self.between + (self.passing or 0.0) + (self.participants or 0.0) + self.residual

    @property
    def icc(self) -> float:
        """Correlation of two participants of a cluster in one period."""
        return (self.between + (self.passing or 0.0)) / self.total

    @property
    def between_periods(self) -> float:
        """Correlation of two participants of a cluster in two periods."""
        return self.between / self.total

    @property
    def autocorrelation(self) -> float | None:
        """Their ratio, the cluster autocorrelation; None where clusters are not alike at all."""
        return self.between_periods / self.icc if self.icc > 0 else None


def alike(planned: PlannedAnalysis, fit: Fit) -> Alike:
    """Return how alike clusters are by the model of an analysis."""
    table = fit.variance_components
    found = {str(name): float(value) for name, value in zip(table["factor"], table["variance"], strict=True)}
    plan = planned.analysis
    assert isinstance(plan, ClusterPeriodModel)
    return Alike(
        plan.cluster,
        found[plan.cluster],
        found.get(CLUSTER_PERIOD),
        found.get("participant_id"),
        found["residual"],
    )


def since_step(planned: PlannedAnalysis, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of an analysis by time since the step, with that time in `since`; none of other analyses."""
    start = f"{planned.name}[since="
    rows = frame[(frame["term"] == SINCE) & frame["analysis"].str.startswith(start)]
    return rows.assign(since=[name[len(start) : -1] for name in rows["analysis"]])


def permuted(planned: PlannedAnalysis, dataset: AnalysisRows) -> PermutedClusters | None:
    """Return the permutation test of an analysis; None of more than two treatments, or where no model can be fitted.

    Variances and the effects of covariates are those of a model without the treatment, which do not depend on the
    allocation.
    """
    plan, periods = planned.analysis, planned.study.received_in_periods
    assert isinstance(plan, ClusterPeriodModel)
    assert isinstance(periods, ClusterPeriods)
    if len(periods.treatments) != 2:
        return None
    rows = rows_of_model(planned, rows_in_periods(planned.study, dataset))
    rows = rows.dropna(subset=[plan.cluster, *(name for name in plan.names_used() if name in rows)])
    try:
        fit = fit_lmm(_without_treatment(planned, plan), rows, participant="participant_id", visit="period")
        found = alike(planned, fit)
        compared = planned.compare[0]
        return permute_clusters(
            rows.assign(left=_less_covariates(planned, fit, rows)),
            {arm: [float(one == compared) for one in row] for arm, row in periods.sequences.items()},
            outcome="left",
            cluster=plan.cluster,
            period="period",
            sequence="sequence",
            between=found.between + _of_participants(found, rows),
            within=found.residual,
            passing=found.passing or 0.0,
            conf_level=plan.conf_level,
        )
    except CoxaError:
        return None


def _without_treatment(planned: PlannedAnalysis, plan: ClusterPeriodModel) -> str:
    """Return the formula of the model without the treatment."""
    terms = ["period", *plan.adjust, *plan.random_terms()]
    if is_cohort(planned):
        terms.append("(1 | participant_id)")
    return f"{planned.response} ~ {' + '.join(terms)}"


def _of_participants(found: Alike, rows: pd.DataFrame) -> float:
    """Return what participants who are seen in each period add to the variance of the mean of a cluster."""
    if found.participants is None:
        return 0.0
    clusters = rows[found.cluster].nunique()
    return found.participants / max(rows["participant_id"].nunique() / max(clusters, 1), 1.0)


def _less_covariates(planned: PlannedAnalysis, fit: Fit, rows: pd.DataFrame) -> pd.Series:
    """Return the outcome less what the covariates add by a model without the treatment."""
    values = rows[planned.response].astype(float)
    if not planned.analysis.names_used():
        return values
    design = fit.design
    other = [k for k, name in enumerate(fit.params.index) if not str(name).startswith(("Intercept", "period["))]
    added = design.x[:, other] @ fit.params.to_numpy()[other]
    return pd.Series(values[design.complete].to_numpy() - added, index=rows.index[design.complete]).reindex(rows.index)
