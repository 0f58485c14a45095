"""What to do where a model of a plan cannot be fitted, in the words of a plan."""

from __future__ import annotations

import re
from collections.abc import Iterator

from coxa.errors import (
    EmptyCellError,
    FitError,
    MonotoneLikelihoodError,
    NonConvergenceError,
    RankDeficientError,
    SeparationError,
)
from coxa.study.comparative import ComparativeStudy

FORMULA = re.compile(r"^formula '[^']*': |^the formula has (\S+), but ")
"""How a model begins that names its formula, which nobody wrote who came with a plan."""


def in_plan_words(study: ComparativeStudy, name: str, error: FitError) -> FitError:
    """Return the error of a model with the analysis that it is of, and remedies that a study file has.

    One that names its analysis has them.

    Examples
    --------
    >>> print(in_plan_words(study, "primary", FitError("no row has all of age", ["data.count()"])))  # doctest: +SKIP
    analysis primary: no row has all of age
      1. Take terms with gaps or few data out of `adjust`.
      2. Look at the rows that were left out: `coxa check`.
    """
    if error.message.startswith(f"analysis {name}: "):
        return error
    message = FORMULA.sub(lambda found: f"the model has {found[1]}, but " if found[1] else "", error.message)
    return type(error)(f"analysis {name}: {message}", tuple(_remedies(study, name, error)))


def _remedies(study: ComparativeStudy, name: str, error: FitError) -> Iterator[str]:
    analysis = study.analyses[name]
    several = analysis.over_visits and len(study.model_visits(name)) > 1
    if isinstance(error, RankDeficientError):
        yield "Take a term that repeats others out of `adjust`."
    if isinstance(error, EmptyCellError):
        yield "Take the interaction out of `adjust`, or a covariate with a level of few participants."
    if isinstance(error, SeparationError):
        if study.planned(name).kind == "binary":
            yield "Compare proportions without a model: `model: proportions`, which needs no finite odds."
        if analysis.option("partial"):
            yield "Take the variable out of `partial`, so that its odds ratio is the same above each level."
        yield "Join levels of a covariate, or of the outcome, that few participants have, by their value map."
    if isinstance(error, NonConvergenceError) and several and analysis.option("covariance"):
        yield "Declare a ladder of structures, the simplest last: `covariance: [us, toeph, csh, cs]`."
    if isinstance(error, MonotoneLikelihoodError):
        yield "Compare the curves: `model: kaplan_meier`, with `summary: risk_difference` in the estimand."
    if analysis.option("working", "independence") != "independence" and not isinstance(error, SeparationError):
        yield "Use a simpler working correlation: `working: exchangeable` or `working: independence`."
    if analysis.option("random") and analysis.factors:
        yield "Take a factor with few levels, or whose levels another tells apart, out of `random`."
    if several:
        yield (f"Choose the visits of the model (`visits` in analysis {name}), without one that few participants have.")
    if analysis.names_used():
        yield "Take terms with gaps or few data out of `adjust`."
    yield "Look at the rows that were left out: `coxa check`."
