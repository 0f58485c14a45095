"""The difference of an outcome that patients call important, with its source, and the rules for responders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, log

from coxa.errors import CoxaError, not_allowed
from coxa.instruments import Threshold, threshold
from coxa.instruments.threshold_lookup import IMPORTANT_CHANGE
from coxa.study.effects import effect_of, endpoint_kind
from coxa.study.estimand import Estimand
from coxa.study.events import Composite, EventOutcome, kind_of
from coxa.study.outcome import MeasuredOutcome, Outcome, Responder
from coxa.study.parts import Covariate, ReportedThreshold, ReportOptions
from coxa.study.scales import outcome_scale

IN_WORDS = "that patients call important"

KIND_WORDS = {
    "mic": "minimal important change",
    "mcii": "minimal clinically important improvement",
    "mcid": "minimal clinically important difference",
    "mid": "minimal important difference",
    "scb": "substantial clinical benefit",
    "pass": "patient acceptable symptom state",
}


def published_threshold(outcome: MeasuredOutcome, asked: ReportedThreshold) -> Threshold:
    """Return the published threshold that a plan asks for.

    Raises
    ------
    CoxaError
        None fits or several do, or only a range was published; the message says what there is.
    """
    if outcome.instrument is None:
        raise CoxaError(
            "The outcome is of no instrument, so no threshold is known for it. Give it a `responder` with its source."
        )
    found = threshold(
        outcome.instrument, asked.kind, scale=outcome.scale, population=asked.population, context=asked.context
    )
    if found.value is None:
        raise CoxaError(
            f"Only a range was published: {found.as_text()}. Write a value of it as the `responder` of the outcome."
        )
    return found


def responder_rules(name: str, outcome: Outcome, options: ReportOptions) -> list[Responder]:
    """Return the rules of one outcome in their order: its own, then the published thresholds asked for."""
    rules = list(outcome.responder)
    for asked in options.thresholds:
        if asked.outcome == name:
            found = published_threshold(outcome, asked)
            assert found.value is not None
            words = ", ".join(text.replace("_", " ") for text in (found.population, found.context))
            source = f"{KIND_WORDS[found.kind]}, {words}; {found.method}; {found.citation}"
            measure = "value" if found.kind == "pass" else "change"
            rules.append(Responder.model_validate({"measure": measure, "at_least": found.value, "source": source}))
    return rules


def report_problems(
    options: ReportOptions, outcomes: dict[str, Outcome], covariates: dict[str, Covariate]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield, for each threshold or weight of the report that cannot be used, its path and what is wrong."""
    numbers = [name for name, covariate in covariates.items() if covariate.type == "number"]
    if options.baseline_weight is not None and options.baseline_weight not in numbers:
        yield ("baseline_weight",), not_allowed("numeric covariate", options.baseline_weight, numbers)
    for place, asked in enumerate(options.thresholds):
        if asked.outcome not in outcomes:
            yield ("thresholds", str(place), "outcome"), not_allowed("outcome", asked.outcome, outcomes)
            continue
        try:
            published_threshold(outcomes[asked.outcome], asked)
        except CoxaError as error:
            yield ("thresholds", str(place)), str(error)


@dataclass(frozen=True, slots=True)
class Important:
    """A difference that matters.

    value    : above 0, in units of the outcome; or a ratio other than 1
    unit     : of the outcome; empty of a ratio
    what     : what it is, in words that follow the number: "points that patients call important"
    source   : where it comes from
    of_one   : whether it is the cut for the change of one participant, in want of one for a difference
    is_ratio : whether it is a ratio, which is compared by its distance from 1 on the log scale
    """

    value: float
    unit: str
    what: str
    source: str
    of_one: bool = False
    is_ratio: bool = False

    def number(self, estimate: float) -> str:
        """Return "1.5"; of a ratio that which is on the side of the estimate, "0.667" for an estimate below 1."""
        if not self.is_ratio:
            return f"{self.value:g}"
        return f"{self.value if (self.value > 1) == (estimate >= 1) else 1 / self.value:.3g}"

    def size_at(self, estimate: float) -> str:
        """Return "1.5 points"; of a ratio that which is on the side of the estimate."""
        return self.number(estimate) if self.is_ratio else self.size

    @property
    def size(self) -> str:
        """Return "1.5 points", or "1 point"."""
        return f"{self.value:g} {'point' if self.value == 1 and self.unit == 'points' else self.unit}"

    @property
    def amount(self) -> str:
        """Return "1.5 points that patients call important", or "ratio of 1.5, or 0.667 in the other direction, ..."."""
        if self.is_ratio:
            return f"ratio of {self.value:.3g}, or {1 / self.value:.3g} in the other direction, {self.what}"
        return f"{self.size} {self.what}"


def important_difference(
    estimand: Estimand, outcome: Outcome | EventOutcome | Composite, thresholds: Sequence[ReportedThreshold] = ()
) -> Important | None:
    """Return the important difference of an estimand's outcome; None where the plan names none with a source.

    Of a score that of the outcome counts first, then a published threshold of change that the report names, and last
    the improvement that makes one participant a responder. A percent change and a response have none. A ratio counts
    where the estimand compares by one.
    """
    endpoint, given = estimand.endpoint, outcome.important_difference
    if given is not None and given.ratio is not None:
        effect = effect_of(estimand.summary, endpoint_kind(kind_of(outcome), endpoint.measure))
        return Important(given.ratio, "", IN_WORDS, given.source, is_ratio=True) if effect.is_ratio else None
    if not isinstance(outcome, Outcome) or endpoint.measure not in ("value", "change") or outcome.kind != "score":
        return None
    unit = outcome_scale(outcome).unit
    if given is not None and given.value is not None:
        return Important(given.value, unit, IN_WORDS, given.source)
    for asked in thresholds:
        if asked.outcome == endpoint.outcome and asked.kind in IMPORTANT_CHANGE:
            found = published_threshold(outcome, asked)
            assert found.value is not None
            return Important(found.value, unit, f"of the {KIND_WORDS[found.kind]}", found.citation)
    for rule in outcome.responder:
        if rule.measure == "change" and rule.source:
            return Important(
                rule.at_least, unit, "of improvement that make a participant a responder", rule.source, True
            )
    return None


def compared_with(important: Important, estimate: float, low: float, high: float) -> tuple[str, str]:
    """Return how the size of a difference compares with the important one, and what its interval adds.

    Examples
    --------
    >>> mid = Important(1.5, "points", "that patients call important", "Source")
    >>> compared_with(mid, -0.8, -1.9, 0.3)
    ('less than', 'but the interval includes it')
    >>> compared_with(mid, 2.0, 1.6, 2.4)
    ('at least', 'and so is the whole interval')
    >>> compared_with(Important(1.5, "", "that patients call important", "Source", is_ratio=True), 0.8, 0.7, 0.95)
    ('nearer to 1 than', 'and so is the whole interval')
    """
    if important.is_ratio:
        return _compared_ratio(important, estimate, low, high)
    farthest = max(abs(low), abs(high))
    nearest = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    if abs(estimate) < important.value:
        whole = farthest < important.value
        return "less than", "and so is the whole interval" if whole else "but the interval includes it"
    whole = nearest >= important.value
    return "at least", "and so is the whole interval" if whole else "but the interval includes smaller ones"


def _compared_ratio(important: Important, estimate: float, low: float, high: float) -> tuple[str, str]:
    """Return how far a ratio is from 1 beside the important one, on the log scale, and what its interval adds."""
    far = _from_one(important.value)
    farthest = max(_from_one(low), _from_one(high))
    nearest = 0.0 if low <= 1 <= high else min(_from_one(low), _from_one(high))
    if _from_one(estimate) < far:
        return "nearer to 1 than", "and so is the whole interval" if farthest < far else "but the interval includes it"
    whole = nearest >= far
    return "at least as far from 1 as", (
        "and so is the whole interval" if whole else "but the interval includes ratios nearer to 1"
    )


def _from_one(ratio: float) -> float:
    """Return how far a ratio is from 1 on the log scale; infinity for 0."""
    return abs(log(ratio)) if ratio > 0 else inf
