"""The trial that a cohort study would like to have been, and what is taken to make its groups comparable.

Source: Hernan & Robins, American Journal of Epidemiology 2016, 183:758-764; the items follow TARGET (Cashin et al.,
JAMA 2025, 334:1084-1093).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints

from coxa.study.base import AnyNumber, Problem, known
from coxa.study.models.weighting import WithoutRandomisation
from coxa.study.parts import Name, Part

if TYPE_CHECKING:
    from coxa.study.comparative import ComparativeStudy, PlannedAnalysis
    from coxa.study.plan import Study

Reason = Annotated[str, StringConstraints(min_length=3, strip_whitespace=True)]
CausalTarget = Literal["ATE", "ATT", "ATO"]
TARGET_WORDS: dict[str, str] = {
    "ATE": "the average effect in all participants (ATE)",
    "ATT": "the average effect in those who had the treatment (ATT)",
    "ATO": "the average effect in those who could well have had either treatment (ATO, overlap population)",
}
"""Estimand -> whose effect it is."""

BASELINE = "baseline"
"""Name of the outcome before the start, among confounders."""


class FollowUpStart(Part):
    """When follow-up starts, and how treatment and start are aligned."""

    description: Reason = Field(description="What happens on the day of inclusion: study day 0, in every group.")
    treatment_within_days: int = Field(
        0,
        ge=0,
        le=365,
        description="Days after the start within which treatment has begun in everybody of a treated group. Who begins "
        "later was followed while it was not known to which group he or she belongs (immortal time), and is refused.",
    )
    treated: AnyNumber[Name] = Field(
        (), description="Groups whose treatment begins on `treatment_start_date`; all but the reference unless given."
    )


class TargetTrial(Part):
    """The target trial of a cohort: what is emulated, and the confounders with the reason for each.

    With it a report may speak of an effect, under the assumptions it states; without it a cohort is described.
    """

    eligibility: Reason = Field(description="Who could enter the trial, by what is known at the start.")
    strategies: dict[Name, Reason] = Field(description="Group: the treatment strategy that it represents.")
    assignment: Reason = Field(description="How the trial would assign, and what takes its place here.")
    start: FollowUpStart = Field(description="Start of follow-up.")
    outcome: Reason = Field(description="What is measured, by whom, when.")
    estimand: CausalTarget = Field(
        "ATE", description="Whose effect: ATE of all, ATT of the treated, ATO of those who could have had either."
    )
    focal: Name | None = Field(
        None,
        description="Group whose participants the effect is of, with `estimand: ATT` where several groups are compared "
        "together; that of two groups is the compared one.",
    )
    analysis: Reason = Field(description="How the trial would be analysed, and what differs here.")
    confounders: dict[Name, Reason] = Field(
        min_length=1,
        description="Covariate (or `baseline`, the outcome before the start): why both the choice of treatment and the "
        "outcome depend on it.",
    )
    not_measured: tuple[Reason, ...] = Field((), description="Confounders that the data do not have.")
    negative_controls: AnyNumber[Name] = Field(
        (), description="Outcomes that the treatment cannot change; a difference in them shows bias."
    )


def target_trial_of(study: Study) -> TargetTrial | None:
    """Return the target trial of a cohort; None where the plan has none, and of any other study."""
    return getattr(study, "target_trial", None)


def emulated(planned: PlannedAnalysis) -> bool:
    """Say whether an analysis makes groups comparable by the confounders of a target trial."""
    return isinstance(planned.analysis, WithoutRandomisation)


def target_words(study: ComparativeStudy, trial: TargetTrial) -> str:
    """Return whose effect the target trial asks for, in words."""
    if trial.focal is not None:
        return f"the average effect in those of {study.label('arms', trial.focal)} (ATT)"
    return TARGET_WORDS[trial.estimand]


def in_one_population(planned: PlannedAnalysis) -> bool:
    """Say whether several groups are compared together, in one target population."""
    return planned.analysis.option("groups") == "together" and len(planned.compare) > 1


def adjusted_for(planned: PlannedAnalysis) -> tuple[str, ...]:
    """Return the variables whose imbalance between arms or groups an analysis takes into account."""
    trial = target_trial_of(planned.study)
    return tuple(trial.confounders) if trial and emulated(planned) else planned.analysis.adjusted_for()


def target_trial_problems(study: ComparativeStudy) -> Iterator[Problem]:
    """Yield what the target trial and the other parts of a plan disagree about."""
    trial = target_trial_of(study)
    for name, analysis in study.analyses.items():
        kind = analysis if isinstance(analysis, WithoutRandomisation) else None
        if kind is not None and trial is None:
            yield Problem(
                ("analyses", name, "model"),
                f"`model: {analysis.model}` makes groups comparable by declared confounders, and the plan declares "
                "none; add `target_trial:` with `confounders:` to a plan of `design: cohort`",
            )
        estimand = study.estimands.get(analysis.estimand)
        parts = {*study.outcomes, *study.events, *study.composites}
        is_there = estimand is not None and estimand.endpoint.outcome in parts  # else named elsewhere
        planned = study.planned(name) if is_there and trial is not None else None
        joined = planned is not None and in_one_population(planned)
        if joined and trial is not None and trial.estimand == "ATT" and trial.focal is None:
            yield Problem(
                ("target_trial", "focal"),
                f"analysis '{name}' compares several groups together, and the ATT is of one of them; name it as "
                "`focal`, or write `groups: apart` in the analysis",
            )
        exact = ("ATT", "ATE") if joined else ("ATT",)
        if analysis.option("method") == "entropy" and trial is not None and trial.estimand not in exact:
            yield Problem(
                ("analyses", name, "method"),
                f"entropy balancing is of the treated (ATT){' or of all (ATE)' if joined else ''}, and the target "
                f"trial has {trial.estimand}; write `estimand: ATT` there, or `method: propensity`",
            )
        if kind is not None and kind.in_pairs and trial is not None and trial.estimand != "ATT":
            yield Problem(
                ("analyses", name, "model"),
                f"each treated participant gets a partner, which is of the treated (ATT), and the target trial has "
                f"{trial.estimand}; write `estimand: ATT` there, or `model: weighting`",
            )
    if trial is None:
        return
    at = ("target_trial",)
    yield from known(trial.confounders, [*study.covariates, BASELINE], "covariate", (*at, "confounders"))
    yield from known(trial.strategies, study.arms, "arm", (*at, "strategies"))
    if trial.focal is not None:
        yield from known([trial.focal], study.arms, "arm", (*at, "focal"))
        if trial.estimand != "ATT":
            yield Problem((*at, "focal"), f"`focal` is of the ATT, and the estimand is {trial.estimand}; leave it out")
    yield from known(trial.start.treated, study.arms, "arm", (*at, "start", "treated"))
    yield from known(trial.negative_controls, study.outcomes, "outcome", (*at, "negative_controls"))
    for arm in study.arms:
        if arm not in trial.strategies:
            yield Problem((*at, "strategies"), f"group '{arm}' has no strategy; say which treatment it represents")
    about = {estimand.endpoint.outcome for estimand in study.estimands.values()}
    for name in trial.negative_controls:
        if name in about:
            yield Problem((*at, "negative_controls"), f"'{name}' is the outcome of an estimand; name another one")
