"""The closed form of a plan's looks: power by look of each hypothesis, of a benefit or against a margin."""

from __future__ import annotations

import math

import numpy as np

from coxa.analyses.tested import plan_graph, planned_design
from coxa.arguments import kinds
from coxa.design.closed_form.means import imbalance_factor
from coxa.hypotheses import SequentialPower, sequential_power
from coxa.hypotheses.looks.inference import at_level
from coxa.simulate import TrialDesign, trial_design, true_values
from coxa.study.assumptions.correlation import visit_matrix
from coxa.study.assumptions.numbers import by_name
from coxa.study.comparative import COMPARATIVE, ComparativeStudy, PlannedAnalysis
from coxa.study.margin import benefit_of, claim_bound
from coxa.study.models.ancova import ANCOVA
from coxa.study.tested import comparison_of, tested


@kinds(study=COMPARATIVE)
def power_with_looks(study: ComparativeStudy, n: int | None = None) -> dict[str, SequentialPower]:
    """Return the power by look of the hypotheses of a plan, in closed form.

    Parameters
    ----------
    study : ComparativeStudy
        A plan with `interim` and `assumptions`.
    n : int, optional
        Participants of all arms together at the final analysis; those of the plan unless given.

    Returns
    -------
    dict
        Hypothesis -> its power by look, of each with a share of the level at the start and an analysis of `model:
        ancova` of a value or a change. Empty without looks.

    Notes
    -----
    The drift is (benefit - bound) / SE: benefit, the true difference in the direction of a benefit; bound, 0, minus the
    margin for non-inferiority, plus the margin for superiority by it; SE, that of `power_ancova` with the standard
    deviation, correlation with the baseline and dropout that the plan assumes. Each hypothesis has its starting share
    of the level, and nothing that others pass on. The normal statistic stands for the t of the analysis. Only the
    baseline is taken to explain anything.

    Examples
    --------
    >>> import coxa
    >>> plan = coxa.read_study("analyses/group_sequential/study.yaml")  # doctest: +SKIP
    >>> power_with_looks(plan)["pain"].power  # doctest: +SKIP
    """
    plan = tested(study)
    if plan is None or study.interim is None:
        return {}
    graph, design = plan_graph(plan), trial_design(study, n)
    shares = dict(zip(graph.names, graph.weights, strict=True))
    truths = {(one.estimand, one.arm, one.visit): one.value for one in true_values(design, n=20_000).values}
    found = {}
    for name, one in plan.tested.items():
        planned, (arm, visit) = study.planned(one.analysis), comparison_of(study, one)
        of_means = isinstance(planned.analysis, ANCOVA) and planned.response in ("value", "change")
        if not of_means or not shares[name]:
            continue
        benefit = benefit_of(planned, truths[planned.estimand_name, arm, visit])
        drift = (benefit - claim_bound(planned)) / _std_error(design, planned, arm, visit)
        local = at_level(planned_design(study), plan.alpha * shares[name])
        found[name] = sequential_power(local, drift=drift)
    return found


def _std_error(design: TrialDesign, planned: PlannedAnalysis, arm: str, visit: str) -> float:
    """Return the standard error of a difference at the final analysis."""
    k, at = design.outcomes.index(planned.outcome_name), design.visits.index(visit)
    together = float(visit_matrix(design.assumed[k].correlation, len(design.visits))[0, at])
    first, last = design.sd[k, 0], design.sd[k, at]
    adjusted = "baseline" in planned.analysis.names_used()
    if adjusted:
        variance = last**2 * (1 - together**2)
    elif planned.response == "change":
        variance = first**2 + last**2 - 2 * together * first * last
    else:
        variance = last**2
    leave = design.assumptions.dropout.probability
    stay = {one: design.numbers[place] * (1 - by_name(leave, one)) for place, one in enumerate(design.arms)}
    of_arms = 1 / stay[arm] + 1 / stay[planned.against]
    chance = imbalance_factor(float(np.sum(list(stay.values()))), 1) if adjusted else 1.0
    return math.sqrt(variance * of_arms * chance)
