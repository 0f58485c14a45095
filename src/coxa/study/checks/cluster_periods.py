"""What is wrong between the periods of clusters and the other parts of a plan."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.study.cluster_periods import PERIOD, ClusterPeriods, wedge_faults
from coxa.study.comparative import ComparativeStudy
from coxa.study.periods import Fault, period_faults
from coxa.study.words import GROUPINGS


def cluster_period_problems(study: ComparativeStudy, periods: ClusterPeriods) -> Iterator[Fault]:
    """Yield every disagreement between the periods of a plan, its clusters, covariates, estimands and analyses."""
    yield from period_faults(periods, study.arms, study.visits)
    if study.design == "stepped_wedge":
        yield from wedge_faults(periods, study.arms)
    yield from _cluster(study, periods)
    if not periods.by_visit:
        yield from _in_one_period(study, periods)


def _cluster(study: ComparativeStudy, periods: ClusterPeriods) -> Iterator[Fault]:
    """Yield the faults of what is allocated: an unknown column, or another one elsewhere in the plan."""
    categories = [name for name, covariate in study.covariates.items() if covariate.type == "category"]
    allowed = [*GROUPINGS, *(name for name in categories if name != PERIOD)]
    if periods.cluster not in allowed:
        text = f"'{periods.cluster}' is no column of clusters; choose one of {', '.join(allowed)}"
        yield ("periods", "cluster"), text
    drawn = study.allocation.cluster if study.allocation else None
    if drawn is not None and drawn != periods.cluster:
        yield (
            ("randomisation", "cluster"),
            f"'{drawn}' is randomised, and periods are of '{periods.cluster}'; write the same in both",
        )
    for name, analysis in study.analyses.items():
        if analysis.of_clusters and analysis.option("cluster") != periods.cluster:
            text = f"the clusters that cross over are {periods.cluster}; write `cluster: {periods.cluster}`"
            yield ("analyses", name, "cluster"), text


def _in_one_period(study: ComparativeStudy, periods: ClusterPeriods) -> Iterator[Fault]:
    """Yield the faults of a plan whose participants are in one period each."""
    given = study.covariates.get(PERIOD)
    if given is not None and tuple(given.level_labels()) != periods.calendar:
        yield (
            ("covariates", PERIOD),
            f"the levels of `{PERIOD}` are the periods of `calendar`; write {', '.join(periods.calendar)}, or leave "
            "the covariate out",
        )
    for name, estimand in study.estimands.items():
        if len(estimand.endpoint.visit) > 1:
            yield (
                ("estimands", name, "endpoint", "visit"),
                "each participant is in one period, and is compared at one visit; name one, or write an estimand for "
                "each",
            )
