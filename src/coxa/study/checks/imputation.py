"""What is wrong between an analysis with imputed outcomes and the rest of the plan: arms, visits, events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from coxa.errors import not_allowed
from coxa.study.analysis import Analysis
from coxa.study.comparative import ComparativeStudy
from coxa.study.models.imputation import Deltas, Imputation

Fault = tuple[tuple[str, ...], str]
"""Key path and message."""


def imputation_faults(study: ComparativeStudy, name: str, analysis: Analysis) -> Iterator[Fault]:
    """Yield arms, visits and events that the plan does not have, and events that no outcome is imputed after."""
    if not isinstance(analysis, Imputation):
        return
    at = ("analyses", name)
    yield from _arms_and_visits(study, at, analysis.deltas)
    yield from _events(study, at, analysis, analysis.strategies)
    for word, branch in analysis.branches.items():
        yield from _arms_and_visits(study, (*at, "branches", word), branch.deltas)
        yield from _events(study, (*at, "branches", word), analysis, branch.strategies)
    for arm in (*analysis.references, *analysis.references.values()):
        if arm not in study.arms:
            yield (*at, "references"), not_allowed("arm", arm, study.arms)
    yield from _values(study, at, analysis)


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
    study: ComparativeStudy, at: tuple[str, ...], analysis: Imputation, strategies: Mapping[str, str]
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


def _values(study: ComparativeStudy, at: tuple[str, ...], analysis: Imputation) -> Iterator[Fault]:
    """Yield why the outcome has no steps, or none that can be imputed."""
    estimand = study.estimands.get(analysis.estimand)
    outcome = study.outcomes.get(estimand.endpoint.outcome) if estimand else None
    if estimand is None or outcome is None or not outcome.is_score or analysis.values == "normal":
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
