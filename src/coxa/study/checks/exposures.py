"""Where analyses of compliers, doses and mediators do not fit the rest of the plan."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.study.base import Problem, known
from coxa.study.comparative import ComparativeStudy
from coxa.study.estimand import Estimand
from coxa.study.models.dose_response import DoseResponseModel
from coxa.study.models.mediation import Mediation

WHOLE: tuple[str, ...] = ("randomised_set", "full_analysis_set")
SESSIONS = ("treatment_sessions", "session_totals")
OF_ALLOCATION = ("complier_average_effect", "effect_per_dose")
"""Summaries that take allocation as an instrument."""


def exposure_problems(study: ComparativeStudy) -> Iterator[Problem]:
    """Yield the faults of estimands and analyses that need what participants received, or a mediator."""
    for name, estimand in study.estimands.items():
        yield from _of_estimand(study, name, estimand)
    for name, analysis in study.analyses.items():
        at = ("analyses", name)
        if analysis.uses_doses and study.data is not None and not set(SESSIONS) & set(study.data.tables):
            yield Problem(
                at,
                "the analysis needs the sessions attended, and no table has them; name the file of "
                "`treatment_sessions` or `session_totals` under `data: tables`",
            )
        if isinstance(analysis, Mediation):
            yield from _mediator(study, name, analysis)


def _of_estimand(study: ComparativeStudy, name: str, estimand: Estimand) -> Iterator[Problem]:
    at = ("estimands", name)
    if estimand.summary not in (*OF_ALLOCATION, "natural_indirect_effect"):
        return
    if estimand.summary in OF_ALLOCATION and not study.words.allocates:
        yield Problem((*at, "summary"), "allocation is the instrument, and in this study there is none; remove it")
    if estimand.population not in WHOLE:
        yield Problem(
            (*at, "population"),
            f"the effect is identified among all who were randomised; write `population: {WHOLE[0]}`",
        )
    if estimand.summary == "complier_average_effect" and study.compliance is None:
        yield Problem(
            (*at, "summary"),
            "who complied is not defined; add for example `compliance: {measure: sessions_attended, at_least: 6}`",
        )
    own = [one for one in study.analyses.values() if one.estimand == name]
    mediators = {one.mediator for one in own if isinstance(one, Mediation)}
    taken = {one.dose for one in own if isinstance(one, DoseResponseModel)}
    for what, several in (("mediator", mediators), ("dose", taken)):
        if len(several) > 1:
            yield Problem(at, f"its analyses have {len(several)} {what}s; give each {what} an estimand of its own")
    if estimand.summary == "natural_indirect_effect" and not mediators:
        yield Problem(at, "no analysis says through which mediator; add one of `model: mediation`")
    if estimand.summary == "effect_per_dose" and not taken:
        yield Problem(at, "no analysis says of which dose; add one of `model: dose_response`")


def _mediator(study: ComparativeStudy, name: str, analysis: Mediation) -> Iterator[Problem]:
    given, at = analysis.mediator, ("analyses", name, "mediator")
    estimand = study.estimands.get(analysis.estimand)
    if given.dose not in (None, "sessions_attended") and study.assumptions is not None:
        yield Problem(
            (*at, "dose"),
            "a simulated trial knows its true effect through sessions_attended alone; take that, or leave out "
            "`assumptions`",
        )
    if given.outcome is None or estimand is None:
        return
    numbers = [word for word, one in study.outcomes.items() if one.kind in ("score", "count")]
    yield from known([given.outcome], numbers, "outcome that is a score or a count", (*at, "outcome"))
    yield from known([str(given.visit)], study.later_visits, "visit after baseline", (*at, "visit"))
    if given.visit not in study.visits:
        return
    first = min((study.visits[visit].day for visit in estimand.endpoint.visit if visit in study.visits), default=None)
    if first is not None and study.visits[str(given.visit)].day >= first:
        yield Problem(
            (*at, "visit"),
            f"the mediator is at {given.visit}, and the estimand has an outcome at that visit or before it; name an "
            "earlier visit of the mediator",
        )
