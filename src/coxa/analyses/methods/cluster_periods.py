"""The mixed model of clusters in periods: treatment, period, effects of clusters and of clusters in periods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from coxa.analyses.methods.crossover import over_periods
from coxa.analyses.methods.means import MeansMethod, differences, margins, of_means
from coxa.analyses.methods.method import Telling, Words, options_of
from coxa.analyses.methods.mmrm import MISSING, likelihood, likelihood_words
from coxa.analyses.model_rows import rows_of_model
from coxa.analyses.rows import AnalysisRows
from coxa.estimates import Estimates, marginal_means
from coxa.estimates.means import numbers
from coxa.estimates.reference_grid import reference_grid
from coxa.models import Fit, fit_lmm
from coxa.models.results.run import AnyFit
from coxa.sentences import join_words
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.cluster_periods import EXPOSURE_TIME, ClusterPeriodModel
from coxa.study.wording import factor_words, model_formula

SINCE = "difference_by_exposure_time"
"""Term of the effect after so many periods since a cluster crossed, whose number `analysis` has: `since=2`."""


PERMUTED = (
    "In a further test clusters were permuted among the sequences, without regard to strata, with the periods adjusted "
    "for and the means of clusters weighed by variances of a model without the treatment."
)


class ClusterPeriodMethod(MeansMethod):
    """One model of all periods; a number is of a treatment over them."""

    diagnostics = True

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[Fit]:
        """Yield the model of all periods; of a cohort it has an effect of each participant too."""
        plan, rows = options_of(planned, ClusterPeriodModel), rows_of_model(planned, dataset)
        formula = model_formula(planned.study, planned.name, subgroup)
        if is_cohort(planned):
            formula += " + (1 | participant_id)"
        yield fit_lmm(
            formula,
            rows.dropna(subset=[plan.cluster]),
            participant="participant_id",
            visit="period",
            reml=plan.reml,
            ddf=plan.ddf,
        )

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield the mean of each treatment and their difference; by time since the step where the plan asks for it."""
        plan, (fit,) = options_of(planned, ClusterPeriodModel), map(of_means, fits)
        rows = rows_of_model(planned, dataset)
        if plan.effect == "by_exposure_time":
            yield over_periods(averaged(planned, fit), rows)
            yield since_the_step(planned, fit)
            return
        options: dict[str, Any] = {"by": None, "averaging": plan.averaging, "conf_level": plan.conf_level}
        yield over_periods(marginal_means(fit, "arm", **options), rows)
        yield over_periods(differences(planned, fit, **options), rows)
        if plan.margin is not None:
            yield over_periods(margins(planned, fit, **options), rows)

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called."""
        plan = options_of(planned, ClusterPeriodModel)
        effects = ["clusters", *(["clusters in periods"] if plan.correlation == "nested" else [])]
        since = ", effects by time since the step" if plan.effect == "by_exposure_time" else ""
        effects += ["participants"] if is_cohort(planned) else []
        return Words(
            title=f"Linear mixed model of treatment and period with random effects of {join_words(effects)}{since}",
            means="Estimated mean",
            missing=MISSING,
            whole=True,
            cites=("cluster-periods", "exposure-time", likelihood(reml=plan.reml)),
            ddf=plan.ddf,
        )

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield the model, its random effects, and what it takes the effect of the treatment to be."""
        planned, plan = telling.planned, options_of(telling.planned, ClusterPeriodModel)
        adjusted = f"; adjusted for {', '.join(plan.adjust)}" if plan.adjust else ""
        yield (
            f"A linear mixed model of {planned.variable}{telling.cite('cluster-periods')} was fitted by "
            f"{likelihood_words(telling, reml=plan.reml)}. Fixed effects: treatment and period as factors{adjusted}."
        )
        yield f"Random effects: {effects_words(planned)}."
        if plan.effect == "by_exposure_time":
            yield (
                "The treatment has an effect of its own for each number of periods since the cluster crossed; the "
                f"average of these, each alike, is reported{telling.cite('exposure-time')}."
            )
        else:
            yield (
                "The effect of the treatment is taken to be there in its first period and to stay the "
                f"same{telling.cite('exposure-time')}."
            )

        if plan.permutation and plan.effect == "immediate" and len(planned.study.treatment_order) == 2:
            yield PERMUTED

    def course(self, planned: PlannedAnalysis, word: str) -> Mapping[str, float]:
        """Return nothing: there is one number over all periods."""
        return {}


def is_cohort(planned: PlannedAnalysis) -> bool:
    """Return whether the same participants are seen in each period."""
    periods = planned.study.received_in_periods
    return periods is not None and periods.by_visit


def effects_words(planned: PlannedAnalysis) -> str:
    """Return the random effects of an analysis in words."""
    plan = options_of(planned, ClusterPeriodModel)
    cluster = factor_words(planned.study, plan.cluster)
    said = [f"each {cluster}"]
    if plan.correlation == "nested":
        said.append(f"each {cluster} in each period")
    if is_cohort(planned):
        said.append("each participant")
    return ", ".join(said)


def averaged(planned: PlannedAnalysis, fit: Fit) -> Estimates:
    """Return the mean before the step, the mean after it averaged over the times since, and their difference."""
    grid = reference_grid(fit, [EXPOSURE_TIME], averaging="equal")
    before, after = grid.rows[0], grid.rows[1:].mean(axis=0)
    compare = planned.compare[0]
    named = (
        (planned.against, "", "marginal_mean", ""),
        (compare, "", "marginal_mean", ""),
        (compare, planned.against, "difference", ""),
    )
    found = numbers(fit, np.array([before, after, after - before]), planned.analysis.conf_level)
    how = f"{fit.method}; average of the effects by time since the step, each alike"
    return _rows(fit, found, [(*each, how) for each in named])


def since_the_step(planned: PlannedAnalysis, fit: Fit) -> Estimates:
    """Return the effect after each number of periods since the step, which `analysis` has."""
    grid = reference_grid(fit, [EXPOSURE_TIME], averaging="equal")
    found = numbers(fit, grid.rows[1:] - grid.rows[0], planned.analysis.conf_level)
    how = f"{fit.method}; effect in that period since the step"
    pair = (planned.compare[0], planned.against, SINCE)
    return _rows(fit, found, [(*pair, f"since={key[0]}", how) for key in grid.keys[1:]])


def _rows(fit: Fit, found: Sequence[dict[str, float]], named: Sequence[tuple[str, str, str, str, str]]) -> Estimates:
    """Return estimates with arm, reference, term, analysis and method."""
    people = len(set(fit.sample.participant))
    return Estimates.of(
        {
            **row,
            "outcome": fit.outcome,
            "arm": arm,
            "reference": reference,
            "term": term,
            "analysis": analysis,
            "n_participants": people,
            "n_observations": len(fit.design.frame),
            "method": method,
            "warning": "; ".join(fit.warnings),
        }
        for (arm, reference, term, analysis, method), row in zip(named, found, strict=True)
    )


METHOD = ClusterPeriodMethod()
