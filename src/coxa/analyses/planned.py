"""One analysis of a plan on the data of its estimand: its models, and every number that it asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import add
from typing import Any, get_args

import numpy as np
import pandas as pd

from coxa.analyses.clusters import checked_clusters
from coxa.analyses.fits import check_arms, planned_fits
from coxa.analyses.rows import AnalysisRows
from coxa.estimates import (
    Estimates,
    adjust_multiplicity,
    contrast_rows,
    contrasts,
    factorial_contrasts,
    fit_proportions,
    margin_test,
    marginal_means,
    standardised_by_model,
    subgroup_contrasts,
)
from coxa.estimates.margins import MarginType, simultaneous_margins
from coxa.estimates.profile import planned_profile
from coxa.estimates.table import COMPARISONS
from coxa.models import Fit
from coxa.study import Study
from coxa.study.analysis import Analysis
from coxa.study.factorial import arm_factors
from coxa.study.scales import outcome_scale
from coxa.study.words import SIMULTANEOUS


def run_analysis(
    study: Study, name: str, analysis: Analysis, dataset: AnalysisRows
) -> tuple[tuple[Fit, ...], Estimates]:
    """Run one analysis of the plan on the data of its estimand; return its models and all its numbers.

    Raises
    ------
    EmptyCellError
        An arm that is compared has no outcome.
    FitError
        A model cannot be fitted, or its convergence cannot be proved.
    FewClustersError
        The clusters are too few for a primary comparison to be relied on, and the plan does not accept that.
    """
    estimand = study.estimands[analysis.estimand]
    check_arms(study, name, dataset)
    if analysis.model == "proportions":
        fits: tuple[Fit, ...] = ()
        parts = list(_proportions(study, analysis, dataset))
    else:
        fits = tuple(planned_fits(study, name, analysis, dataset))
        parts = [part for fit in fits for part in _model_estimates(study, analysis, fit)]
        parts += _subgroups(study, name, dataset)
    estimates = join(parts)
    if analysis.multiplicity not in ("none", *SIMULTANEOUS):
        estimates = adjust_planned(estimates, analysis.multiplicity, estimand.endpoint.visit)
    named = Estimates(estimates.frame.assign(outcome=estimand.endpoint.outcome))
    labelled = named.labelled(estimand=analysis.estimand, analysis=name)
    planned = asked(labelled.frame, estimand.endpoint.visit)
    return fits, checked_clusters(study, name, labelled, planned, dataset.analysed)


def join(parts: Iterable[Estimates]) -> Estimates:
    """Return all rows as one table."""
    return reduce(add, parts)


def asked(frame: pd.DataFrame, visits: tuple[str, ...]) -> pd.Series:
    """Tell which rows are comparisons that the estimand names: at its visits, or over the whole course."""
    return frame["term"].isin(COMPARISONS) & (frame["visit"].isin(visits) | frame["visit"].eq(""))


def adjust_planned(estimates: Estimates, method: str, visits: tuple[str, ...]) -> Estimates:
    """Adjust the p-values of two families, and leave the others.

    One is the comparisons that the estimand names, the other the tests of them against a margin.
    """
    frame = estimates.frame
    families = (asked(frame, visits), frame["term"].isin(get_args(MarginType)))
    adjusted = [adjust_multiplicity(Estimates(frame[mine]), method, family=()).frame for mine in families if mine.any()]
    return Estimates(pd.concat([*adjusted, frame[~np.logical_or(*families)]]).sort_index())


def _model_estimates(study: Study, analysis: Analysis, fit: Fit) -> Iterator[Estimates]:
    """Yield the means and comparisons of one model, at each visit and over the course, as the plan asks."""
    estimand = study.estimands[analysis.estimand]
    changed = estimand.endpoint.measure in ("change", "percent_change")
    days = {visit: float(study.visits[visit].day) for visit in fit.sample.visits}
    for word in ("by_visit", *(word for word in analysis.contrasts if word != "by_visit")):
        profile = planned_profile(word, days, zero_at=0.0 if changed else None)
        options: dict[str, Any] = {"weights": analysis.weights, "conf_level": analysis.conf_level, "over_time": profile}
        yield marginal_means(fit, "arm", **options)
        differences = _differences(analysis, estimand.treatment.compare, estimand.treatment.against, fit, options)
        yield differences
        if profile is not None:
            continue
        if analysis.margin is not None:
            yield _margin(study, analysis, fit, options)
        if analysis.standardised_effect:
            yield standardised_by_model(fit, differences, conf_level=None, small_samples=True)
    if study.design == "factorial":
        factors = arm_factors(study.arms)
        yield factorial_contrasts(fit, factors, weights=analysis.weights, conf_level=analysis.conf_level)


def _differences(
    analysis: Analysis, compare: tuple[str, ...], against: str, fit: Fit, options: dict[str, Any]
) -> Estimates:
    """Return each compared arm against the estimand's comparator, or all pairs of arms for Tukey's adjustment."""
    adjust = analysis.multiplicity if analysis.multiplicity in SIMULTANEOUS else "none"
    if adjust == "tukey":
        return contrasts(fit, "arm", against=None, adjust=adjust, **options)
    every = contrasts(fit, "arm", against=against, adjust=adjust, **options)
    return Estimates(every.frame[every.frame["arm"].isin(compare)].reset_index(drop=True))


def _margin(study: Study, analysis: Analysis, fit: Fit, options: dict[str, Any]) -> Estimates:
    """Return the tests against the plan's margin at the visits that the estimand names.

    Dunnett's and Tukey's adjustment hold for them too, over all comparisons at a visit; others are made later.
    """
    assert analysis.margin is not None
    estimand = study.estimands[analysis.estimand]
    endpoint, treatment = estimand.endpoint, estimand.treatment
    every = contrasts(fit, "arm", against=treatment.against, **options).frame
    chosen = every[asked(every, endpoint.visit)].reset_index(drop=True)
    if chosen.empty:
        return Estimates(chosen)
    tested = margin_test(
        Estimates(chosen),
        analysis.margin.value,
        type=analysis.margin.type,
        higher_is_better=outcome_scale(study.outcomes[endpoint.outcome]).higher_is_better,
        alpha=analysis.margin.alpha,
    )
    if analysis.multiplicity in SIMULTANEOUS:
        rows = contrast_rows(fit, "arm", against=treatment.against, weights=analysis.weights)
        tested = simultaneous_margins(tested, fit, rows, analysis.multiplicity)
    return Estimates(tested.frame[tested.frame["arm"].isin(treatment.compare)].reset_index(drop=True))


def _subgroups(study: Study, name: str, dataset: AnalysisRows) -> Iterator[Estimates]:
    """Yield the comparisons within subgroups and the interaction tests, each from one joint model."""
    analysis = study.analyses[name]
    treatment = study.estimands[analysis.estimand].treatment
    for subgroup in analysis.subgroups:
        for fit in planned_fits(study, name, analysis, dataset, subgroup):
            found = subgroup_contrasts(
                fit,
                subgroup,
                "arm",
                against=treatment.against,
                weights="equal" if analysis.weights == "counterfactual" else analysis.weights,
                conf_level=analysis.conf_level,
            ).frame
            keep = found["arm"].isin(("", *treatment.compare))
            yield Estimates(found[keep].reset_index(drop=True))


def _proportions(study: Study, analysis: Analysis, dataset: AnalysisRows) -> Iterator[Estimates]:
    """Yield responder proportions and their differences at each visit of the estimand."""
    estimand = study.estimands[analysis.estimand]
    for visit in estimand.endpoint.visit:
        rows = dataset.frame[dataset.frame["visit"] == visit]
        if analysis.missing_response == "non_responder":
            rows = rows.assign(responder=rows["responder"].fillna(0.0))
        found = fit_proportions(
            rows.dropna(subset=["responder"]),
            response="responder",
            arm="arm",
            against=estimand.treatment.against,
            conf_level=analysis.conf_level,
        )
        arms = (*estimand.treatment.compare, estimand.treatment.against)
        yield Estimates(found.frame[found.frame["arm"].isin(arms)].assign(visit=visit))
