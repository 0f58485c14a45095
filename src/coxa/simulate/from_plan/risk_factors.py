"""Covariates that act on events of a plan: what they multiply the hazard of each participant by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from coxa.simulate.from_plan.mix import LevelMix, Mix, NumberMix, draw_mix
from coxa.study.assumptions.numbers import by_name
from coxa.study.assumptions.trial import AssumedHappening, Assumptions

Floats = NDArray[np.float64]

PEOPLE, SEED = 20_000, 8_211
"""Participants and seed of the case mix over which probabilities and mean numbers are averaged."""

SURE = 50.0
"""Cumulative hazard at which an event is as good as certain."""


def multipliers(part: AssumedHappening, mix: Mapping[str, Mix], values: Mapping[str, NDArray[Any]], n: int) -> Floats:
    """Return (n,) what the covariates of each participant multiply the hazard by; 1 at the mean, or without an entry.

    Parameters
    ----------
    part
        What is assumed of the event.
    mix
        How the covariates are distributed.
    values
        Their numbers, or codes of their levels, (n,) by name.
    n
        Participants.
    """
    log = np.zeros(n)
    for name, ratio in part.covariates.items():
        of, drawn = mix[name], values[name]
        if isinstance(of, NumberMix) and not isinstance(ratio, dict):
            log += np.log(ratio) * (np.asarray(drawn, dtype=float) - of.mean)
        elif isinstance(of, LevelMix) and isinstance(ratio, dict):
            log += np.log([ratio.get(level, 1.0) for level in of.levels])[drawn]
    return np.asarray(np.exp(log))


def event_hazards(part: Assumptions, arms: tuple[str, ...], mix: Mapping[str, Mix], outcomes: int) -> dict[str, Floats]:
    """Return event -> (a,) cumulative hazard, or mean number, of each arm where the covariates multiply it by 1.

    Those of all participants are then the probabilities and mean numbers that the plan assumes.
    """
    acts = any(one.covariates for one in part.happenings.values())
    values = draw_mix(mix, PEOPLE, outcomes, SEED)[0] if acts else {}
    found = {}
    for name, one in part.happenings.items():
        factor = multipliers(one, mix, values, PEOPLE) if one.covariates else np.ones(1)
        if one.number is not None:
            found[name] = np.array([by_name(one.number, arm) for arm in arms]) / factor.mean()
            continue
        risks = [by_name(one.probability or 0.0, arm) for arm in arms]
        found[name] = np.array([_hazard_of(min(risk, 1.0 - 1e-12), factor) for risk in risks])
    return found


def _hazard_of(risk: float, factor: Floats) -> float:
    """Return the cumulative hazard at which participants with these factors have a risk on average.

    Examples
    --------
    >>> round(_hazard_of(0.5, np.array([1.0])), 4)
    0.6931
    """
    if risk <= 0 or (factor == 1.0).all():
        return float(-np.log1p(-risk))
    top = SURE / float(np.quantile(factor, 0.001))
    return float(brentq(lambda hazard: float(-np.expm1(-hazard * factor).mean()) - risk, 0.0, top))
