"""The effect of one study of a plan, from whatever its paper prints."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from coxa.errors import CoxaError
from coxa.meta.binary import count_effects
from coxa.meta.continuous import mean_differences, single_means, small_sample_factor, standardised_mean_differences
from coxa.meta.effects import RATIOS, Effects
from coxa.meta.review.own import own_figures
from coxa.meta.review.preset_figures import preset_figures
from coxa.meta.summaries import error_from_interval, error_from_p_value, standardised
from coxa.study.pool.plan import PoolOutcome, PoolPlan
from coxa.study.pool.studies import ArmData, PooledStudy

OWN = "own_trial"
"""Name of the trial that is the reader's own."""


@dataclass(frozen=True, slots=True)
class StudyEffect:
    """One comparison, ready to be pooled.

    name, label, trial : of the plan
    estimate, variance : on the scale on which it is pooled (ratios as logarithms); NaN where there is none
    compared, reference : what is known of the arms
    source, context    : for the table of studies
    notes              : what was converted, assumed or turned, in sentences
    own                : whether it is the reader's own trial
    """

    name: str
    label: str
    trial: str
    estimate: float
    variance: float
    compared: ArmData
    reference: ArmData
    source: str
    context: str
    notes: tuple[str, ...]
    own: bool


def study_effects(plan: PoolPlan) -> tuple[StudyEffect, ...]:
    """Return the effects of the studies of a plan, in its order.

    Raises
    ------
    CoxaError
        A study has not the numbers that the measure needs; the message names it.
    """
    return tuple(_named(plan, name, study_effect) for name in plan.studies)


def _named(plan: PoolPlan, name: str, found: Callable[[PoolPlan, str], StudyEffect]) -> StudyEffect:
    try:
        return found(plan, name)
    except CoxaError as error:
        line = plan.origin.line("studies", name) if plan.origin else None
        where = f"{plan.origin.name}, line {line}, " if plan.origin and line else ""
        raise CoxaError(f"{where}study `{name}`: {error}") from None


def study_effect(plan: PoolPlan, name: str) -> StudyEffect:
    """Return the effect of one study; see `study_effects`."""
    written = plan.studies[name]
    study, notes, source = _with_figures(plan, written)
    outcome = plan.outcome
    compared, reference = study.compared or ArmData(), study.reference or ArmData()
    if study.estimate is not None:
        estimate, error, more = _from_summary(study, outcome)
        variance = error**2
    else:
        found = _from_arms(compared, reference, outcome, plan.label(name))
        estimate, variance, more = float(found.estimate[0]), float(found.variance[0]), found.notes
        if study.values == "change" and outcome.measure == "smd":
            more = (*more, "Standardised by the spread of change, which is not that of the outcome: not comparable "
                           "with "
                    "studies of values at follow-up.")  # fmt: skip
    estimate, variance, turned = _in_direction(estimate, variance, study, outcome)
    return StudyEffect(
        name, plan.label(name), plan.trial(name), estimate, variance, compared, reference, source,
        written.context or "", (*notes, *more, *turned), written.own is not None or plan.trial(name) == OWN,
    )  # fmt: skip


def _with_figures(plan: PoolPlan, study: PooledStudy) -> tuple[PooledStudy, tuple[str, ...], str]:
    """Return a study with the numbers that are elsewhere: of a preset, or of a report; with notes and source."""
    if study.preset is not None:
        return preset_figures(study, plan.outcome.measure)
    if study.own is not None:
        folder = Path(plan.origin.folder) if plan.origin else Path()
        return own_figures(study, folder, plan.outcome.measure)
    return study, (), study.source or ""


def _from_summary(study: PooledStudy, outcome: PoolOutcome) -> tuple[float, float, tuple[str, ...]]:
    """Return estimate, standard error and notes of a printed estimate."""
    printed, ratio = float(study.estimate or 0.0), outcome.measure in RATIOS
    df = study.df if study.df is not None else math.inf
    notes: tuple[str, ...] = ()
    if ratio and printed <= 0:
        raise CoxaError(f"`estimate` is {printed:g}, which is no ratio. Give the ratio itself, not its logarithm.")
    estimate = math.log(printed) if ratio else printed
    if study.interval is not None:
        error = error_from_interval(printed, *study.interval, level=study.interval_level, df=df, ratio=ratio)
        notes = (f"Standard error from the {100 * study.interval_level:g}% interval.",)
    elif study.p_value is not None:
        error = error_from_p_value(estimate, study.p_value, df=df)
        notes = ("Standard error from the p-value.",)
    else:
        error = float(study.std_error or 0.0)
    if outcome.measure != "smd" or study.standardised:
        return estimate, error, notes
    if study.sd is None:
        raise CoxaError("A standardised difference needs `sd`. Give the standard deviation of the outcome within arms, "
                        "or `standardised: true`.")  # fmt: skip
    size = sum(arm.n or 0 for arm in (study.compared, study.reference) if arm)
    df_sd = size - 2 if size > 3 else math.inf
    g, spread = standardised(estimate, error, study.sd, df=df_sd, correction=outcome.correction)
    return g, spread, (*notes, f"Divided by the standard deviation {study.sd:g}.")


def _from_arms(compared: ArmData, reference: ArmData, outcome: PoolOutcome, label: str) -> Effects:
    """Return the effect of the numbers of both arms."""
    if outcome.measure == "mean":
        return single_means([_of(compared.mean)], [_of(compared.sd)], [_of(compared.n)])
    if outcome.measure in ("rr", "or", "rd"):
        numbers = [[_of(each)] for each in (compared.events, compared.n, reference.events, reference.n)]
        return count_effects(*numbers, measure=outcome.measure, add=outcome.add, labels=[label])
    numbers = [[_of(each)] for arm in (compared, reference) for each in (arm.mean, arm.sd, arm.n)]
    if outcome.measure == "md":
        return mean_differences(*numbers)
    found = standardised_mean_differences(*numbers, correction=outcome.correction)
    factor = float(small_sample_factor([numbers[2][0] + numbers[5][0] - 2], outcome.correction)[0])
    said = f"Divided by the pooled standard deviation; Hedges' correction ({outcome.correction}) {factor:.3f}."
    return replace(found, notes=(said,))


def _of(value: float | None) -> float:
    if value is None:
        raise CoxaError("A number of an arm is missing. Give `mean`, `sd` and `n`, or `events` and `n`, of both arms.")
    return float(value)


def _in_direction(
    estimate: float, variance: float, study: PooledStudy, outcome: PoolOutcome
) -> tuple[float, float, tuple[str, ...]]:
    """Return an effect in the unit and the direction of the outcome of the plan, with what was done."""
    notes: list[str] = []
    if study.multiply != 1:
        if outcome.measure not in ("md", "mean"):
            raise CoxaError(f"`multiply` is of no use for `{outcome.measure}`, which has no unit. Remove it.")
        estimate, variance = estimate * study.multiply, variance * study.multiply**2
        notes.append(f"Multiplied by {study.multiply:g} to the unit of the outcome.")
    if study.higher_is_better is not None and study.higher_is_better != outcome.higher_is_better:
        estimate = -estimate
        notes.append("Sign turned: the scale of the study has the other direction.")
    return estimate, variance, tuple(notes)
