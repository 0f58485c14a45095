"""What is wrong between an analysis with imputed outcomes and the rest of the plan: arms, visits, events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from coxa.errors import not_allowed
from coxa.instruments import load_instrument
from coxa.study.analysis import Analysis
from coxa.study.comparative import ComparativeStudy
from coxa.study.models.imputation import Deltas, Imputation
from coxa.study.models.imputed_counts import ImputedCounts
from coxa.study.outcome import Outcome

Fault = tuple[tuple[str, ...], str]
"""Key path and message."""


def imputation_faults(study: ComparativeStudy, name: str, analysis: Analysis) -> Iterator[Fault]:
    """Yield arms, visits and events that the plan does not have, and events that no outcome is imputed after."""
    at = ("analyses", name)
    if isinstance(analysis, ImputedCounts):
        yield from _count_faults(study, at, analysis)
    if not isinstance(analysis, Imputation):
        return
    yield from _arms_and_visits(study, at, analysis.deltas)
    yield from _events(study, at, analysis, analysis.strategies)
    for word, branch in analysis.branches.items():
        yield from _arms_and_visits(study, (*at, "branches", word), branch.deltas)
        yield from _events(study, (*at, "branches", word), analysis, branch.strategies)
    yield from _references(study, at, analysis.references)
    yield from _values(study, at, analysis)
    estimand = study.estimands.get(analysis.estimand)
    handled = estimand.intercurrent_events.values() if estimand else ()
    if estimand and analysis.retrieved != "no" and not any(how.strategy == "treatment_policy" for how in handled):
        yield (
            (*at, "retrieved"),
            f"estimand {analysis.estimand} handles no event by treatment policy, after which outcomes are retrieved; "
            "remove `retrieved`, or handle an event so",
        )


def _references(study: ComparativeStudy, at: tuple[str, ...], references: Mapping[str, str]) -> Iterator[Fault]:
    for arm in (*references, *references.values()):
        if arm not in study.arms:
            yield (*at, "references"), not_allowed("arm", arm, study.arms)


def _count_faults(study: ComparativeStudy, at: tuple[str, ...], analysis: ImputedCounts) -> Iterator[Fault]:
    """Yield what is wrong of an analysis that imputes events of the time not seen."""
    branches = {(*at, "branches", word): branch for word, branch in analysis.branches.items()}
    for place, assumed in {at: analysis, **branches}.items():
        yield from (
            ((*place, "multiply"), not_allowed("arm", arm, study.arms))
            for arm in assumed.multiply
            if arm not in study.arms
        )
        yield from _events(study, place, analysis, assumed.strategies)
    yield from _references(study, at, analysis.references)
    estimand = study.estimands.get(analysis.estimand)
    if estimand is None:
        return
    for name, how in estimand.intercurrent_events.items():
        if how.strategy == "while_on_treatment":
            yield (
                (*at, "model"),
                f"the estimand handles {name} as while on treatment, so that the time after it is not asked about and "
                "nothing is imputed there; use `model: counts`, or another strategy for the event",
            )
    name = estimand.endpoint.outcome
    if (event := study.events.get(name)) is not None and (event.competing or event.after):
        key = "competing" if event.competing else "after"
        yield (
            (*at, "model"),
            f"the event {name} has `{key}`, which says when participants are at risk, and the time not at risk cannot "
            "be imputed; use `model: counts` or `model: recurrent`",
        )
    exposure = getattr(study.outcomes.get(name), "exposure", None)
    if exposure and analysis.planned_exposure is None:
        yield (
            (*at, "planned_exposure"),
            f"{name} has the exposure {exposure}, and what is lacking of it is imputed; write the exposure that was "
            "planned for every participant",
        )
    elif not exposure and analysis.planned_exposure is not None:
        yield (
            (*at, "planned_exposure"),
            f"{name} has no exposure of its own; remove `planned_exposure`",
        )


def _arms_and_visits(study: ComparativeStudy, at: tuple[str, ...], deltas: Deltas) -> Iterator[Fault]:
    """Yield arms and visits of deltas that the plan does not have."""
    for key, arms in (("add", deltas.add), ("multiply", deltas.multiply)):
        yield from (
            ((*at, "deltas", key), not_allowed("arm", arm, study.arms)) for arm in arms if arm not in study.arms
        )
    for visit in deltas.visits:
        if visit not in study.later_visits:
            yield (*at, "deltas", "visits"), not_allowed("visit after baseline", visit, study.later_visits)


def _events(
    study: ComparativeStudy, at: tuple[str, ...], analysis: Analysis, strategies: Mapping[str, str]
) -> Iterator[Fault]:
    """Yield events that the estimand does not have, and events that no outcome is imputed after."""
    estimand = study.estimands.get(analysis.estimand)
    handled = estimand.intercurrent_events if estimand else {}
    for event in strategies:
        if event not in handled:
            yield (*at, "strategies"), not_allowed("intercurrent event", event, handled)
        elif handled[event].strategy != "hypothetical":
            words = handled[event].strategy.replace("_", " ")
            yield (
                (*at, "strategies"),
                f"the estimand handles {event} as {words}, so that no outcome after it is set to missing; write "
                f"`{event}: hypothetical` in the estimand, or leave the event out of `strategies`",
            )


def _items(at: tuple[str, ...], name: str, outcome: Outcome) -> Iterator[Fault]:
    """Yield why the items of an outcome cannot be imputed before its scores."""
    if outcome.instrument is None:
        yield (*at, "items"), f"{name} has no instrument, and so no items; remove `items`"
        return
    instrument = load_instrument(outcome.instrument)
    if instrument.chosen_by_participant:
        yield (*at, "items"), f"participants choose their own items of {instrument.label}; remove `items`"
    elif instrument.missing_rules[instrument.choose_rule(outcome.rule)].least == "all":
        yield (
            (*at, "items"),
            f"the rule of {instrument.label} has a score only where all items are answered; remove `items`",
        )


def _values(study: ComparativeStudy, at: tuple[str, ...], analysis: Imputation) -> Iterator[Fault]:
    """Yield why the outcome has no steps, or none that can be imputed."""
    estimand = study.estimands.get(analysis.estimand)
    outcome = study.outcomes.get(estimand.endpoint.outcome) if estimand else None
    if estimand is None or outcome is None or not outcome.is_score:
        return
    if analysis.items == "impute":
        yield from _items(at, estimand.endpoint.outcome, outcome)
    if estimand.summary == "win_odds":
        yield (*at, "model"), "win odds are of imputed levels; use an outcome of `kind: ordered`, or `mann_whitney`"
    if analysis.values == "normal":
        return
    measure = estimand.endpoint.measure
    rule = outcome.response
    of_change = measure == "change" or (measure == "responder" and rule is not None and rule.measure != "value")
    if measure == "percent_change":
        yield (*at, "values"), "percent changes have no steps; use `measure: change`, or `values: normal`"
    elif of_change and "baseline" not in analysis.names_used():
        yield (
            (*at, "adjust"),
            "changes are imputed on the steps of the score with the baseline in the model; add `baseline`",
        )
    scale = study.scale(estimand.endpoint.outcome)
    steps = (scale.high - scale.low) / analysis.step
    if not 1 <= steps < 1e6 or abs(steps - round(steps)) > 1e-6:
        yield (
            (*at, "step"),
            f"{scale.low:g} to {scale.high:g} is not a whole number of steps of {analysis.step:g}; give the smallest "
            "difference of two scores",
        )
