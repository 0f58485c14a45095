"""The values of estimands whose treatments are received in periods, whoever receives them."""

from __future__ import annotations

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.in_cluster_periods import HOW_CLUSTERS, values_in_cluster_periods
from coxa.simulate.from_plan.in_periods import HOW, values_in_periods
from coxa.simulate.from_plan.own_sequences_truth import HOW_OWN, values_of_blocks
from coxa.simulate.truth import TrueValue
from coxa.study.cluster_periods import ClusterPeriods


def true_values_in_periods(design: TrialDesign, n: int, seed: int) -> tuple[list[TrueValue], str] | None:
    """Return the values with how they were obtained; None where treatments are not received in periods."""
    periods = design.study.received_in_periods
    if periods is None:
        return None
    if isinstance(periods, ClusterPeriods):
        return values_in_cluster_periods(design, n, seed), HOW_CLUSTERS
    if periods.own_sequences:
        return values_of_blocks(design, n, seed), HOW_OWN
    return values_in_periods(design, n, seed), HOW
