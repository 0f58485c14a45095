"""What is wrong between an analysis and the rest of the plan: its estimand, its visits, the covariates it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from coxa.errors import not_allowed
from coxa.study.analysis import Analysis
from coxa.study.checks.random_effects import random_faults
from coxa.study.comparative import ComparativeStudy
from coxa.study.models import models_of

MODEL_NAMES = ("arm", "visit", "baseline")
"""Names that a model may use beside the covariates."""

Fault = tuple[tuple[str, ...], str]
"""Key path and message."""


def analysis_problems(study: ComparativeStudy, name: str, analysis: Analysis, cluster: str | None) -> Iterator[Fault]:
    """Yield every disagreement between an analysis and other parts of its plan; `cluster` is what was randomised."""
    at = ("analyses", name)
    yield from _known([analysis.estimand], study.estimands, "estimand", (*at, "estimand"))
    allowed = [*MODEL_NAMES, *study.covariates]
    yield from _known(analysis.names_used(), allowed, "variable", (*at, "adjust"))
    yield from _known(analysis.option("subgroups", ()), study.covariates, "covariate", (*at, "subgroups"))
    yield from random_faults(study, name, analysis, cluster)
    yield from _columns(study, analysis, at)
    yield from _visits(study, analysis, at)
    yield from _estimand(study, analysis, at)


def _columns(study: ComparativeStudy, analysis: Analysis, at: tuple[str, ...]) -> Iterator[Fault]:
    """Yield the faults of covariates that options name."""
    if by := analysis.option("group"):
        yield from _known([by], ["arm", *study.covariates], "factor", (*at, "group"))
    if weights := analysis.option("weights"):
        numbers = [name for name, covariate in study.covariates.items() if covariate.type == "number"]
        yield from _known([weights], numbers, "number", (*at, "weights"))
    for subgroup in analysis.option("subgroups", ()):
        if subgroup in study.covariates and study.covariates[subgroup].type == "number":
            yield (
                (*at, "subgroups"),
                f"'{subgroup}' is a number and has no subgroups; add a covariate of `type: category` with its levels",
            )


def _visits(study: ComparativeStudy, analysis: Analysis, at: tuple[str, ...]) -> Iterator[Fault]:
    """Yield the faults of the visits of the model."""
    estimand, chosen = study.estimands.get(analysis.estimand), analysis.option("visits", ())
    later = study.later_visits
    yield from _known(chosen, later, "visit after baseline", (*at, "visits"))
    missing = [visit for visit in estimand.endpoint.visit if visit not in chosen] if estimand else []
    if chosen and missing:
        yield (
            (*at, "visits"),
            f"the estimand is about {', '.join(missing)}, which the analysis leaves out; add it to `visits`",
        )
    if problem := analysis.visits_problem(len(chosen or later)):
        yield at, problem
    elif analysis.courses and len(chosen or later) < 2:
        yield (*at, "contrasts"), "a course needs two visits after baseline; use `contrasts: by_visit`"


def _estimand(study: ComparativeStudy, analysis: Analysis, at: tuple[str, ...]) -> Iterator[Fault]:
    """Yield the faults of an analysis that cannot estimate its estimand."""
    estimand = study.estimands.get(analysis.estimand)
    if estimand is None:
        return
    if analysis.multiplicity == "tukey" and len(estimand.treatment.compare) + 1 < len(study.arms):
        yield (
            (*at, "multiplicity"),
            "Tukey's adjustment is over all pairs of arms, and this estimand compares some of them; compare all arms, "
            "or use `multiplicity: dunnett`",
        )
    if analysis.summary != estimand.summary:
        yield (
            (*at, "model"),
            f"model {analysis.model} does not estimate a {estimand.summary}; "
            f"Use {' or '.join(models_of(estimand.summary))}.",
        )
    elif estimand.endpoint.measure not in analysis.measures:
        yield (
            (*at, "model"),
            f"model {analysis.model} cannot analyse a {estimand.endpoint.measure.replace('_', ' ')}; "
            f"Use another model, or an estimand with `measure: {analysis.measures[0]}`.",
        )


def _known(names: Iterable[str], allowed: Iterable[str], what: str, path: tuple[str, ...]) -> Iterator[Fault]:
    allowed = list(allowed)
    for name in names:
        if name not in allowed:
            yield path, not_allowed(what, name, allowed or ["(none declared)"])
