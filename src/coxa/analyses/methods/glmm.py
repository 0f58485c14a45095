"""A generalised linear mixed model of a yes-or-no outcome or a count: risks and rates, conditional odds ratios."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from coxa.analyses.methods.gee import EXPOSURE, has_exposure, with_exposure
from coxa.analyses.methods.method import Method, Telling, Words, options_of
from coxa.analyses.methods.mmrm import MISSING
from coxa.analyses.model_rows import check_arms_at, check_cells, rows_of_model
from coxa.analyses.rows import AnalysisRows
from coxa.estimates import Estimates, fit_proportions, fit_rates, population_averaged, population_subgroups
from coxa.models import GLMMFit, fit_glmm
from coxa.models.results.run import AnyFit, ModelRun
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.glmm import GLMM
from coxa.study.wording import factor_words, model_formula, proportion_of

Family = Literal["binomial", "poisson", "negative_binomial"]

TITLES: dict[Family, str] = {
    "binomial": "Logistic mixed model",
    "poisson": "Poisson mixed model",
    "negative_binomial": "Negative binomial mixed model",
}
"""Family -> what a report calls its model."""


class GLMMMethod(Method):
    """One model of all visits with a random intercept, integrated by adaptive quadrature."""

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[AnyFit]:
        """Yield the model; where the random intercept is of a factor above the participants it is of one visit."""
        plan, rows = options_of(planned, GLMM), rows_of_model(planned, dataset)
        visits, family = tuple(map(str, rows["visit"].cat.categories)), family_of(planned)
        if len(visits) > 1:
            check_cells(planned, rows)
        else:
            check_arms_at(planned, rows, visits[0])
        rows, data = with_exposure(planned, rows, visits)
        fit = fit_glmm(
            model_formula(planned.study, planned.name, subgroup, visits),
            rows,
            family=family,
            quadrature=plan.quadrature,
            exposure=EXPOSURE if has_exposure(planned) else None,
            participant="participant_id",
            ddf=plan.ddf,
        )
        yield as_run(fit, visits, data)

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield what was observed at each visit, and the model's risks or rates with what they differ by."""
        rows = rows_of_model(planned, dataset)
        for visit in rows["visit"].cat.categories:
            yield observed(planned, rows[rows["visit"] == visit], str(visit))
        for fit in fits:
            yield modelled(planned, model_of(fit), rows)

    def in_subgroup(self, planned: PlannedAnalysis, fit: AnyFit, subgroup: str) -> Estimates:
        """Return the comparison of the estimand within the levels of a subgroup, and the test of the interaction."""
        found = population_subgroups(
            model_of(fit),
            subgroup,
            planned.effect.term,
            against=planned.against,
            compare=planned.compare,
            conf_level=planned.analysis.conf_level,
        ).frame
        return Estimates(found.assign(visit=fit.sample.visits[0]) if len(fit.sample.visits) == 1 else found)

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called."""
        plan = options_of(planned, GLMM)
        return Words(
            title=f"{TITLES[family_of(planned)]} with a random intercept of each {cluster_words(planned)}",
            missing=MISSING,
            whole=True,
            cites=("glmm", "ml"),
            ddf=None if plan.ddf == "normal" else plan.ddf,
        )

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield the model, how it was integrated, and what its numbers mean."""
        planned, plan, family = telling.planned, options_of(telling.planned, GLMM), family_of(telling.planned)
        how = "Laplace's approximation"
        if plan.quadrature > 1:
            how = f"adaptive Gauss-Hermite quadrature with {plan.quadrature} nodes"
        for formula in telling.formulas():
            yield (
                f"A {TITLES[family].lower()} of {planned.variable}{telling.cite('glmm')} was fitted by maximum "
                f"likelihood{telling.cite('ml')}, with a random intercept of each {cluster_words(planned)}, which was "
                f"integrated by {how}."
            )
            yield f"Fixed effects: {telling.terms(formula)}."
        yield from meaning(planned)
        if has_exposure(planned):
            yield "The logarithm of the exposure is an offset; rates are per unit of it."
        if plan.ddf == "normal":
            yield "Tests and limits are of the normal distribution."


def meaning(planned: PlannedAnalysis) -> Iterator[str]:
    """Yield what the numbers of the model mean: over all clusters, or given one."""
    cluster = cluster_words(planned)
    averaged = "were averaged over the random intercepts and over the participants with their covariates"
    if planned.kind == "binary":
        yield (
            f"Proportions {proportion_of(planned)} by the model {averaged}; differences, risk ratios and odds ratios "
            "compare these averages, with standard errors by the delta method."
        )
        same = "participants" if cluster == "participant" else f"participants of one {cluster}, or"
        yield (
            f"The conditional odds ratio compares {same} with the same random intercept and covariates, and is farther "
            "from 1 than the odds ratio of the averages."
        )
    else:
        yield (
            f"Rates by the model {averaged}; differences and ratios compare these averages, with standard errors by "
            "the delta method. A ratio of rates is the same given the random intercept."
        )


def family_of(planned: PlannedAnalysis) -> Family:
    """Return the family of the outcome of an analysis."""
    if planned.kind == "binary":
        return "binomial"
    return options_of(planned, GLMM).family or "negative_binomial"


def cluster_words(planned: PlannedAnalysis) -> str:
    """Return what has a random intercept, inside a sentence."""
    plan = options_of(planned, GLMM)
    return factor_words(planned.study, plan.cluster) if plan.random else "participant"


def model_of(fit: AnyFit) -> GLMMFit:
    """Return the fit that a record of a model holds."""
    assert isinstance(fit, ModelRun)
    model = fit.model
    assert isinstance(model, GLMMFit)
    return model


def as_run(fit: GLMMFit, visits: tuple[str, ...], data: str) -> ModelRun:
    """Return the record of a fit; that of one visit names it, and the call takes the rows that `data` makes."""
    sample, one = fit.sample, len(visits) == 1
    if one:
        there = np.full(len(sample.participant), visits[0], dtype=object)
        sample = replace(sample, visits=visits, visit=there)
    return ModelRun(
        formula=fit.formula,
        spec=replace(fit.spec, data=data),
        sample=sample,
        model=fit,
        method=fit.method,
        warnings=fit.warnings,
        ddf=fit.ddf,
        structure=fit.structure,
    )


def observed(planned: PlannedAnalysis, rows: pd.DataFrame, visit: str) -> Estimates:
    """Return the observed proportion of each arm at a visit with Wilson's limits, or its rate with Garwood's."""
    level, response = planned.analysis.conf_level, planned.response
    rows = rows[rows["arm"].astype(str).isin(planned.arms)]
    if planned.kind == "binary":
        found = fit_proportions(rows, response, against=planned.against, conf_level=level).only(term="risk")
    else:
        used = rows if has_exposure(planned) else rows.assign(**{EXPOSURE: 1.0})
        used = used[used[EXPOSURE] > 0]
        found = fit_rates(used, response, EXPOSURE, against=planned.against, conf_level=level).only(term="rate")
        people = used["arm"].astype(str).value_counts()
        found = Estimates(found.frame.assign(n_participants=[people[arm] for arm in found.frame["arm"]]))
    return Estimates(found.frame.assign(visit=visit))


def modelled(planned: PlannedAnalysis, fit: GLMMFit, rows: pd.DataFrame) -> Estimates:
    """Return the model's number of each arm at each visit as a marginal mean, and every comparison of the plan."""
    found = population_averaged(fit, against=planned.against, conf_level=planned.analysis.conf_level).frame
    found = found[found["arm"].isin(planned.arms)]
    if fit.sample.visit_column is None:
        found = found.assign(visit=str(rows["visit"].iloc[0]))
    counts = rows.groupby(["visit", "arm"], observed=True)["participant_id"].nunique()
    n = [
        int(sum(counts.get((visit, side), 0) for side in (arm, reference) if side))
        for visit, arm, reference in zip(found["visit"], found["arm"], found["reference"], strict=True)
    ]
    terms = found["term"].replace({"risk": "marginal_mean", "rate": "marginal_mean"})
    return Estimates(found.assign(term=terms, n_participants=n, n_observations=n).reset_index(drop=True))


METHOD = GLMMMethod()
