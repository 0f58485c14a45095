"""Where events, composites and estimands do not fit each other or the outcomes of the plan."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.study.base import Problem, known
from coxa.study.comparative import ComparativeStudy
from coxa.study.effects import MEASURES, SUMMARIES, endpoint_kind
from coxa.study.estimand import Estimand
from coxa.study.events import DATES, kind_of


def endpoint_problems(study: ComparativeStudy) -> Iterator[Problem]:
    """Yield the faults of outcomes of all kinds, and of what estimands ask of them."""
    yield from _names(study)
    yield from _exposures(study)
    yield from _events(study)
    yield from _composites(study)
    for name, estimand in study.estimands.items():
        yield from _measure(study, name, estimand)
        yield from _composite_values(study, name, estimand)


def _names(study: ComparativeStudy) -> Iterator[Problem]:
    """Yield the names that two parts share."""
    taken = dict.fromkeys(study.outcomes, "outcome")
    for kind, parts in (("events", study.events), ("composites", study.composites)):
        for name in parts:
            if name in taken:
                yield Problem((kind, name), f"'{name}' is the name of an {taken[name]} too; choose another name")
            taken.setdefault(name, "event")
    if not study.outcomes and not study.events:
        yield Problem(("outcomes",), "the plan has neither outcomes nor events; add what is measured")


def _exposures(study: ComparativeStudy) -> Iterator[Problem]:
    numbers = [name for name, covariate in study.covariates.items() if covariate.type == "number"]
    for name, outcome in study.outcomes.items():
        if outcome.exposure:
            allowed = [*(other for other in study.outcomes if other != name), *numbers]
            yield from known(
                [outcome.exposure], allowed, "outcome or numeric covariate", ("outcomes", name, "exposure")
            )


def _events(study: ComparativeStudy) -> Iterator[Problem]:
    for name, event in study.events.items():
        others = [other for other in study.events if other != name]
        yield from known(event.competing, others, "event", ("events", name, "competing"))
        if event.after is not None:
            yield from known([event.after], others, "event", ("events", name, "after"))
            start = study.events.get(event.after)
            if start is not None and start.after is not None:
                yield Problem(
                    ("events", name, "after"),
                    f"the days of '{event.after}' are counted from an event as well; name an event that is counted "
                    "from the first day",
                )
        tables = study.data.tables if study.data else None
        if tables is not None and event.source.table not in tables:
            there = ", ".join(table for table in tables if table in DATES)
            yield Problem(
                ("events", name),
                f"the events are in table `{event.source.table}`, which `data: tables` does not have; name its file, "
                f"or write `source: {{table: ...}}` with one of {there}",
            )


def _composites(study: ComparativeStudy) -> Iterator[Problem]:
    for name, composite in study.composites.items():
        for place, step in enumerate(composite.order):
            at = ("composites", name, "order", str(place))
            yield from known([step.outcome], [*study.outcomes, *study.events], "outcome or event", (*at, "outcome"))
            part = study.outcomes.get(step.outcome) or study.events.get(step.outcome)
            if part is None:
                continue
            allowed = MEASURES[kind_of(part)]
            if step.measure not in allowed or step.measure == "percent_change":
                yield Problem((*at, "measure"), _unfit(step.outcome, kind_of(part), step.measure, allowed))
            if step.measure == "responder" and part.response is None:
                yield Problem((*at, "measure"), f"outcome '{step.outcome}' has no `responder` rule; add one")


def _measure(study: ComparativeStudy, name: str, estimand: Estimand) -> Iterator[Problem]:
    """Yield the faults of a measure that the outcome does not have, or of a summary that does not fit it."""
    name_of = estimand.endpoint.outcome
    part = study.outcomes.get(name_of) or study.events.get(name_of) or study.composites.get(name_of)
    if part is None:
        return
    kind, measure = kind_of(part), estimand.endpoint.measure
    if measure not in MEASURES[kind]:
        yield Problem(
            ("estimands", name, "endpoint", "measure"),
            _unfit(estimand.endpoint.outcome, kind, measure, MEASURES[kind]),
        )
    elif estimand.summary not in (allowed := SUMMARIES[endpoint_kind(kind, measure)]):
        yield Problem(
            ("estimands", name, "summary"),
            f"a {estimand.summary.replace('_', ' ')} does not fit `measure: {measure}` of "
            f"'{estimand.endpoint.outcome}'; write `summary: {allowed[0]}`"
            + (f", or one of {', '.join(allowed[1:])}" if allowed[1:] else ""),
        )


def _composite_values(study: ComparativeStudy, name: str, estimand: Estimand) -> Iterator[Problem]:
    """Yield the values of composite strategies that the kind of the outcome cannot have."""
    outcome = study.outcomes.get(estimand.endpoint.outcome)
    yield from _values_given(study, name, estimand)
    if outcome is None or outcome.is_score:
        return
    allowed = {"yes_no": (0, 1), "ordered": tuple(outcome.levels or ())}.get(outcome.kind)
    for event, handling in estimand.intercurrent_events.items():
        value = handling.value
        if handling.strategy != "composite" or value is None:
            continue
        at = ("estimands", name, "intercurrent_events", event, "value")
        if value == "worst":
            if outcome.kind == "count" and not outcome.higher_is_better:
                yield Problem(at, "a count has no worst value; write the number that counts after the event")
        elif allowed is None and (value < 0 or value % 1):
            yield Problem(at, f"{value:g} is no number of events; write a whole number of 0 or more")
        elif allowed is not None and value not in allowed:
            yield Problem(
                at, f"{value:g} is no value of the outcome; write `worst`, or one of {', '.join(map(str, allowed))}"
            )


def _values_given(study: ComparativeStudy, name: str, estimand: Estimand) -> Iterator[Problem]:
    """Yield the composite strategies that lack a value, and those whose number the endpoint has no use for."""
    endpoint = estimand.endpoint
    composite = study.composites.get(endpoint.outcome)
    steps = composite.order if composite else ()
    measures = [(step.outcome, step.measure) for step in steps] or [(endpoint.outcome, endpoint.measure)]
    takes_one = any(outcome in study.outcomes and measure != "responder" for outcome, measure in measures)
    for event, handling in estimand.intercurrent_events.items():
        if handling.strategy != "composite":
            continue
        at = ("estimands", name, "intercurrent_events", event)
        if takes_one and handling.value is None:
            yield Problem(at, "a composite strategy has no `value` after the event; add a number, or `value: worst`")
        elif not takes_one and isinstance(handling.value, float):
            what = "a response" if endpoint.measure == "responder" else "an event"
            yield Problem((*at, "value"), f"{what} has no value after an intercurrent event; remove `value`")


def _unfit(outcome: str, kind: str, measure: str, allowed: tuple[str, ...]) -> str:
    words = {"event": "is an event", "composite": "is a composite", "score": "is a score"}
    what = words.get(kind, f"is of `kind: {kind}`")
    return f"'{outcome}' {what} and has no `measure: {measure}`; write {' or '.join(allowed)}"
