"""One analysis of a plan on the data of its estimand: its models, and every number that it asks for."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.analyses.clusters import checked_clusters
from coxa.analyses.comparisons import adjust_planned, asked, join, with_unknown_spread
from coxa.analyses.margins import with_margin_tests
from coxa.analyses.methods import method_of
from coxa.analyses.model_rows import check_arms
from coxa.analyses.modifiers import modifier_estimates, shrunken_estimates
from coxa.analyses.periods import rows_in_periods
from coxa.analyses.remedies import in_plan_words
from coxa.analyses.rows import AnalysisRows
from coxa.errors import FitError
from coxa.estimates import Estimates
from coxa.models.results.run import AnyFit
from coxa.study.analysis import Analysis
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis
from coxa.study.words import SIMULTANEOUS


def run_analysis(
    study: ComparativeStudy, name: str, analysis: Analysis, dataset: AnalysisRows, *, comparisons_only: bool = False
) -> tuple[tuple[AnyFit, ...], Estimates]:
    """Run one analysis of the plan on the data of its estimand; return its models and all its numbers.

    With `comparisons_only` what the estimand does not compare may be left out, such as numbers of single arms.

    Raises
    ------
    EmptyCellError
        An arm that is compared has no outcome.
    FitError
        A model cannot be fitted, or its convergence cannot be proved; its remedies are in the words of a plan.
    FewClustersError
        The clusters are too few for a primary comparison to be relied on, and the plan does not accept that.
    """
    planned = study.planned(name)
    dataset = rows_in_periods(study, dataset)
    check_arms(planned, dataset)
    fits = tuple(planned_fits(planned, dataset))
    method = method_of(analysis)
    estimates = join((method.compared if comparisons_only else method.estimates)(planned, fits, dataset))
    estimates = with_margin_tests(planned, fits, dataset, estimates)
    for subgroup in analysis.option("subgroups", ()):
        for fit in planned_fits(planned, dataset, subgroup):
            within = method.in_subgroup(planned, fit, subgroup)
            estimates += within + shrunken_estimates(planned, within)
    if not comparisons_only:
        for found in modified(planned, dataset):
            estimates += found
    if analysis.multiplicity not in ("none", *SIMULTANEOUS):
        estimates = adjust_planned(estimates, planned)
    named = Estimates(with_unknown_spread(estimates.frame).assign(outcome=planned.outcome_name))
    labelled = named.labelled(estimand=analysis.estimand, analysis=name)
    comparisons = asked(labelled.frame, planned)
    return fits, checked_clusters(study, name, labelled, comparisons, dataset.analysed)


def planned_fits(planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[AnyFit]:
    """Yield the models of an analysis: one over the visits, or one per visit; none where it has no model.

    Raises
    ------
    FitError
        A model cannot be fitted; its remedies are in the words of a plan.
    """
    try:
        yield from method_of(planned.analysis).fits(planned, dataset, subgroup)
    except FitError as error:
        found = in_plan_words(planned.study, planned.name, error)
        raise (found if subgroup is None else _of_subgroup(found, subgroup)) from error


def _of_subgroup(error: FitError, subgroup: str) -> FitError:
    """Return an error that says that it is the model of a subgroup that cannot be fitted, not that of the analysis."""
    if "subgroup" in error.message:
        return error
    remedy = f"Take {subgroup} out of `subgroups`, or what it repeats out of `adjust`."
    return type(error)(f"{error.message}, in the model with subgroups by {subgroup}", (remedy, *error.remedies))


def modified(planned: PlannedAnalysis, dataset: AnalysisRows) -> Iterator[Estimates]:
    """Yield the differences over each modifier of an analysis.

    Raises
    ------
    FitError
        A model cannot be fitted; its remedies are in the words of a plan.
    """
    try:
        yield from modifier_estimates(planned, dataset)
    except FitError as error:
        raise in_plan_words(planned.study, planned.name, error) from error
