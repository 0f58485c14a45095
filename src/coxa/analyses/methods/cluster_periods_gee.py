"""Estimating equations of clusters in periods: risks or rates of treatments, with standard errors over clusters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from coxa.analyses.methods.crossover import over_periods
from coxa.analyses.methods.gee import (
    EXPOSURE,
    GEEMethod,
    family_of,
    has_exposure,
    modelled,
    observed,
    with_exposure,
)
from coxa.analyses.methods.method import Telling, Words, options_of
from coxa.analyses.model_rows import check_arms_at, rows_of_model
from coxa.analyses.rows import AnalysisRows
from coxa.estimates import Estimates
from coxa.models import fit_gee
from coxa.models.results.run import AnyFit, ModelRun
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.cluster_periods_gee import ClusterPeriodGEE
from coxa.study.periods import EVERY_PERIOD
from coxa.study.wording import model_formula


class ClusterPeriodGEEMethod(GEEMethod):
    """One marginal model of all periods; a number is of a treatment over them."""

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[AnyFit]:
        """Yield the model of treatment and period."""
        plan, rows = options_of(planned, ClusterPeriodGEE), every_period(planned, dataset)
        check_arms_at(planned, rows, "any period")
        visits = planned.model_visits
        rows, data = with_exposure(planned, rows.dropna(subset=[plan.cluster]), visits)
        fit = fit_gee(
            model_formula(planned.study, planned.name, subgroup, visits),
            rows.assign(participant_id=range(len(rows))).drop(columns="visit"),
            cluster=plan.cluster,
            family=family_of(planned),
            working=plan.working,
            exposure=EXPOSURE if has_exposure(planned) else None,
            alpha=plan.alpha,
            vcov=plan.vcov,
            ddf=plan.ddf,
        )
        # each value counts by itself: the same participant may have several treatments
        people = rows["participant_id"].to_numpy()[fit.sample.participant.astype(int)]
        there = np.full(len(people), EVERY_PERIOD, dtype=object)
        yield ModelRun(
            formula=fit.formula,
            spec=replace(fit.spec, data=f"{data}.pipe(lambda d: d.assign(participant_id=range(len(d))))"),
            sample=replace(fit.sample, participant=people, visits=(EVERY_PERIOD,), visit=there),
            model=fit,
            method=fit.method,
            warnings=fit.warnings,
            ddf=fit.ddf,
            structure=fit.structure,
        )

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield what was observed under each treatment, and the model's risks or rates with what they differ by."""
        rows = every_period(planned, dataset)
        yield observed(planned, rows, EVERY_PERIOD)
        for fit in fits:
            yield over_periods(modelled(planned, fit, rows), rows)

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called."""
        found = super().words(planned, fits)
        return replace(found, cites=("cluster-periods", "exposure-time", *found.cites))

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield the model as of any marginal model, and what holds of periods."""
        yield from super().sentences(telling)
        yield (
            f"The period is a factor of the model{telling.cite('cluster-periods')}; the effect of the treatment is "
            f"taken to be there at once and to stay the same{telling.cite('exposure-time')}."
        )


def every_period(planned: PlannedAnalysis, dataset: AnalysisRows) -> pd.DataFrame:
    """Return the rows of the model as those of one visit, since a number is over all periods."""
    rows = rows_of_model(planned, dataset)
    return rows.assign(visit=pd.Categorical([EVERY_PERIOD] * len(rows), categories=[EVERY_PERIOD]))


METHOD = ClusterPeriodGEEMethod()
