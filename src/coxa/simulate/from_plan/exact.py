"""The value of an estimand in closed form, where the generator has one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from coxa.simulate.from_plan.after_events import OnDay, days_of, deciding_event, moved
from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.happenings import EventDesign
from coxa.simulate.from_plan.mix import LevelMix
from coxa.simulate.from_plan.other_kinds import exact_other
from coxa.study.assumptions.trial import BASELINE
from coxa.study.estimand import Estimand

Floats = NDArray[np.float64]


def cut_mean(mean: float, sd: float, low: float, high: float) -> float:
    """Return the mean of a normal value that is cut at the ends of its range.

    Parameters
    ----------
    mean, sd
        Of the value before it is cut.
    low, high
        Ends of the range.

    Notes
    -----
    E = low F(a) + high (1 - F(b)) + mean (F(b) - F(a)) - sd (f(b) - f(a)), with a and b the ends in standard
    deviations from the mean, F and f the standard normal distribution and density.

    Examples
    --------
    >>> round(cut_mean(50, 10, 0, 100), 3), round(cut_mean(100, 10, 0, 100), 3)
    (50.0, 96.011)
    """
    return float(cut_means(np.array(mean), sd, low, high))


def cut_means(mean: Floats, sd: float, low: float, high: float) -> Floats:
    """Return (n,) `cut_mean` of each of several means."""
    a, b = (low - mean) / sd, (high - mean) / sd
    inside = norm.cdf(b) - norm.cdf(a)
    ends = low * norm.cdf(a) + high * norm.sf(b)
    return np.asarray(ends + mean * inside - sd * (norm.pdf(b) - norm.pdf(a)))


def exact_mean(design: TrialDesign, plan: Estimand, arm: int, visit: int) -> float | None:
    """Return the mean of an estimand's endpoint in an arm at a visit, where it has a closed form.

    Parameters
    ----------
    design
        The trial.
    plan
        The estimand.
    arm, visit
        Places in `design.arms` and `design.visits`.

    Returns
    -------
    float or None
        None where no closed form is known: after several events that matter, or one that goes by values; for percent
        change, for responders on a scale with ends or items, for outcomes that follow from other rows, and at
        the ends of a scale where covariates by
        level, conditions or attendance make the values other than normal.
    """
    known, event = deciding_event(design, plan)
    if not known or plan.endpoint.outcome in design.follows:
        return None
    started = 1.0 - design.not_started[arm]
    parts = [(started, arm), (1.0 - started, 0)]
    means = [(share, _mean_with_events(design, plan, event, received, visit)) for share, received in parts if share > 0]
    found = [share * mean for share, mean in means if mean is not None]
    return float(sum(found)) if len(found) == len(means) else None


def _mean_with_events(
    design: TrialDesign, plan: Estimand, event: EventDesign | None, received: int, visit: int
) -> float | None:
    """Return the mean of the endpoint of those who receive an arm, over whether and when an event comes."""
    without = _mean_of(design, plan, received, visit)
    if event is None or without is None:
        return without
    total, free = 0.0, 1.0
    kept: dict[tuple[int, float], float | None] = {}
    for on in days_of(design, event, received):
        if on.visit > visit:
            break
        key = (on.visit, on.day if event.keeps or event.effect.any() else 0.0)
        if key not in kept:
            kept[key] = _mean_after(design, plan, event, received, visit, on)
        after = kept[key]
        if after is None:
            return None
        total, free = total + on.probability * after, free - on.probability
    return total + free * without


def _mean_after(
    design: TrialDesign, plan: Estimand, event: EventDesign, received: int, visit: int, on: OnDay
) -> float | None:
    """Return the mean of the endpoint at a visit of those to whom an event came on a day before it."""
    how, k = plan.intercurrent_events[event.name], design.outcomes.index(plan.endpoint.outcome)
    measure, scale = plan.endpoint.measure, design.scales[k]
    if how.strategy == "while_on_treatment":
        if on.visit > 1:
            return _mean_of(design, plan, received, on.visit - 1)
        return 0.0 if measure == "change" else _mean_of(design, plan, received, 0) if measure == "value" else None
    if how.strategy == "composite":
        if measure == "responder":
            return 0.0
        worst = scale.low if scale.higher_is_better else scale.high
        value = float(worst if how.value == "worst" or how.value is None else how.value)
        before = _mean_at_baseline(design, k, received) if measure == "change" else 0.0
        return None if before is None else value - before
    return _mean_of(design, plan, received, visit, moved(design, event, k, received, visit, on))


def _mean_at_baseline(design: TrialDesign, k: int, received: int) -> float | None:
    """Return the mean of a score before treatment."""
    if design.measures[k].kind == "continuous":
        return float(design.means[received, k, 0])
    if not design.measures[k].is_score or not is_normal(design, k) or not steps_end_at_the_ends(design, k):
        return None
    scale = design.scales[k]
    return cut_mean(design.means[received, k, 0], design.own_sd[received, k, 0], scale.low, scale.high)


def events_are_out(design: TrialDesign, plan: Estimand) -> bool:
    """Return whether events change nothing of the endpoint: hypothetical, or without effect and taken as they are."""
    for event in design.events:
        strategy = plan.intercurrent_events[event.name].strategy
        if strategy == "hypothetical" or (strategy == "treatment_policy" and event.harmless):
            continue
        return False
    return True


def is_normal(design: TrialDesign, k: int) -> bool:
    """Return whether an outcome's values are normal before the ends of the scale."""
    levels = [part for part in design.mix.values() if isinstance(part, LevelMix)]
    if any(one.outcome == k and one.name != BASELINE for one in design.modifiers):
        return False
    return not any(part.shift[:, k].any() for part in levels) and (design.dose is None or design.dose.slope[k] == 0)


def _mean_of(design: TrialDesign, plan: Estimand, received: int, visit: int, shift: float = 0.0) -> float | None:
    """Return the mean of the endpoint of those who receive an arm, their values moved by an amount at the visit."""
    k = design.outcomes.index(plan.endpoint.outcome)
    measure, kind = plan.endpoint.measure, design.measures[k].kind
    one = design.measures[k]
    if not one.is_score:
        centre = float(design.means[received, k, visit]) + shift
        return exact_other(kind, centre) if is_normal(design, k) else None
    if measure == "responder":
        return _responders(design, plan, k, received, visit, shift)
    if measure == "percent_change":
        return None
    if kind == "continuous":
        mean = design.means[received, k]
        return float(mean[visit] + shift - (mean[0] if measure == "change" else 0.0))
    if not is_normal(design, k) or not steps_end_at_the_ends(design, k):
        return None
    scale = design.scales[k]
    at = [
        cut_mean(design.means[received, k, t] + more, design.own_sd[received, k, t], scale.low, scale.high)
        for t, more in ((0, 0.0), (visit, shift))
    ]
    return at[1] - (at[0] if measure == "change" else 0.0)


def steps_end_at_the_ends(design: TrialDesign, k: int) -> bool:
    """Return whether the ends of the range are steps, so that rounding within them keeps means."""
    one, step, scale = design.measures[k], design.measures[k].step, design.scales[k]
    if (one.low, one.high) != (scale.low, scale.high):
        return False
    ends = [scale.low / step, scale.high / step] if step else [0.0]
    return all(abs(end - round(end)) < 1e-9 for end in ends)


def _responders(design: TrialDesign, plan: Estimand, k: int, received: int, visit: int, shift: float) -> float | None:
    """Return the proportion of responders, for normal values without steps."""
    rule = design.study.outcomes[plan.endpoint.outcome].response
    kind = design.measures[k].kind
    if rule is None or rule.measure == "percent_change" or not is_normal(design, k) or design.measures[k].step:
        return None
    sign, sd = design.signs[k], design.own_sd[received, k]
    mean = design.means[received, k] + shift * (np.arange(len(design.visits)) == visit)
    if rule.measure == "value":
        scale = design.scales[k]
        if kind == "items" or not scale.low < rule.at_least < scale.high:
            return None
        return float(norm.sf(sign * (rule.at_least - mean[visit]) / sd[visit]))
    if kind != "continuous":
        return None
    both = design.covariance(received)[k, :, k, :]
    spread = np.sqrt(both[0, 0] + both[visit, visit] - 2.0 * both[0, visit])
    return float(norm.sf((rule.at_least - sign * (mean[visit] - mean[0])) / spread))
