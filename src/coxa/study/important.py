"""The difference of an outcome that patients call important, with its source, and how an estimate compares with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coxa.instruments.threshold_lookup import IMPORTANT_CHANGE
from coxa.study.estimand import Endpoint
from coxa.study.parts import Outcome, ReportedThreshold
from coxa.study.responders import KIND_WORDS, published_threshold
from coxa.study.scales import outcome_scale


@dataclass(frozen=True, slots=True)
class Important:
    """A difference that matters.

    value  : above 0, in units of the outcome
    unit   : of the outcome
    what   : what it is, in words that follow the number: "points that patients call important"
    source : where it comes from
    """

    value: float
    unit: str
    what: str
    source: str

    @property
    def amount(self) -> str:
        """Return "1.5 points that patients call important"."""
        return f"{self.value:g} {self.unit} {self.what}"


def important_difference(
    endpoint: Endpoint, outcome: Outcome, thresholds: Sequence[ReportedThreshold] = ()
) -> Important | None:
    """Return the important difference of an endpoint's outcome; None where the plan names none with a source.

    That of the outcome counts first, then a published threshold of change that the report names, and last the
    improvement that makes one participant a responder. A percent change and a response have none.
    """
    if endpoint.measure not in ("value", "change"):
        return None
    unit = outcome_scale(outcome).unit
    if outcome.important_difference is not None:
        given = outcome.important_difference
        return Important(given.value, unit, "that patients call important", given.source)
    for asked in thresholds:
        if asked.outcome == endpoint.outcome and asked.kind in IMPORTANT_CHANGE:
            found = published_threshold(outcome, asked)
            assert found.value is not None
            return Important(found.value, unit, f"of the {KIND_WORDS[found.kind]}", found.citation)
    for rule in outcome.responder:
        if rule.measure == "change" and rule.source:
            return Important(rule.at_least, unit, "of improvement that make a participant a responder", rule.source)
    return None


def compared_with(important: Important, estimate: float, low: float, high: float) -> tuple[str, str]:
    """Return how the size of a difference compares with the important one, and what its interval adds.

    Examples
    --------
    >>> mid = Important(1.5, "points", "that patients call important", "Source")
    >>> compared_with(mid, -0.8, -1.9, 0.3)
    ('less than', 'the interval includes it')
    >>> compared_with(mid, 2.0, 1.6, 2.4)
    ('at least', 'so is every difference in the interval')
    """
    farthest = max(abs(low), abs(high))
    nearest = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    if abs(estimate) < important.value:
        whole = farthest < important.value
        return "less than", "so is every difference in the interval" if whole else "the interval includes it"
    whole = nearest >= important.value
    return "at least", "so is every difference in the interval" if whole else "the interval includes smaller ones"
