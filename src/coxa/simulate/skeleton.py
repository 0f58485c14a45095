"""A plan with assumptions that say nothing: everything that it foresees happens, and nothing differs between arms.

From such data a report has every table, row and figure that the plan asks for, and no result that anyone believes.
"""

from __future__ import annotations

from coxa.study.assumptions.clusters import AssumedClusters
from coxa.study.assumptions.trial import (
    AssumedCovariate,
    AssumedDropout,
    AssumedEvent,
    AssumedSessions,
    Assumptions,
)
from coxa.study.comparative import ComparativeStudy
from coxa.study.words import OF_CLUSTERS

PER_ARM = 120
PER_CLUSTER = 10
USUAL = {"age": 50.0, "height": 170.0, "weight": 75.0}
OFTEN = 0.2
"""Probability of whatever may happen, large enough that each kind is there at every visit."""


def skeleton_study(study: ComparativeStudy) -> ComparativeStudy:
    """Return the plan with assumptions of no effect: events, gaps, dropout, sessions and harms in every arm.

    Parameters
    ----------
    study
        A checked plan, with assumptions of its own or without.

    Returns
    -------
    Study
        The same plan, for `simulate_study`; it has no data and no data cut.
    """
    events = {name: AssumedEvent(probability=OFTEN) for name in study.intercurrent_events}
    planned = any(arm.sessions_planned for arm in study.arms.values())
    assumed = Assumptions(
        participants=PER_ARM * len(study.arms),
        covariates=_covariates(study),
        clusters=_clusters(study),
        dropout=AssumedDropout(probability=OFTEN, gaps=OFTEN / 2),
        events=events,
        sessions=AssumedSessions(home_per_week=1.0) if planned else None,
        adverse_events=1.0,
        flares=1.0,
    )
    return study.model_copy(update={"assumptions": assumed, "data": None, "data_cut": None})


def _covariates(study: ComparativeStudy) -> dict[str, AssumedCovariate]:
    """Return numbers that nobody takes for errors, where the plan gives no range."""
    return {
        name: AssumedCovariate(mean=USUAL.get(name, 30.0), sd=4.0)
        for name, covariate in study.covariates.items()
        if covariate.type == "number" and covariate.range is None
    }


def _clusters(study: ComparativeStudy) -> dict[str, AssumedClusters]:
    """Return those of the plan's own assumptions, and one of each other factor that an analysis has effects of.

    Their variances are well above zero, so that no report of them stands at the edge.
    """
    found = dict(study.assumptions.clusters) if study.assumptions else {}
    for analysis in study.analyses.values():
        for name, effect in analysis.factors.items():
            levels = study.covariates[name].level_labels() if name in study.covariates else {}
            number = len(levels) or PER_ARM // PER_CLUSTER
            own = study.design in OF_CLUSTERS and not levels and not found
            only = {"arms": effect.only_in} if effect.only_in else {}
            found.setdefault(name, AssumedClusters(number=number, own_per_arm=own, **only))
    icc = OFTEN / max(len(found), 1)
    return {name: cluster.model_copy(update={"icc": icc}) for name, cluster in found.items()}
