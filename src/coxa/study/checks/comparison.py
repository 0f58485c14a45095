"""Where the parts of a plan that compares arms or groups disagree."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.study.base import Problem, known
from coxa.study.checks.analyses import analysis_problems
from coxa.study.checks.assumptions import assumption_problems, source_problems
from coxa.study.checks.days import day_problems
from coxa.study.checks.diary_windows import diary_arm_problems
from coxa.study.checks.endpoints import endpoint_problems
from coxa.study.checks.exposures import exposure_problems
from coxa.study.checks.hypotheses import hypothesis_problems
from coxa.study.checks.shared import shared_problems
from coxa.study.comparative import ComparativeStudy
from coxa.study.delivery.exercises import exercises, with_own
from coxa.study.estimand import Estimand
from coxa.study.plan import baseline_candidates
from coxa.study.target_trial import target_trial_problems
from coxa.study.vocabulary import no_such_word

OWN_EXERCISE = "An exercise of your own is added under `exercises:` of the plan, with `label`, `target` and `kind`."
"""What follows where the vocabulary does not have an exercise."""


def comparison_problems(study: ComparativeStudy, cluster: str | None = None) -> Iterator[Problem]:
    """Yield every disagreement between the parts of a plan with arms; `cluster` is what was randomised."""
    references = [name for name, arm in study.arms.items() if arm.reference]
    if len(references) != 1 and not (study.received_in_periods and not references):
        named = ", ".join(references) if references else "none"
        yield Problem(
            ("arms",),
            f"{len(references)} arms are the reference ({named}) in place of one; write "
            "`reference: true` on the comparator only",
        )
    yield from shared_problems(study)
    yield from endpoint_problems(study)
    for name, estimand in study.estimands.items():
        yield from _estimand_problems(study, name, estimand)
    for name, analysis in study.analyses.items():
        found = analysis_problems(study, name, analysis, cluster)
        yield from (Problem(path, message) for path, message in found)
    yield from day_problems(study)
    yield from hypothesis_problems(study)
    yield from (Problem(("assumptions", *path), message) for path, message in assumption_problems(study))
    yield from (Problem(path, message) for path, message in source_problems(study))
    yield from exposure_problems(study)
    yield from (Problem(path, message) for path, message in diary_arm_problems(study))
    yield from target_trial_problems(study)
    yield from _arms_of_data(study)
    yield from _exercise_problems(study)
    if study.per_protocol:
        yield from known(
            study.per_protocol.without_events,
            study.intercurrent_events,
            "intercurrent event",
            ("per_protocol", "without_events"),
        )


def _estimand_problems(study: ComparativeStudy, name: str, estimand: Estimand) -> Iterator[Problem]:
    at = ("estimands", name)
    arms = (*estimand.treatment.compare, estimand.treatment.against)
    periods = study.received_in_periods
    if periods is None:
        yield from known(arms, study.arms, "arm", (*at, "treatment"))
    else:
        yield from known(arms, periods.treatments, "treatment", (*at, "treatment"))
        if periods.by_visit:
            yield from known(estimand.endpoint.visit, periods.visits, "visit of a period", (*at, "endpoint", "visit"))
    parts = {**study.outcomes, **study.events, **study.composites}
    yield from known([estimand.endpoint.outcome], parts, "outcome", (*at, "endpoint", "outcome"))
    yield from known(estimand.endpoint.visit, study.visits, "visit", (*at, "endpoint", "visit"))
    events = (*at, "intercurrent_events")
    yield from known(estimand.intercurrent_events, study.intercurrent_events, "intercurrent event", events)
    for event in study.intercurrent_events:
        if event not in estimand.intercurrent_events:
            yield Problem(
                events,
                f"the estimand has no strategy for intercurrent event '{event}'; add for example `{event}: "
                "treatment_policy`",
            )
    for event, handling in estimand.intercurrent_events.items():
        if handling.strategy == "principal_stratum":
            yield Problem(
                (*events, event),
                "a principal stratum is not identified by these data alone and no estimator is offered; choose "
                "another strategy",
            )
    outcome = study.outcomes.get(estimand.endpoint.outcome)
    if estimand.endpoint.measure == "responder" and outcome and outcome.response is None:
        yield Problem(
            ("outcomes", estimand.endpoint.outcome),
            "responders are asked for, but the outcome has no `responder` rule; add for example "
            "`responder: {measure: change, at_least: 10, source: ...}`",
        )
    if estimand.population == "per_protocol_set" and study.per_protocol is None:
        yield Problem((*at, "population"), "the per-protocol set is not defined; add `per_protocol:` to the plan")
    baselines = baseline_candidates(study.visits)
    if estimand.endpoint.measure != "value" and set(baselines) & set(estimand.endpoint.visit):
        yield Problem(
            (*at, "endpoint", "visit"),
            f"{estimand.endpoint.measure} is not defined at the baseline visit; choose a later visit",
        )


def _exercise_problems(study: ComparativeStudy) -> Iterator[Problem]:
    """Yield exercises that neither the vocabulary nor the plan has, and those of the plan that the vocabulary has."""
    for code in study.exercises:
        if code in exercises():
            yield Problem(
                ("exercises", code), "the vocabulary has an exercise of this name; remove it here, or name it otherwise"
            )
    allowed = with_own(study.exercises)
    for name, arm in study.arms.items():
        for place, one in enumerate(arm.delivery.exercises if arm.delivery else ()):
            if one.exercise not in allowed:
                at = ("arms", name, "delivery", "exercises", str(place), "exercise")
                yield Problem(at, f"{no_such_word('exercise', one.exercise, allowed)} {OWN_EXERCISE}")


def _arms_of_data(study: ComparativeStudy) -> Iterator[Problem]:
    for table, source in (study.data.tables if study.data else {}).items():
        arms = dict.fromkeys(str(word) for word in source.values.get("arm", {}).values())
        yield from known(arms, study.arms, "arm", ("data", "tables", table, "values", "arm"))
