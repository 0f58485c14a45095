"""The true value of every comparison of a plan, under its assumptions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from coxa.analyses.methods import method_of
from coxa.design.by_simulation.comparisons import Comparison, comparisons
from coxa.simulate import trial_design, true_values
from coxa.study.comparative import ComparativeStudy


@dataclass(frozen=True, slots=True)
class TrueDifference:
    """A true difference and its Monte Carlo error, 0 where it is exact."""

    value: float
    error: float


@dataclass(frozen=True, slots=True)
class TrueDifferences:
    """True values by analysis and key of the comparison, and how they were obtained, in a sentence."""

    values: dict[tuple[str, tuple[str, str, str, str]], TrueDifference]
    how: str


def true_differences(study: ComparativeStudy, analyses: Iterable[str]) -> TrueDifferences:
    """Return the truth of the comparisons of some analyses.

    Those over the course (average, slope, area) are the sums over visits of the truths at the visits; their Monte
    Carlo errors are added up, as if the visits told the same.
    """
    asked = [one for name in analyses for one in comparisons(study, name)]
    truth = true_values(trial_design(_at_all_visits(study, asked)))
    known = {(item.estimand, item.arm, item.visit): item for item in truth.values}
    found = {}
    for one in asked:
        parts = [(weight, known[one.estimand, one.arm, visit]) for visit, weight in _weights(study, one).items()]
        value = sum(weight * part.value for weight, part in parts)
        error = sum(abs(weight) * part.monte_carlo_error for weight, part in parts)
        found[one.analysis, one.key] = TrueDifference(value, error)
    return TrueDifferences(found, truth.how)


def _at_all_visits(study: ComparativeStudy, asked: Iterable[Comparison]) -> ComparativeStudy:
    """Return the plan with only the estimands that are asked, those compared over the course naming every visit."""
    course = {one.estimand for one in asked if not one.visit}  # whichever of the visits their models take
    estimands = {}
    for name in dict.fromkeys(one.estimand for one in asked):
        plan = study.estimands[name]
        if name in course:
            plan = plan.model_copy(
                update={"endpoint": plan.endpoint.model_copy(update={"visit": tuple(study.post_visits)})}
            )
        estimands[name] = plan
    return study.model_copy(update={"estimands": estimands})


def _weights(study: ComparativeStudy, one: Comparison) -> dict[str, float]:
    """Return visit -> weight of a comparison."""
    if one.visit:
        return {one.visit: 1.0}
    method = method_of(study.analyses[one.analysis])
    return dict(method.course(study.planned(one.analysis), one.term.removeprefix("difference_in_")))
