"""In which period each participant is, where each is in one, and what is added there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.means import added_by
from coxa.study.cluster_periods import PERIOD, ClusterPeriods

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class PlacedInPeriods:
    """Participants in periods of the calendar; nothing of it where everybody is seen in each period.

    design : the trial
    period : (n,) place of the period; None where there are no such periods
    count  : periods
    """

    design: TrialDesign = field(repr=False)
    period: Integers | None
    count: int

    @classmethod
    def of(cls, design: TrialDesign, codes: Mapping[str, Integers], n: int) -> PlacedInPeriods:
        """Divide the participants of each cluster evenly among the periods, in the order of enrolment."""
        periods = design.study.received_in_periods
        if not isinstance(periods, ClusterPeriods) or periods.by_visit:
            return cls(design, None, 1)
        count = len(periods.order)
        cluster = codes.get(periods.cluster, np.zeros(n, dtype=np.intp))
        order = np.argsort(cluster, kind="stable")
        sizes = np.bincount(cluster - cluster.min(initial=0))
        first = np.repeat(np.cumsum(sizes) - sizes, sizes)
        rank = np.empty(n, dtype=np.intp)
        rank[order] = (np.arange(n) - first) * count // np.repeat(sizes, sizes)
        return cls(design, rank, count)

    def covariates(self) -> dict[str, Integers]:
        """Return the period as a covariate."""
        return {} if self.period is None else {PERIOD: self.period}

    def added(self, arm: Integers) -> Floats | None:
        """Return (k, n) what treatment and period add after baseline; None where there are no such periods."""
        if self.period is None:
            return None
        return np.asarray(added_in_cells(self.design)[arm, :, self.period].T)


def added_in_cells(design: TrialDesign) -> Floats:
    """Return (a, k, p) what is added in each arm and period: its trend, and the treatment that the arm has then."""
    periods = design.study.received_in_periods
    assert periods is not None
    return np.array(
        [
            [
                [one.by_period.get(when, 0.0) + added_by(one, periods, arm, when) for when in periods.order]
                for one in design.assumed
            ]
            for arm in design.arms
        ]
    )
