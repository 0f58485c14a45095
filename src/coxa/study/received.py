"""What estimands compare: the arms themselves, or treatments that arms receive in periods."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from coxa.study.design_words import DesignWords
from coxa.study.labels import label_of
from coxa.study.periods import EVERY_PERIOD, EVERY_PERIOD_LABEL, OVER_PERIODS, Periods


class Received:
    """What a plan with arms says of treatments; a plan whose arms are sequences has its own `received_in_periods`."""

    __slots__ = ()

    words: ClassVar[DesignWords]

    if TYPE_CHECKING:

        @property
        def arm_order(self) -> tuple[str, ...]:
            """All arms, the reference first."""

    @property
    def received_in_periods(self) -> Periods | None:
        """Which treatment each arm receives in which period; None where an arm has one treatment."""
        return None

    @property
    def treatment_order(self) -> tuple[str, ...]:
        """What estimands compare: the arms, the reference first, or the treatments of the periods."""
        periods = self.received_in_periods
        return self.arm_order if periods is None else periods.treatment_order

    @property
    def compared_words(self) -> DesignWords:
        """The words of what estimands compare: arms or groups, or the treatments of the periods."""
        if self.received_in_periods is None:
            return self.words
        return replace(self.words, arm="treatment", arms="treatments")

    def visits_of_periods(self, endpoint: tuple[str, ...]) -> tuple[str, ...]:
        """Return the visits of a model: the ends of periods, or where each participant is in one those of an endpoint.

        Empty where an arm has one treatment.
        """
        periods = self.received_in_periods
        return () if periods is None else periods.visits or endpoint

    @property
    def over_periods(self) -> str:
        """When a number over the periods is measured, in words."""
        periods = self.received_in_periods
        return OVER_PERIODS if periods is not None and periods.own_sequences else "at the end of a period"

    def measured_at(self, visit: str, endpoint: tuple[str, ...]) -> str | None:
        """Return the visit at which a number is measured; None of one that is over the ends of all periods."""
        periods = self.received_in_periods
        if visit != EVERY_PERIOD or periods is None:
            return visit
        return None if periods.by_visit else endpoint[0]

    def label_in_periods(self, kind: str, name: str) -> str | None:
        """Return the label of a treatment among the arms, and of all periods among the visits; None of others."""
        periods = self.received_in_periods
        if periods is None:
            return None
        if kind == "arms" and name in periods.treatments:
            return label_of(name, periods.treatments[name])
        return EVERY_PERIOD_LABEL if kind == "visits" and name == EVERY_PERIOD else None
