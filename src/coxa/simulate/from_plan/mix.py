"""Case mix: covariates and conditions of the participants, and what they add to the outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coxa.instruments.measures import load_measures
from coxa.simulate.from_plan.defaults import LIKE_SIDES, WEEKLY, Usual
from coxa.simulate.seeds import generator
from coxa.study.assumptions.numbers import by_name
from coxa.study.assumptions.trial import AssumedCovariate, Assumptions
from coxa.study.conditions import conditions
from coxa.study.covariate_sources import BaselineMeasure, ConditionSource, SportSource
from coxa.study.parts import Covariate

Floats = NDArray[np.float64]
CONDITION = "main_condition"


@dataclass(frozen=True, slots=True)
class NumberMix:
    """A number: normal with `mean` and `sd`.

    slope     : (k,) what one unit adds to each outcome
    low, high : what is recorded is cut here
    digits    : decimals recorded
    """

    mean: float
    sd: float
    slope: Floats
    low: float
    high: float
    digits: int

    def covariance(self) -> Floats:
        """Return (k, k) what it adds to the covariance of the outcomes."""
        return np.asarray(np.outer(self.slope, self.slope) * self.sd**2)


@dataclass(frozen=True, slots=True)
class LevelMix:
    """A category: its levels, their shares (l,) and what each adds to each outcome (l, k), with mean 0."""

    levels: tuple[str, ...]
    shares: Floats
    shift: Floats

    def covariance(self) -> Floats:
        """Return (k, k) what it adds to the covariance of the outcomes."""
        return np.asarray(self.shift.T @ (self.shares[:, None] * self.shift))

    @property
    def acts(self) -> bool:
        """Whether it adds anything."""
        return bool(np.abs(self.shift).max() > 0)


Mix = NumberMix | LevelMix


def case_mix(covariates: Mapping[str, Covariate], part: Assumptions, outcomes: tuple[str, ...], driver: str
             ) -> dict[str, Mix]:  # fmt: skip
    """Return covariate -> how it is distributed and what it adds; conditions are a category of their own."""
    found: dict[str, Mix] = {}
    effects = {name: outcome.covariates for name, outcome in part.outcomes.items()}
    for name, planned in covariates.items():
        if not is_drawn(planned) or part.conditions_give(name, planned):
            continue
        mix = part.covariates.get(name, AssumedCovariate())
        of_outcome = [effects.get(outcome, {}).get(name, 0.0) for outcome in outcomes]
        if planned.type == "number":
            found[name] = _number(planned, mix, of_outcome)
        else:
            levels = tuple(planned.level_labels())
            shares = [mix.shares.get(level, 0.0) for level in levels] if mix.shares else [1.0] * len(levels)
            shift = [[effect.get(level, 0.0) if isinstance(effect, dict) else 0.0 for effect in of_outcome]
                     for level in levels]  # fmt: skip
            found[name] = _levels(levels, shares, shift)
    if part.conditions:
        names = tuple(part.conditions)
        shift = [[by_outcome(part.conditions[name].shift, outcome, driver) for outcome in outcomes] for name in names]
        found[CONDITION] = _levels(names, [part.conditions[name].share for name in names], shift)
    return found


def is_drawn(planned: Covariate) -> bool:
    """Return whether a covariate is drawn, and does not follow from others or from an outcome."""
    return planned.source is None or planned.source.drawn


def by_outcome(given: float | dict[str, float], outcome: str, driver: str) -> float:
    """Return what a number, meant for the driving outcome, or a number by outcome, says of one outcome."""
    return by_name(given, outcome) if isinstance(given, dict) or outcome == driver else 0.0


def _number(planned: Covariate, mix: AssumedCovariate, slope: list[Any]) -> NumberMix:
    low, high = planned.range or (-np.inf, np.inf)
    usual = usual_number(planned)
    mean = usual.mean if mix.mean is None else mix.mean
    sd = usual.sd if mix.sd is None else mix.sd
    digits = 0 if sd >= 5 else 1 if sd >= 0.5 else 3
    if isinstance(planned.source, ConditionSource):
        low, high, digits = max(low, 1.0), min(high, float(len(conditions()))), 0
    elif planned.source is not None and planned.source.table == "sport_training":
        low = max(low, 0.0)
    return NumberMix(mean, sd, np.array(slope, dtype=float), low, high, digits)


def usual_number(planned: Covariate) -> Usual:
    """Return where a number is of which nothing is assumed: as usual in sport, or in the middle of its usual range.

    Of a number without a range it is 0, with a standard deviation of 1.
    """
    if planned.range is not None:
        low, high = planned.range
        return Usual((low + high) / 2, (high - low) / 6)
    if isinstance(planned.source, SportSource):
        return WEEKLY[planned.source.field]
    if isinstance(planned.source, BaselineMeasure):
        side, measure = planned.source.side, load_measures()[planned.source.measure]
        low, high = LIKE_SIDES if side == "symmetry" else measure.soft or measure.hard
        return Usual((low + high) / 2, (high - low) / 6)
    return Usual(0.0, 1.0)


def _levels(levels: tuple[str, ...], shares: list[float], shift: list[list[float]]) -> LevelMix:
    share = np.array(shares, dtype=float) / sum(shares)
    raw = np.array(shift, dtype=float)
    return LevelMix(levels, share, raw - share @ raw)


def draw_mix(mix: Mapping[str, Mix], n: int, k: int, seed: int) -> tuple[dict[str, NDArray[Any]], Floats]:
    """Draw covariates and what they add.

    Returns
    -------
    values : dict
        covariate -> (n,) numbers as recorded, or codes of levels.
    shift : (n, k) array
        What all of them add to each outcome, with mean 0.
    """
    values: dict[str, NDArray[Any]] = {}
    shift = np.zeros((n, k))
    for name, part in mix.items():
        rng = generator(f"covariate {name}", seed)
        if isinstance(part, NumberMix):
            deviation = part.sd * rng.standard_normal(n)
            values[name] = np.round(np.clip(part.mean + deviation, part.low, part.high), part.digits)
            if part.slope.any():
                shift += deviation[:, None] * part.slope
        else:
            code = np.minimum(
                np.searchsorted(np.cumsum(part.shares), rng.random(n), side="right"), len(part.levels) - 1
            )
            values[name] = code
            if part.acts:
                shift += part.shift[code]
    return values, shift
