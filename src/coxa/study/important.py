"""The difference of an outcome that patients call important, with its source, and the rules for responders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from coxa.errors import CoxaError, not_allowed
from coxa.instruments import Threshold, threshold
from coxa.instruments.threshold_lookup import IMPORTANT_CHANGE
from coxa.study.estimand import Endpoint
from coxa.study.events import Composite, EventOutcome
from coxa.study.outcome import MeasuredOutcome, Outcome, Responder
from coxa.study.parts import Covariate, ReportedThreshold, ReportOptions
from coxa.study.scales import outcome_scale

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

    value  : above 0, in units of the outcome
    unit   : of the outcome
    what   : what it is, in words that follow the number: "points that patients call important"
    source : where it comes from
    of_one : whether it is the cut for the change of one participant, in want of one for a difference
    """

    value: float
    unit: str
    what: str
    source: str
    of_one: bool = False

    @property
    def size(self) -> str:
        """Return "1.5 points", or "1 point"."""
        return f"{self.value:g} {'point' if self.value == 1 and self.unit == 'points' else self.unit}"

    @property
    def amount(self) -> str:
        """Return "1.5 points that patients call important"."""
        return f"{self.size} {self.what}"


def important_difference(
    endpoint: Endpoint, outcome: Outcome | EventOutcome | Composite, thresholds: Sequence[ReportedThreshold] = ()
) -> Important | None:
    """Return the important difference of an endpoint's outcome; None where the plan names none with a source.

    That of the outcome counts first, then a published threshold of change that the report names, and last the
    improvement that makes one participant a responder. A percent change and a response have none.
    """
    if not isinstance(outcome, Outcome) or endpoint.measure not in ("value", "change") or outcome.kind != "score":
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
    """
    farthest = max(abs(low), abs(high))
    nearest = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    if abs(estimate) < important.value:
        whole = farthest < important.value
        return "less than", "and so is the whole interval" if whole else "but the interval includes it"
    whole = nearest >= important.value
    return "at least", "and so is the whole interval" if whole else "but the interval includes smaller ones"
