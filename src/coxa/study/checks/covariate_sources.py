"""What is wrong with the sources of covariates: names that the plan lacks, and what cannot be simulated together."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.instruments.measures import load_measures
from coxa.study.base import Problem, known
from coxa.study.comparative import ComparativeStudy
from coxa.study.conditions import conditions
from coxa.study.covariate_sources import (
    PARTICIPANT_NUMBERS,
    SPORT_LEVELS,
    BaselineMeasure,
    BaselineOutcome,
    ConditionSource,
    ParticipantSource,
    SportSource,
)
from coxa.study.outcome_sources.clinical_measures import ClinicalMeasureSource
from coxa.study.plan import Study
from coxa.study.words import OutcomeKind

Said = tuple[tuple[str, ...], str]
"""Where in the assumptions, and what is wrong with its remedy."""


def source_problems(study: Study) -> Iterator[Problem]:
    """Yield what sources of covariates name and the plan does not have."""
    numbers = [name for name, one in study.covariates.items() if one.type == "number" and one.source is None]
    for name, covariate in study.covariates.items():
        at, source = ("covariates", name, "source"), covariate.source
        if isinstance(source, BaselineOutcome):
            scores = [outcome for outcome, one in study.outcomes.items() if one.is_score]
            yield from known([source.outcome], scores, "score among the outcomes", (*at, "outcome"))
        elif isinstance(source, ParticipantSource):
            allowed = dict.fromkeys([*numbers, *PARTICIPANT_NUMBERS])
            yield from known([source.field], allowed, "number of the participants", (*at, "field"))
        elif isinstance(source, BaselineMeasure):
            if problem := source.problem(_kind_of(source)):
                yield Problem(at, problem)
        elif isinstance(source, ConditionSource) and source.take == "main":
            yield from known(covariate.level_labels(), conditions(), "condition", ("covariates", name, "levels"))
        elif isinstance(source, SportSource) and source.field in SPORT_LEVELS:
            allowed = dict.fromkeys([*SPORT_LEVELS[source.field], "other"])
            yield from known(covariate.level_labels(), allowed, f"level of `{source.field}`", (*at[:2], "levels"))


def _kind_of(source: BaselineMeasure) -> OutcomeKind:
    """Return the kind of outcome that a measure would be, so that only its name and side are judged."""
    kinds: dict[str, OutcomeKind] = {"sign": "yes_no", "grade": "ordered"}
    measure = load_measures().get(source.measure)
    return kinds.get(measure.kind, "score") if measure else "score"


def assumed_source_problems(study: ComparativeStudy) -> Iterator[Said]:
    """Yield what is assumed of covariates that are not drawn, and conditions that two parts of the plan draw."""
    part = study.assumptions
    assert part is not None
    follows = {name for name, one in study.covariates.items() if one.source is not None and not one.source.drawn}
    for name in follows & set(part.covariates):
        yield ("covariates", name), f"'{name}' follows from its source; remove it here, and assume what the source has"
    for outcome, assumed in part.outcomes.items():
        for name in follows & set(assumed.covariates):
            at = ("outcomes", outcome, "covariates", name)
            yield at, f"'{name}' follows from its source; remove it here, and assume what the source adds"
    for name in follows:
        source = study.covariates[name].source
        if isinstance(source, ParticipantSource) and source.field not in study.covariates:
            text = f"'{name}' is cut from `{source.field}`, which is not simulated; add it to the covariates"
            yield ("covariates",), text
    yield from _measured_once(study)
    yield from _sport_drawn_once(study)
    yield from _conditions_drawn_once(study)


def _measured_once(study: ComparativeStudy) -> Iterator[Said]:
    """Yield measures that two parts of the plan would draw at baseline."""
    drawn = {one.source.measure: f"outcome '{name}'" for name, one in study.outcomes.items()
             if isinstance(one.source, ClinicalMeasureSource)}  # fmt: skip
    for name, covariate in study.covariates.items():
        if isinstance(covariate.source, BaselineMeasure):
            if other := drawn.get(covariate.source.measure):
                text = f"'{name}' and {other} both draw `{covariate.source.measure}`"
                yield ("covariates",), f"{text}; take the outcome at baseline: `source: {{table: assessments, ...}}`"
            drawn[covariate.source.measure] = f"'{name}'"


def _sport_drawn_once(study: ComparativeStudy) -> Iterator[Said]:
    """Yield fields of sport and training that two covariates would draw."""
    drawn: dict[tuple[str, str], str] = {}
    for name, covariate in study.covariates.items():
        source = covariate.source
        if not isinstance(source, SportSource):
            continue
        of_sport = (source.field, source.sport or "")
        alike = [key for key in drawn if key[0] == source.field and (key == of_sport or "" in (key[1], of_sport[1]))]
        if alike:
            text = f"'{name}' and '{drawn[alike[0]]}' both draw `{source.field}`; keep one of them"
            yield ("covariates",), text
        drawn[of_sport] = name


def _conditions_drawn_once(study: ComparativeStudy) -> Iterator[Said]:
    """Yield conditions that more than one part of the plan would draw."""
    assert study.assumptions is not None
    drawn = dict.fromkeys(study.assumptions.conditions, "assumptions: conditions")
    counts = ""
    for name, covariate in study.covariates.items():
        source = covariate.source
        if not isinstance(source, ConditionSource) or study.assumptions.conditions_give(name, covariate):
            continue
        if source.take == "number":
            counts = name
            continue
        codes = list(covariate.level_labels()) if source.take == "main" else list(source.codes)
        if both := [code for code in codes if code in drawn]:
            yield (
                ("covariates",),
                f"'{name}' and {drawn[both[0]]} both draw {', '.join(both)}; assume each condition in one place",
            )
        drawn |= dict.fromkeys(codes, f"'{name}'")
    others = set(drawn.values()) - {"assumptions: conditions"}
    also = any(one.also for one in study.assumptions.conditions.values())
    if counts and (others or also):
        text = f"'{counts}' draws the number of conditions, and they are drawn by themselves as well; keep one of both"
        yield ("covariates",), text
