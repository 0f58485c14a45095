"""The rules by which responders of an outcome are counted in the report: the plan's own, and published thresholds."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.errors import CoxaError, not_allowed
from coxa.instruments import Threshold, threshold
from coxa.study.parts import Covariate, Outcome, ReportedThreshold, ReportOptions, Responder

KIND_WORDS = {
    "mic": "minimal important change",
    "mcii": "minimal clinically important improvement",
    "mcid": "minimal clinically important difference",
    "mid": "minimal important difference",
    "scb": "substantial clinical benefit",
    "pass": "patient acceptable symptom state",
}


def published_threshold(outcome: Outcome, asked: ReportedThreshold) -> Threshold:
    """Return the published threshold that a plan asks for.

    Raises
    ------
    CoxaError
        None fits or several do, or only a range was published; the message says what there is.
    """
    if outcome.instrument is None:
        raise CoxaError(
            "the outcome is of no instrument, so no threshold is known for it; give it a `responder` with its source"
        )
    found = threshold(
        outcome.instrument, asked.kind, scale=outcome.scale, population=asked.population, context=asked.context
    )
    if found.value is None:
        raise CoxaError(
            f"only a range was published: {found.as_text()}; write a value of it as the outcome's `responder`"
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
        yield ("baseline_weight",), not_allowed("number", options.baseline_weight, numbers or ["(none declared)"])
    for place, asked in enumerate(options.thresholds):
        if asked.outcome not in outcomes:
            yield ("thresholds", str(place), "outcome"), not_allowed("outcome", asked.outcome, outcomes)
            continue
        try:
            published_threshold(outcomes[asked.outcome], asked)
        except CoxaError as error:
            yield ("thresholds", str(place)), str(error)
