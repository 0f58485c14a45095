"""Clusters that receive treatments in periods: a stepped wedge, a cluster crossover."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from pydantic import Field, model_validator

from coxa.study.parts import Arm, Name
from coxa.study.periods import Fault, Periods

PERIOD = "period"
"""Column of the participants table that says in which period a participant is, where each is in one."""

DELIVERED = "treatment_delivered"
"""Column of the participants, or of the assessments, with the treatment that the cluster really had then."""


class ClusterPeriods(Periods):
    """Which treatment clusters receive in which period; arms are the sequences that clusters are allocated to.

    With `visits` the same participants are seen in each period (a closed cohort), with `calendar` each participant
    is in one period (cross-sectional), which the column `period` of the participants table names.

    Examples
    --------
    >>> keys = {"treatments": {"usual": "Usual", "new": "New"}, "calendar": ["q1", "q2", "q3"]}
    >>> periods = ClusterPeriods.model_validate(keys | {"crosses": {"early": 2, "late": 3}})
    >>> periods.sequences["late"], periods.exposure("early", "q3")
    (('usual', 'usual', 'new'), 2)
    """

    cluster: Name = Field(
        "site_id", description="What is allocated to a sequence as a whole: a column of the participants."
    )
    sequences: dict[Name, tuple[Name, ...]] = Field(
        default_factory=dict, description="Arm: the treatments that it receives, one for each period, in order."
    )
    crosses: dict[Name, int] = Field(
        default_factory=dict,
        description="Instead of `sequences`: arm: the number of the period in which it changes from the first "
        "treatment to the second, and stays there.",
    )
    visits: tuple[Name, ...] = Field(
        (), description="Of a closed cohort: the visit at the end of each period, in order; everybody has all of them."
    )
    calendar: tuple[Name, ...] = Field(
        (),
        description="Cross-sectional: names of the periods in order, as the column `period` of the participants has "
        "them; each participant is in one.",
    )

    @model_validator(mode="before")
    @classmethod
    def _sequences_of_steps(cls, given: Any) -> Any:
        """Write out the sequences of arms of which the period of the step is given."""
        if not isinstance(given, Mapping) or not isinstance(given.get("crosses"), Mapping) or given.get("sequences"):
            return given
        treatments, count = given.get("treatments"), len(given.get("visits") or given.get("calendar") or ())
        if not isinstance(treatments, Mapping) or len(treatments) != 2 or not count:
            return given  # said below
        first, second = treatments
        steps = {arm: step for arm, step in given["crosses"].items() if isinstance(step, int)}
        rows = {
            arm: [first if place < step else second for place in range(1, count + 1)] for arm, step in steps.items()
        }
        return {**given, "sequences": rows}

    @model_validator(mode="after")
    def _one_way_of_counting(self) -> ClusterPeriods:
        if bool(self.visits) == bool(self.calendar):
            raise ValueError(
                "periods are counted by visits or by the calendar; write `visits` where the same participants are "
                "seen in each period, or `calendar` where each participant is in one, and not both"
            )
        if self.baselines:
            raise ValueError("`baselines` are of a crossover of participants; remove them, and `adjust` for `baseline`")
        if len(self.order) < 2:
            raise ValueError("there is one period; clusters cross over between two or more")
        for arm, step in self.crosses.items():
            if not 1 <= step <= len(self.order) + 1:
                raise ValueError(
                    f"'{arm}' crosses in period {step}, and there are {len(self.order)}; write a number from 1 to "
                    f"{len(self.order)}, or {len(self.order) + 1} for never"
                )
        if self.crosses and len(self.treatments) != 2:
            raise ValueError(
                "`crosses` is from the first treatment to the second; write `sequences` where there are more"
            )
        if not self.sequences:
            raise ValueError("no sequence is given; write `sequences`, or `crosses`")
        return self

    @property
    def order(self) -> tuple[str, ...]:
        """What names the period of a row: its visit, or its level of `period`."""
        return self.visits or self.calendar

    @property
    def by_visit(self) -> bool:
        """Whether everybody is seen in each period."""
        return bool(self.visits)

    @property
    def exposures(self) -> tuple[int, ...]:
        """For how many periods in a row the second treatment, or a later one, is had anywhere; in order."""
        first = self.treatment_order[0]
        found = {
            self.exposure(arm, when)
            for arm in self.sequences
            for when in self.order
            if self.received(arm, when) != first
        }
        return tuple(sorted(found))


def wedge_faults(periods: ClusterPeriods, arms: Mapping[str, Arm]) -> Iterator[Fault]:
    """Yield the faults of the sequences of a stepped wedge: two treatments, and no way back."""
    at = ("periods", "sequences")
    if len(periods.treatments) != 2:
        yield ("periods", "treatments"), "a stepped wedge has two treatments, the first before the step; name two"
        return
    first, second = periods.treatment_order
    for arm, row in periods.sequences.items():
        if arm in arms and any(one == second and then == first for one, then in pairwise(row)):
            yield (
                (*at, arm),
                f"'{arm}' goes back to '{first}' after '{second}'; a stepped wedge goes one way: correct it, or write "
                "`design: cluster_crossover`",
            )
    if len(set(periods.sequences.values())) < 2:
        yield (
            at,
            "all arms step at the same time, and treatment cannot be separated from period; give them different steps",
        )
