"""Scales on which the values of units are near normal with known standard errors, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from coxa.audit.dispersion import Dispersion
from coxa.audit.limits import Floats, Pair, normal_limits
from coxa.errors import OptionError

Adjust = Literal["none", "additive", "multiplicative"]
ADJUSTMENTS: tuple[Adjust, ...] = ("none", "additive", "multiplicative")


@dataclass(frozen=True, slots=True)
class Scale:
    """Values of units and their target on a scale where they are near normal.

    values, std_errors : (n_units,)
    target             : on the same scale
    back               : from limits on this scale to those that are drawn
    """

    values: Floats
    std_errors: Floats
    target: float
    back: Callable[[Floats], Floats]

    @property
    def z(self) -> Floats:
        """Distance of each unit from the target in standard errors."""
        return (self.values - self.target) / self.std_errors

    def limits(self, level: float, spread: Dispersion | None, adjust: Adjust) -> Pair:
        """Return the limits that are drawn, wider by the over-dispersion where they are adjusted."""
        errors = self.std_errors
        if spread is not None and adjust == "additive":
            errors = np.sqrt(errors**2 + spread.tau2)
        elif spread is not None and adjust == "multiplicative":
            errors = errors * spread.multiplier
        low, high = normal_limits(self.target, errors, level)
        return self.back(low), self.back(high)


def as_it_is(values: Floats, std_errors: Floats, target: float) -> Scale:
    """Return means as they are."""
    return Scale(values, std_errors, target, lambda limits: limits)


def arcsine_scale(events: Floats, n: Floats, target: float) -> Scale:
    """Return proportions as asin(sqrt(p)), with standard error 1 / (2 sqrt(n))."""

    def back(limits: Floats) -> Floats:
        return np.sin(np.clip(limits, 0, np.pi / 2)) ** 2

    return Scale(np.arcsin(np.sqrt(events / n)), 1 / (2 * np.sqrt(n)), float(np.arcsin(np.sqrt(target))), back)


def log_scale(observed: Floats, expected: Floats) -> Scale:
    """Return ratios as log(O/E), with standard error 1 / sqrt(E): the form of SHMI."""
    if (observed == 0).any():
        n = int((observed == 0).sum())
        raise OptionError(f"{n} units have no event: the logarithm of O/E is not defined. Choose the form cqc.")
    return Scale(np.log(observed / expected), 1 / np.sqrt(expected), 0.0, np.exp)


def root_scale(observed: Floats, expected: Floats) -> Scale:
    """Return ratios as sqrt(O/E), with standard error 1 / (2 sqrt(E)): the form of CQC."""

    def back(limits: Floats) -> Floats:
        return np.maximum(limits, 0) ** 2

    return Scale(np.sqrt(observed / expected), 1 / (2 * np.sqrt(expected)), 1.0, back)
