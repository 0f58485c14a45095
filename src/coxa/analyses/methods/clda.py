"""A constrained longitudinal data analysis: the baseline is an outcome, with one mean for all arms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from coxa.analyses.methods.means import MeansMethod, differences, margins, of_means
from coxa.analyses.methods.method import Telling, Words, options_of, zero_day
from coxa.analyses.methods.mmrm import MISSING, likelihood, likelihood_words
from coxa.analyses.model_rows import check_cells, rows_of_model
from coxa.analyses.rows import AnalysisRows
from coxa.estimates import Estimates, marginal_means
from coxa.estimates.profile import Profile, planned_profile
from coxa.models import Fit, fit_clda
from coxa.models.results.run import AnyFit
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.clda import CLDA


class CLDAMethod(MeansMethod):
    """One model of the baseline and the visits after it."""

    diagnostics = True

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[Fit]:
        """Yield the model of the outcome itself, of all who have a value at baseline or later."""
        plan, there = options_of(planned, CLDA), rows_of_model(planned, dataset)
        check_cells(planned, there)
        visits = list(there["visit"].cat.categories)
        rows = dataset.frame[dataset.frame["visit"].isin(visits)]
        yield fit_clda(
            rows.assign(visit=rows["visit"].cat.remove_unused_categories()),
            adjust=plan.adjust,
            visits=visits,
            baseline_visit=planned.study.baseline_visit,
            covariance=plan.covariance,
            reml=plan.reml,
            ddf=plan.ddf,
            vcov=plan.vcov,
        )

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield means, of values or of changes as the estimand says, and differences at each visit and over them."""
        plan, (fit,) = options_of(planned, CLDA), map(of_means, fits)
        options: dict[str, Any] = {"averaging": plan.averaging, "conf_level": plan.conf_level}
        means = marginal_means(fit, "arm", **options)
        if planned.response == "change":
            yield from _changes(fit, means, planned.study.baseline_visit, options)
        else:
            yield means
        yield differences(planned, fit, **options)
        if plan.margin is not None:
            yield margins(planned, fit, **options)
        days = {visit: float(planned.study.visits[visit].day) for visit in fit.sample.visits[1:]}
        for word in plan.courses:
            profile = planned_profile(word, days, zero_at=zero_day(planned))
            yield differences(planned, fit, over_time=profile, **options)

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called."""
        plan = options_of(planned, CLDA)
        return Words(
            title="Constrained longitudinal data analysis: the baseline is an outcome, with one mean for all "
            "participants",
            means="Estimated mean",
            missing=MISSING,
            whole=True,
            cites=("clda", likelihood(reml=plan.reml)),
            ddf=plan.ddf,
        )

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield the model with its likelihood and fixed effects."""
        plan, planned = options_of(telling.planned, CLDA), telling.planned
        for formula in telling.formulas():
            yield (
                f"A constrained longitudinal data analysis of {planned.outcome_label}{telling.cite('clda')} was fitted "
                f"by {likelihood_words(telling, reml=plan.reml)}: a mixed model for repeated measures in which the "
                "baseline is an outcome, with one mean for all participants."
            )
            yield f"Fixed effects: {telling.terms(formula)}."
        if planned.response == "change":
            yield "Changes from baseline are differences between the model's means at a visit and at baseline."


def _changes(fit: Fit, means: Estimates, baseline: str, options: dict[str, Any]) -> Iterator[Estimates]:
    """Yield the mean change of each arm at each visit, with the numbers of values of the means there."""
    for visit in map(str, fit.sample.visits[1:]):
        change = Profile("average", {visit: 1.0, baseline: -1.0}, f"change from {baseline}")
        at = means.frame[means.frame["visit"] == visit]
        found = marginal_means(fit, "arm", over_time=change, **options).frame
        n = found["arm"].map(at.set_index("arm")["n_observations"])
        yield Estimates(found.assign(term="marginal_mean", visit=visit, n_observations=n))


METHOD = CLDAMethod()
