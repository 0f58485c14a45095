"""One analysis of a plan on the data of its estimand: its models, and every number that it asks for."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.analyses.clusters import checked_clusters
from coxa.analyses.comparisons import adjust_planned, asked, join
from coxa.analyses.methods import method_of
from coxa.analyses.methods.means import in_subgroup
from coxa.analyses.model_rows import check_arms
from coxa.analyses.remedies import in_plan_words
from coxa.analyses.rows import AnalysisRows
from coxa.errors import FitError
from coxa.estimates import Estimates
from coxa.models import Fit
from coxa.study import Study
from coxa.study.analysis import Analysis
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
        A model cannot be fitted, or its convergence cannot be proved; its remedies are in the words of a plan.
    FewClustersError
        The clusters are too few for a primary comparison to be relied on, and the plan does not accept that.
    """
    estimand, method = study.estimands[analysis.estimand], method_of(analysis)
    check_arms(study, name, dataset)
    fits = tuple(planned_fits(study, name, dataset))
    estimates = join(method.estimates(study, name, fits, dataset))
    for subgroup in analysis.option("subgroups", ()):
        for fit in planned_fits(study, name, dataset, subgroup):
            estimates += in_subgroup(study, name, fit, subgroup)
    if analysis.multiplicity not in ("none", *SIMULTANEOUS):
        estimates = adjust_planned(estimates, analysis.multiplicity, estimand.endpoint.visit)
    named = Estimates(estimates.frame.assign(outcome=estimand.endpoint.outcome))
    labelled = named.labelled(estimand=analysis.estimand, analysis=name)
    planned = asked(labelled.frame, estimand.endpoint.visit)
    return fits, checked_clusters(study, name, labelled, planned, dataset.analysed)


def planned_fits(study: Study, name: str, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[Fit]:
    """Yield the models of an analysis: one over the visits, or one per visit; none where it has no model.

    Raises
    ------
    FitError
        A model cannot be fitted; its remedies are in the words of a plan.
    """
    try:
        yield from method_of(study.analyses[name]).fits(study, name, dataset, subgroup)
    except FitError as error:
        raise in_plan_words(study, name, error) from error
