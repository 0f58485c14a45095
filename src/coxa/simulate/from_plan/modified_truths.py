"""The true difference between arms over what modifies it: exact where values are normal, else from participants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.exact import cut_means, events_are_out, steps_end_at_the_ends
from coxa.simulate.from_plan.follow import Conditions, follow
from coxa.simulate.from_plan.mix import LevelMix, NumberMix, draw_mix
from coxa.simulate.from_plan.modified import covariance_of, modified
from coxa.simulate.from_plan.other_truths import is_difference
from coxa.simulate.from_plan.sets import EVERYBODY
from coxa.simulate.from_plan.strategies import estimand_values
from coxa.simulate.truth import TrueCurve
from coxa.study.assumptions.trial import BASELINE
from coxa.study.estimand import Estimand

Floats = NDArray[np.float64]

REACH = 2.5
"""Standard deviations on both sides of the mean of a number over which a curve is known."""

EXACT_AT, SIMULATED_AT = 41, 11
"""Values of a number at which a curve is worked out, in closed form and by following participants."""

PEOPLE = 20_000
"""Participants that are followed under each arm at each value, where there is no closed form."""

FINE = 5
"""Steps of a scale in a standard deviation from which on a recorded value says what the value was."""


def true_curves(design: TrialDesign, seed: int) -> tuple[TrueCurve, ...]:
    """Return the difference of each estimand over what is planted to modify it, and over what analyses ask for."""
    found: list[TrueCurve] = []
    for name, plan in design.study.estimands.items():
        if not is_difference(design, plan) or plan.population not in EVERYBODY or design.study.received_in_periods:
            continue
        k = design.outcomes.index(plan.endpoint.outcome)
        planted = [one.name for one in modified(design.modifiers, k)]
        asked = [
            each
            for one in design.study.analyses.values()
            if one.estimand == name
            for each in one.option("modifiers", ())
        ]
        for modifier in dict.fromkeys([*planted, *asked]):
            found += _curves(design, name, plan, modifier, seed)
    return tuple(found)


def _curves(design: TrialDesign, name: str, plan: Estimand, modifier: str, seed: int) -> Iterator[TrueCurve]:
    """Yield the curves of an estimand over one modifier; none where they are not known."""
    if not (modifier == BASELINE or modifier in design.mix):
        return
    exact = _is_exact(design, plan, modifier)
    if modifier == BASELINE and not _baseline_says(design, plan):
        return
    values = _values(design, plan, modifier, EXACT_AT if exact else SIMULATED_AT)
    part = design.mix.get(modifier)
    shown = tuple(part.levels) if isinstance(part, LevelMix) else tuple(map(float, values))
    for visit in plan.endpoint.visit:
        for arm in plan.treatment.compare:
            pair = design.arms.index(arm), design.arms.index(plan.treatment.against)
            at = design.visits.index(visit)
            differences, error = (
                (_exact(design, plan, modifier, values, pair, at), 0.0)
                if exact
                else _given_baseline(design, plan, values, pair, at, seed)
                if modifier == BASELINE
                else _simulated(design, name, plan, modifier, values, pair, at, seed)
            )
            yield TrueCurve(
                estimand=name,
                visit=visit,
                arm=arm,
                reference=plan.treatment.against,
                modifier=modifier,
                values=shown,
                differences=tuple(map(float, differences)),
                monte_carlo_error=error,
                obtained="exact" if exact else "simulation",
            )


def _values(design: TrialDesign, plan: Estimand, modifier: str, count: int) -> Floats:
    """Return the values of a modifier, those at which a table of what it adds bends among them, or codes of levels."""
    k = design.outcomes.index(plan.endpoint.outcome)
    if modifier == BASELINE:
        mean, sd, one = design.means[0, k, 0], design.sd[k, 0], design.scales[k]
        low, high = np.clip([mean - REACH * sd, mean + REACH * sd], one.low, one.high).tolist()
        return np.linspace(low, high, count)
    part = design.mix[modifier]
    if isinstance(part, LevelMix):
        return np.arange(len(part.levels), dtype=float)
    low, high = np.clip([part.mean - REACH * part.sd, part.mean + REACH * part.sd], part.low, part.high)
    bends = [one.knots for one in modified(design.modifiers, k) if one.name == modifier and one.knots is not None]
    inside = [value for knots in bends for value in knots if low < value < high]
    return np.unique(np.round([*np.linspace(low, high, count), *inside], part.digits))


def _baseline_says(design: TrialDesign, plan: Estimand) -> bool:
    """Return whether what is recorded at baseline is the value from which the later ones follow, and nothing else acts.

    A score of items is recorded with an error of its own; a dose makes later values other than normal.
    """
    k = design.outcomes.index(plan.endpoint.outcome)
    measure = design.measures[k]
    if plan.endpoint.measure not in ("value", "change") or plan.endpoint.outcome in design.follows:
        return False
    if not measure.is_score or measure.items or not events_are_out(design, plan):
        return False
    dose = design.dose is not None and bool(design.dose.slope[k])
    return not dose and measure.step * FINE <= design.sd[k, 0] and _ends_are_steps(design, k)


def _ends_are_steps(design: TrialDesign, k: int) -> bool:
    return design.measures[k].kind == "continuous" or steps_end_at_the_ends(design, k)


def _is_exact(design: TrialDesign, plan: Estimand, modifier: str) -> bool:
    """Return whether values are normal but for the modifier, or only their means are asked for, and events are out."""
    k = design.outcomes.index(plan.endpoint.outcome)
    measure = design.measures[k]
    if plan.endpoint.measure not in ("value", "change") or plan.endpoint.outcome in design.follows:
        return False
    if not measure.is_score or not events_are_out(design, plan):
        return False
    if measure.kind == "continuous" and modifier != BASELINE:
        return True
    levels = [name for name, part in design.mix.items() if isinstance(part, LevelMix) and part.shift[:, k].any()]
    others = {*levels, *(one.name for one in modified(design.modifiers, k) if one.name != BASELINE)} - {modifier}
    dose = design.dose is not None and bool(design.dose.slope[k])
    return not others and not dose and _ends_are_steps(design, k)


def _exact(design: TrialDesign, plan: Estimand, modifier: str, values: Floats, pair: tuple[int, int], t: int) -> Floats:
    """Return the difference at each value; who does not start has the course of the reference arm."""
    k = design.outcomes.index(plan.endpoint.outcome)
    own, other, reference = (_means_at(design, modifier, values, arm, k, t) for arm in (*pair, 0))
    started = [1.0 - design.not_started[arm] for arm in pair]
    means = [share * mean + (1.0 - share) * reference for share, mean in zip(started, (own, other), strict=True)]
    return np.asarray(means[0] - means[1])


def _means_at(design: TrialDesign, modifier: str, values: Floats, arm: int, k: int, t: int) -> Floats:
    """Return the mean of those who receive an arm at each value of a modifier."""
    total, spread = design.covariance(arm)[k, :, k, :], float(design.own_sd[arm, k, t])
    mean = design.means[arm, k, t]
    if modifier == BASELINE:
        slope = total[0, t] / total[0, 0]
        centre = mean + slope * (values - design.means[arm, k, 0])
        left = spread**2 - slope * total[0, t]
    else:
        part = design.mix[modifier]
        shared = part.slope[k] * (values - part.mean) if isinstance(part, NumberMix) else part.shift[:, k]
        centre = mean + shared
        for one in modified(design.modifiers, k):
            if one.name == modifier and one.arm == arm:
                centre = centre + one.at(values)
        taken = covariance_of(modifier, part, design.modifiers, arm, len(design.visits))
        left = spread**2 - float(np.broadcast_to(taken, design.covariance().shape)[k, t, k, t])
    if design.measures[k].kind == "continuous":
        return np.asarray(centre)
    low, high = design.scales[k].low, design.scales[k].high
    return cut_means(centre, float(np.sqrt(left)), low, high)


def _given_baseline(
    design: TrialDesign, plan: Estimand, values: Floats, pair: tuple[int, int], t: int, seed: int
) -> tuple[list[float], float]:
    """Return the mean difference at each value of the baseline, and the largest error.

    Given the covariates values are normal, so that a mean at a baseline is that of closed forms over participants,
    weighted by how likely the baseline is with their covariates.
    """
    k = design.outcomes.index(plan.endpoint.outcome)
    mix, shift = draw_mix(design.mix, PEOPLE, len(design.outcomes), seed)
    own = shift[:, k]
    left = [_beside_covariates(design, arm, k) for arm in (*pair, 0)]
    started = [1.0 - design.not_started[arm] for arm in pair]
    found, errors = [], []
    for value in values:
        away = value - design.means[0, k, 0] - own
        weight = norm.pdf(away, scale=np.sqrt(left[0][0, 0]))
        weight /= weight.sum()
        means = []
        for arm, covariance in zip((*pair, 0), left, strict=True):
            slope = covariance[0, t] / covariance[0, 0]
            centre = design.means[arm, k, t] + own + slope * away
            for one in modified(design.modifiers, k):
                if one.name != BASELINE and one.arm == arm:
                    centre = centre + one.at(mix[one.name])
            spread = float(np.sqrt(covariance[t, t] - slope * covariance[0, t]))
            scale = design.scales[k]
            kept = design.measures[k].kind == "continuous"
            means.append(centre if kept else cut_means(centre, spread, scale.low, scale.high))
        each = [share * mean + (1.0 - share) * means[2] for share, mean in zip(started, means[:2], strict=True)]
        difference = each[0] - each[1]
        mean = float(weight @ difference)
        found.append(mean)
        errors.append(float(np.sqrt((weight**2 * (difference - mean) ** 2).sum())))
    return found, max(errors)


def _beside_covariates(design: TrialDesign, arm: int, k: int) -> Floats:
    """Return (m, m) the covariance of an outcome in an arm, less what covariates add to it."""
    whole = design.covariance(arm)
    for name, part in design.mix.items():
        whole = whole - covariance_of(name, part, design.modifiers, arm, len(design.visits))
    return np.asarray(whole[k, :, k, :])


def _simulated(
    design: TrialDesign,
    name: str,
    plan: Estimand,
    modifier: str,
    values: Sequence[float] | Floats,
    pair: tuple[int, int],
    t: int,
    seed: int,
) -> tuple[list[float], float]:
    """Return the mean difference of participants who all have one value, at each value; and the largest error."""
    events = {event for event, how in plan.intercurrent_events.items() if how.strategy == "hypothetical"}
    world = Conditions(frozenset(events), everything=True, population=True)
    found, errors = [], []
    for value in values:
        alike, moved = _all_with(design, modifier, float(value))
        mix, shift = draw_mix(alike.mix, PEOPLE, len(design.outcomes), seed)
        given: tuple[dict[str, NDArray[Any]], Floats] = (mix, shift + moved)
        own, other = (
            follow(alike, np.full(PEOPLE, arm, dtype=np.intp), seed, world=world, covariates=given) for arm in pair
        )
        each = [estimand_values(alike, drawn, name, complete=True)[0][:, t] for drawn in (own, other)]
        difference = each[0] - each[1]
        difference = difference[~np.isnan(difference)]
        found.append(float(difference.mean()))
        errors.append(float(difference.std(ddof=1) / np.sqrt(len(difference))))
    return found, max(errors)


def _all_with(design: TrialDesign, modifier: str, value: float) -> tuple[TrialDesign, Floats]:
    """Return the design in which all have one value of a covariate, and (k,) what that adds to the outcomes."""
    part = design.mix[modifier]
    if isinstance(part, NumberMix):
        moved = part.slope * (value - part.mean)
        return replace(design, mix={**design.mix, modifier: replace(part, mean=value, sd=0.0)}), moved
    only = (np.arange(len(part.levels)) == int(value)).astype(float)
    return replace(design, mix={**design.mix, modifier: replace(part, shares=only)}), np.zeros(len(design.outcomes))
