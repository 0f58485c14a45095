"""What is wrong between an analysis with imputed outcomes and the rest of the plan: arms, visits, events."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.errors import not_allowed
from coxa.study.analysis import Analysis
from coxa.study.comparative import ComparativeStudy
from coxa.study.models.imputation import Imputation

Fault = tuple[tuple[str, ...], str]
"""Key path and message."""


def imputation_faults(study: ComparativeStudy, name: str, analysis: Analysis) -> Iterator[Fault]:
    """Yield arms, visits and events that the plan does not have, and events that no outcome is imputed after."""
    if not isinstance(analysis, Imputation):
        return
    at = ("analyses", name)
    deltas = analysis.deltas
    for key, arms in (("add", deltas.add), ("multiply", deltas.multiply)):
        yield from (
            (((*at, "deltas", key)), not_allowed("arm", arm, study.arms)) for arm in arms if arm not in study.arms
        )
    for visit in deltas.visits:
        if visit not in study.later_visits:
            yield (*at, "deltas", "visits"), not_allowed("visit after baseline", visit, study.later_visits)
    for arm in (*analysis.references, *analysis.references.values()):
        if arm not in study.arms:
            yield (*at, "references"), not_allowed("arm", arm, study.arms)
    estimand = study.estimands.get(analysis.estimand)
    handled = estimand.intercurrent_events if estimand else {}
    for event in analysis.strategies:
        if event not in handled:
            yield (*at, "strategies"), not_allowed("intercurrent event", event, handled)
        elif handled[event].strategy != "hypothetical":
            words = handled[event].strategy.replace("_", " ")
            yield (
                (*at, "strategies"),
                f"the estimand handles {event} as {words}, so that no outcome after it is set to missing; write "
                f"`{event}: hypothetical` in the estimand, or leave the event out of `strategies`",
            )
