"""The closed form of a plan's clusters in periods: the assumptions of the plan put into the formula."""

from __future__ import annotations

import numpy as np

from coxa.arguments import kinds
from coxa.design.closed_form.answer import Power
from coxa.design.closed_form.clusters_in_periods import power_stepped_wedge
from coxa.simulate import TrialDesign, trial_design
from coxa.simulate.from_plan.truths import true_values
from coxa.study.assumptions.correlation import visit_matrix
from coxa.study.assumptions.numbers import by_name
from coxa.study.cluster_periods import ClusterPeriods
from coxa.study.comparative import COMPARATIVE, ComparativeStudy, PlannedAnalysis
from coxa.study.models.cluster_periods import ClusterPeriodModel


@kinds(study=COMPARATIVE)
def power_of_cluster_periods(study: ComparativeStudy, n: int | None = None) -> dict[str, Power]:
    """Return the power of the analyses of a plan whose clusters receive treatments in periods, in closed form.

    Parameters
    ----------
    study
        A plan with `design: stepped_wedge` or `cluster_crossover` and `assumptions`.
    n
        Participants of the whole trial; those of the plan unless given.

    Returns
    -------
    dict
        Analysis -> its power, as `power_stepped_wedge` has it, of each `model: cluster_periods` with two treatments
        and an immediate effect on a value. Empty for other plans, and without assumed clusters that cross over.

    Notes
    -----
    Schedule, standard deviation, intraclass correlation, autocorrelations and decay are those that the plan assumes;
    the effect is its truth. Participants who leave are taken off each cluster evenly. Nothing is gained from
    covariates, so that an analysis which adjusts for the baseline has more power.

    Examples
    --------
    >>> import coxa
    >>> power_of_cluster_periods(coxa.preset("moa-2013"))
    {}
    """
    periods = study.received_in_periods
    clusters = study.assumptions.clusters if study.assumptions else {}
    if not isinstance(periods, ClusterPeriods) or periods.cluster not in clusters or len(periods.treatments) != 2:
        return {}
    design = trial_design(study, n)
    truths = {(one.estimand, one.arm): one.value for one in true_values(design, n=20_000).values}
    found = {}
    for planned in study.planned_analyses:
        plan = planned.analysis
        if isinstance(plan, ClusterPeriodModel) and plan.effect == "immediate" and planned.response == "value":
            difference = truths[planned.estimand_name, planned.compare[0]]
            found[planned.name] = _power(design, planned, periods, difference)
    return found


def _power(design: TrialDesign, planned: PlannedAnalysis, periods: ClusterPeriods, difference: float) -> Power:
    """Return the power of one analysis."""
    assumed = design.assumptions.clusters[periods.cluster]
    per_arm = assumed.number if assumed.own_per_arm else assumed.number // len(design.arms)
    compared = planned.compare[0]
    schedule = [
        [float(one == compared) for one in periods.sequences[arm]] for arm in design.arms for _ in range(per_arm)
    ]
    k = design.outcomes.index(planned.outcome_name)
    at = design.visits.index(planned.endpoint.visit[0])
    icc, cac = by_name(assumed.icc, planned.outcome_name), assumed.autocorrelation
    size = design.n / len(schedule) / (1 if periods.by_visit else len(periods.order))
    left = np.mean([by_name(design.assumptions.dropout.probability, arm) for arm in design.arms])
    together = float(visit_matrix(design.assumed[k].correlation, len(design.visits))[at, at - 1])
    person = (together - icc * cac) / (1 - icc) if periods.by_visit else 0.0
    return power_stepped_wedge(
        schedule=schedule,
        difference=difference,
        sd=float(design.sd[k, at]),
        icc=icc,
        cluster_size=size * float(1 - left),
        cluster_autocorrelation=cac,
        individual_autocorrelation=min(max(person, 0.0), 1.0),
        decay=assumed.decays,
        alpha=1 - planned.analysis.conf_level,
    )
