"""The comparisons that a plan asks for, when one of them counts as shown, and their true values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from coxa.analyses.methods import method_of
from coxa.errors import OptionError, not_allowed
from coxa.simulate import trial_design, true_values
from coxa.simulate.from_plan.causal_truths import CAUSAL
from coxa.simulate.from_plan.sets import EVERYBODY
from coxa.study.analysis import Analysis
from coxa.study.comparative import ComparativeStudy


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison: arm less reference, at a visit, or over the visits where `visit` is empty.

    term : kind of row of `coxa.estimates.Estimates`
    """

    analysis: str
    estimand: str
    arm: str
    reference: str
    visit: str
    term: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What tells it from others of its analysis."""
        return self.arm, self.reference, self.visit, self.term


def comparisons(study: ComparativeStudy, name: str) -> list[Comparison]:
    """Return the comparisons that the estimand of an analysis names: visit by visit, then those over the course."""
    planned = study.planned(name)
    places = [(visit, planned.effect.term) for visit in planned.visits]
    places += [("", f"difference_in_{word}") for word in planned.analysis.courses]
    return [
        Comparison(name, planned.estimand_name, arm, planned.against, visit, term)
        for visit, term in places
        for arm in planned.compare
    ]


def chosen_analyses(study: ComparativeStudy, wanted: Sequence[str] | None) -> tuple[str, ...]:
    """Return the analyses that are asked for, in the plan's order; all of them unless some are named.

    Raises
    ------
    OptionError
        An analysis is unknown.
    """
    for name in wanted or ():
        if name not in study.analyses:
            raise OptionError(not_allowed("analysis", name, study.analyses))
    return tuple(name for name in study.analyses if not wanted or name in wanted)


def blind_to_arms(study: ComparativeStudy, names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the analyses that can be rehearsed, and those that cannot.

    A set must be known without the allocation, and so must a dose or a mediator; and an effect is added to a recorded
    score, not to a yes or no, a level, a count or an event.

    Raises
    ------
    OptionError
        There is none of the first kind.
    """
    able = tuple(
        name for name in names if _is_score(study, name) and study.planned(name).estimand.population in EVERYBODY
    )
    if not able:
        raise OptionError(
            f"No analysis among {', '.join(names)} can be rehearsed: the per-protocol and the safety set, and effects "
            "in compliers, per dose and through a mediator depend on the arm, and an effect is added to scores alone. "
            "Choose an analysis of a score in the full analysis set or in all randomised, or use `coxa power`."
        )
    return able, tuple(name for name in names if name not in able)


def _is_score(study: ComparativeStudy, name: str) -> bool:
    """Return whether an analysis is of a score, and of nothing that was received or came of the arm."""
    estimand = study.planned(name).estimand
    outcome = study.outcomes.get(estimand.endpoint.outcome)
    return outcome is not None and outcome.is_score and estimand.summary not in CAUSAL


def only_comparisons(study: ComparativeStudy, name: str) -> ComparativeStudy:
    """Return the plan with an analysis that does nothing beside its comparisons: no subgroups, no effect sizes."""
    analysis = study.analyses[name]
    beside = {"subgroups": (), "standardised_effect": False}
    asked = {word: value for word, value in beside.items() if analysis.option(word) is not None}
    plain = analysis.model_copy(update=asked)
    return study.model_copy(update={"analyses": {**study.analyses, name: plain}})


def level_of(analysis: Analysis) -> float:
    """Return the two-sided level at which a comparison without a margin is significant."""
    return 1.0 - analysis.conf_level


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
    # the main effects of a factorial design bear the names of arms, and have another reference
    known = {(item.estimand, item.arm, item.reference, item.visit): item for item in truth.values}
    found = {}
    for one in asked:
        parts = [
            (weight, known[one.estimand, one.arm, one.reference, visit])
            for visit, weight in _weights(study, one).items()
        ]
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
    if one.visit or study.received_in_periods is not None:
        return {one.visit: 1.0}
    method = method_of(study.analyses[one.analysis])
    return dict(method.course(study.planned(one.analysis), one.term.removeprefix("difference_in_")))
