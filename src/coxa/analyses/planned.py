"""One analysis of a plan on the data of its estimand: its models, and every number that it asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from coxa.analyses.clusters import checked_clusters
from coxa.analyses.comparisons import adjust_planned, asked, join, with_unknown_spread
from coxa.analyses.margins import with_margin_tests
from coxa.analyses.methods import method_of
from coxa.analyses.model_rows import check_arms
from coxa.analyses.modifiers import modifier_estimates, shrunken_estimates
from coxa.analyses.not_fitted import NotFitted, part_not_fitted
from coxa.analyses.periods import rows_in_periods
from coxa.analyses.remedies import in_plan_words
from coxa.analyses.rows import AnalysisRows
from coxa.errors import FitError
from coxa.estimates import Estimates
from coxa.estimates.margins import without_verdicts
from coxa.models.results.run import AnyFit
from coxa.study.analysis import Analysis
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis
from coxa.study.tested import is_tested
from coxa.study.words import SIMULTANEOUS


class Analysed(NamedTuple):
    """What one analysis of a plan gives.

    fits       : its models
    estimates  : every number of it
    not_fitted : what the plan asks for beyond these and could not be fitted: a subgroup, a modifier, the comparison of
                 one of several arms, or that at one of several visits
    """

    fits: tuple[AnyFit, ...]
    estimates: Estimates
    not_fitted: tuple[NotFitted, ...] = ()


def run_analysis(
    study: ComparativeStudy, name: str, analysis: Analysis, dataset: AnalysisRows, *, comparisons_only: bool = False
) -> Analysed:
    """Run one analysis of the plan on the data of its estimand; return its models and all its numbers.

    With `comparisons_only` what the estimand does not compare may be left out, such as numbers of single arms. A part
    that cannot be fitted takes no other with it: it is in `not_fitted`. The comparisons that are left share their
    multiplicity with all that were planned.

    Raises
    ------
    EmptyCellError
        An arm that is compared has no outcome.
    FitError
        No model can be fitted, or its convergence be proved; its remedies are in the words of a plan.
    FewClustersError
        The clusters are too few for a primary comparison to be relied on, and the plan does not accept that.
    """
    planned = study.planned(name)
    dataset = rows_in_periods(study, dataset)
    compared, (fits, estimates), failed = _as_far_as_fitted(planned, dataset, comparisons_only)
    method = method_of(analysis)
    for subgroup in analysis.option("subgroups", ()):
        try:
            found = [method.in_subgroup(compared, fit, subgroup) for fit in planned_fits(compared, dataset, subgroup)]
        except FitError as error:
            failed.append(part_not_fitted(name, "subgroup", subgroup, error))
            continue
        for within in found:
            estimates += within + shrunken_estimates(compared, within)
    for modifier in analysis.option("modifiers", ()) if not comparisons_only else ():
        try:
            estimates = join([estimates, *_modified(compared, dataset, modifier)])
        except FitError as error:
            failed.append(part_not_fitted(name, "modifier", modifier, error))
    if analysis.multiplicity not in ("none", *SIMULTANEOUS):
        estimates = adjust_planned(estimates, planned, _planned_comparisons(planned) - _planned_comparisons(compared))
    if is_tested(study, name):
        estimates = without_verdicts(estimates)
    named = Estimates(with_unknown_spread(estimates.frame).assign(outcome=planned.outcome_name))
    labelled = named.labelled(estimand=analysis.estimand, analysis=name)
    comparisons = asked(labelled.frame, planned)
    return Analysed(fits, checked_clusters(study, name, labelled, comparisons, dataset.analysed), tuple(failed))


Compared = tuple[tuple[AnyFit, ...], Estimates]


def _as_far_as_fitted(
    planned: PlannedAnalysis, dataset: AnalysisRows, comparisons_only: bool
) -> tuple[PlannedAnalysis, Compared, list[NotFitted]]:
    """Return the analysis with the arms and visits that can be compared, its models and numbers, and what cannot be.

    Visits are told apart where each has its own model, and arms where each is compared with the comparator by itself.

    Raises
    ------
    FitError
        None can be.
    """
    try:
        return planned, _compared(planned, dataset, comparisons_only), []
    except FitError as error:
        whole = error
    failed: list[NotFitted] = []
    for part, names in _parts(planned):
        possible, why = [], []
        for one in names:
            try:
                _compared(narrowed(planned, part, (one,)), dataset, comparisons_only)
                possible.append(one)
            except FitError as error:
                why.append(part_not_fitted(planned.name, part, one, error))
        if not possible or not why:
            continue
        failed += why
        planned = narrowed(planned, part, tuple(possible))
        try:
            return planned, _compared(planned, dataset, comparisons_only), failed
        except FitError:
            continue
    raise whole


def _parts(planned: PlannedAnalysis) -> Iterator[tuple[Literal["visit", "arm"], tuple[str, ...]]]:
    """Yield what of an analysis is compared by itself: its visits, its arms; where there are several."""
    if not planned.analysis.over_visits and not planned.in_periods and len(planned.visits) > 1:
        yield "visit", planned.visits
    if method_of(planned.analysis).arms_apart(planned) and len(planned.compare) > 1:
        yield "arm", planned.compare


def narrowed(planned: PlannedAnalysis, part: Literal["visit", "arm"], names: tuple[str, ...]) -> PlannedAnalysis:
    """Return the analysis of a plan whose estimand names only some of its visits, or of the arms that it compares."""
    estimand, study = planned.estimand, planned.study
    if part == "visit":
        less = estimand.model_copy(update={"endpoint": estimand.endpoint.model_copy(update={"visit": names})})
    else:
        less = estimand.model_copy(update={"treatment": estimand.treatment.model_copy(update={"compare": names})})
    return study.model_copy(update={"estimands": {**study.estimands, planned.estimand_name: less}}).planned(
        planned.name
    )


def _planned_comparisons(planned: PlannedAnalysis) -> int:
    return len(planned.compare) * len(planned.visits)


def _compared(planned: PlannedAnalysis, dataset: AnalysisRows, comparisons_only: bool) -> Compared:
    """Return the models of an analysis and their numbers, with tests against a margin."""
    check_arms(planned, dataset)
    fits, method = tuple(planned_fits(planned, dataset)), method_of(planned.analysis)
    estimates = join((method.compared if comparisons_only else method.estimates)(planned, fits, dataset))
    return fits, with_margin_tests(planned, fits, dataset, estimates)


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
        raise in_plan_words(planned.study, planned.name, error) from error


def _modified(planned: PlannedAnalysis, dataset: AnalysisRows, modifier: str) -> Iterator[Estimates]:
    """Yield the differences over a modifier of an analysis.

    Raises
    ------
    FitError
        A model cannot be fitted; its remedies are in the words of a plan.
    """
    try:
        yield from modifier_estimates(planned, dataset, modifier)
    except FitError as error:
        raise in_plan_words(planned.study, planned.name, error) from error
