"""What is estimated from a model of means: means and differences at each visit and over them, tests of a margin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from coxa.analyses.comparisons import asked
from coxa.analyses.methods.method import Method, zero_day
from coxa.analyses.rows import AnalysisRows
from coxa.estimates import (
    Estimates,
    contrast_rows,
    contrasts,
    factorial_contrasts,
    margin_test,
    marginal_means,
    standardised_by_model,
    subgroup_contrasts,
)
from coxa.estimates.margins import simultaneous_margins
from coxa.estimates.profile import planned_profile
from coxa.models import Fit
from coxa.study import Study
from coxa.study.analysis import Analysis
from coxa.study.factorial import arm_factors
from coxa.study.scales import outcome_scale
from coxa.study.words import SIMULTANEOUS


class MeansMethod(Method):
    """A method whose models have the arm, and the visit where they have several, as factors."""

    def estimates(self, study: Study, name: str, fits: Sequence[Fit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield the means and comparisons of each model, at each visit and over the course, as the plan asks."""
        for fit in fits:
            yield from model_estimates(study, name, fit)


def model_estimates(study: Study, name: str, fit: Fit) -> Iterator[Estimates]:
    """Yield the means and comparisons of one model."""
    analysis = study.analyses[name]
    options: dict[str, Any] = {"weights": analysis.option("weights"), "conf_level": analysis.conf_level}
    yield from at_each_visit(study, name, fit, options)
    days = {visit: float(study.visits[visit].day) for visit in fit.sample.visits}
    for word in analysis.courses:
        profile = planned_profile(word, days, zero_at=zero_day(study, name))
        yield marginal_means(fit, "arm", over_time=profile, **options)
        yield differences(study, analysis, fit, over_time=profile, **options)
    if study.design == "factorial":
        yield factorial_contrasts(fit, arm_factors(study.arms), **options)


def at_each_visit(study: Study, name: str, fit: Fit, options: dict[str, Any]) -> Iterator[Estimates]:
    """Yield means, differences, tests of a margin and standardised differences."""
    analysis = study.analyses[name]
    yield marginal_means(fit, "arm", **options)
    compared = differences(study, analysis, fit, **options)
    yield compared
    if analysis.option("margin") is not None:
        yield margins(study, analysis, fit, **options)
    if analysis.option("standardised_effect"):
        yield standardised_by_model(fit, compared, conf_level=None, small_samples=True)


def differences(study: Study, analysis: Analysis, fit: Fit, **options: Any) -> Estimates:
    """Return each compared arm against the estimand's comparator, or all pairs of arms for Tukey's adjustment."""
    treatment = study.estimands[analysis.estimand].treatment
    adjust = analysis.multiplicity if analysis.multiplicity in SIMULTANEOUS else "none"
    if adjust == "tukey":
        return contrasts(fit, "arm", against=None, adjust=adjust, **options)
    every = contrasts(fit, "arm", against=treatment.against, adjust=adjust, **options)
    return Estimates(every.frame[every.frame["arm"].isin(treatment.compare)].reset_index(drop=True))


def margins(study: Study, analysis: Analysis, fit: Fit, **options: Any) -> Estimates:
    """Return the tests against the plan's margin at the visits that the estimand names.

    Dunnett's and Tukey's adjustment hold for them too, over all comparisons at a visit; others are made later.
    """
    margin, estimand = analysis.option("margin"), study.estimands[analysis.estimand]
    endpoint, treatment = estimand.endpoint, estimand.treatment
    every = contrasts(fit, "arm", against=treatment.against, **options).frame
    chosen = every[asked(every, endpoint.visit)].reset_index(drop=True)
    if chosen.empty:
        return Estimates(chosen)
    tested = margin_test(
        Estimates(chosen),
        margin.value,
        type=margin.type,
        higher_is_better=outcome_scale(study.outcomes[endpoint.outcome]).higher_is_better,
        alpha=margin.alpha,
    )
    if analysis.multiplicity in SIMULTANEOUS:
        rows = contrast_rows(fit, "arm", against=treatment.against, weights=options["weights"])
        tested = simultaneous_margins(tested, fit, rows, analysis.multiplicity)
    return Estimates(tested.frame[tested.frame["arm"].isin(treatment.compare)].reset_index(drop=True))


def in_subgroup(study: Study, name: str, fit: Fit, subgroup: str) -> Estimates:
    """Return the comparisons within the levels of a subgroup and the test of the interaction, from a joint model."""
    analysis = study.analyses[name]
    treatment, weights = study.estimands[analysis.estimand].treatment, analysis.option("weights")
    found = subgroup_contrasts(
        fit,
        subgroup,
        "arm",
        against=treatment.against,
        weights="equal" if weights == "counterfactual" else weights,
        conf_level=analysis.conf_level,
    ).frame
    keep = found["arm"].isin(("", *treatment.compare))
    return Estimates(found[keep].reset_index(drop=True))
