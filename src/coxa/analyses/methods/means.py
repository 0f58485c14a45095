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
from coxa.estimates.simultaneous import PAIRWISE, Adjustment
from coxa.models import Fit
from coxa.models.results.run import AnyFit
from coxa.study.comparative import PlannedAnalysis
from coxa.study.parts import arm_factors
from coxa.study.words import SIMULTANEOUS


class MeansMethod(Method):
    """A method whose models have the arm, and the visit where they have several, as factors."""

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield the means and comparisons of each model, at each visit and over the course, as the plan asks."""
        for fit in fits:
            yield from model_estimates(planned, of_means(fit))

    def in_subgroup(self, planned: PlannedAnalysis, fit: AnyFit, subgroup: str) -> Estimates:
        """Return the comparisons within the levels of a subgroup and the test of the interaction."""
        return in_subgroup(planned, of_means(fit), subgroup)


def of_means(fit: AnyFit) -> Fit:
    """Return a model as one of means."""
    assert isinstance(fit, Fit)
    return fit


def model_estimates(planned: PlannedAnalysis, fit: Fit) -> Iterator[Estimates]:
    """Yield the means and comparisons of one model."""
    analysis = planned.analysis
    options: dict[str, Any] = {"averaging": analysis.option("averaging"), "conf_level": analysis.conf_level}
    yield from at_each_visit(planned, fit, options)
    days = {visit: float(planned.study.visits[visit].day) for visit in fit.sample.visits}
    for word in analysis.courses:
        profile = planned_profile(word, days, zero_at=zero_day(planned))
        yield marginal_means(fit, "arm", over_time=profile, **options)
        yield differences(planned, fit, over_time=profile, **options)
    if planned.study.design == "factorial":
        yield factorial_contrasts(fit, arm_factors(planned.study.arms), **options)


def at_each_visit(planned: PlannedAnalysis, fit: Fit, options: dict[str, Any]) -> Iterator[Estimates]:
    """Yield means, differences, tests of a margin and standardised differences."""
    analysis = planned.analysis
    yield marginal_means(fit, "arm", **options)
    compared = differences(planned, fit, **options)
    yield compared
    if analysis.option("margin") is not None:
        yield margins(planned, fit, **options)
    if analysis.option("standardised_effect"):
        yield standardised_by_model(fit, compared, conf_level=None, small_samples=True)


def differences(planned: PlannedAnalysis, fit: Fit, **options: Any) -> Estimates:
    """Return each compared arm against the estimand's comparator, or all pairs of arms for Tukey's adjustment."""
    multiplicity = planned.analysis.multiplicity
    if multiplicity == "tukey":
        return contrasts(fit, "arm", against=PAIRWISE, adjust="tukey", **options)
    adjust: Adjustment = "dunnett" if multiplicity == "dunnett" else "none"
    every = contrasts(fit, "arm", against=planned.against, adjust=adjust, **options)
    return Estimates(every.frame[every.frame["arm"].isin(planned.compare)].reset_index(drop=True))


def margins(planned: PlannedAnalysis, fit: Fit, **options: Any) -> Estimates:
    """Return the tests against the plan's margin at the visits that the estimand names.

    Dunnett's and Tukey's adjustment hold for them too, over all comparisons at a visit; others are made later.
    """
    analysis = planned.analysis
    margin = analysis.option("margin")
    every = contrasts(fit, "arm", against=planned.against, **options).frame
    chosen = every[asked(every, planned)].reset_index(drop=True)
    if chosen.empty:
        return Estimates(chosen)
    tested = margin_test(
        Estimates(chosen),
        margin.value,
        type=margin.type,
        higher_is_better=planned.higher_is_better,
        alpha=margin.alpha,
    )
    if analysis.multiplicity in SIMULTANEOUS:
        where = {name: value for name, value in options.items() if name != "conf_level"}
        rows = contrast_rows(fit, "arm", against=planned.against, **where)
        tested = simultaneous_margins(tested, fit, rows, analysis.multiplicity)
    return Estimates(tested.frame[tested.frame["arm"].isin(planned.compare)].reset_index(drop=True))


def in_subgroup(planned: PlannedAnalysis, fit: Fit, subgroup: str) -> Estimates:
    """Return the comparisons within the levels of a subgroup and the test of the interaction, from a joint model."""
    analysis = planned.analysis
    averaging = analysis.option("averaging")
    found = subgroup_contrasts(
        fit,
        subgroup,
        "arm",
        against=planned.against,
        averaging="equal" if averaging == "counterfactual" else averaging,
        conf_level=analysis.conf_level,
    ).frame
    keep = found["arm"].isin(("", *planned.compare))
    return Estimates(found[keep].reset_index(drop=True))
