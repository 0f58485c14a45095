"""Limits of a function of the variances by the profile likelihood.

The limits of g are its least and largest value over the parameters whose deviance is at most that of the optimum plus a
quantile of chi-squared with one degree of freedom (Venzon & Moolgavkar, Applied Statistics 1988, 37:87-94): one
constrained optimisation for each limit, with exact derivatives of the likelihood.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import optimize, stats

from coxa.models.numerics.mixed.derivatives import derived
from coxa.models.numerics.mixed.likelihood import Mixed, state
from coxa.models.numerics.mixed.search import MixedOptimum

Function = Callable[[np.ndarray], float]

STEP = 1e-6
"""Half the distance over which the gradient of a function of the parameters is taken."""

OUTSIDE = -1e3
"""Distance from the level that stands for parameters at which there is no likelihood."""

SHARES = (0.5, 0.9, 0.2, 0.05)
"""Where searches begin, until one ends at the level: shares of the way that a quadratic likelihood would have."""

CLOSE = 1e-5
"""How close the deviance at a limit must be to the level asked for."""


def gradient(g: Function, theta: np.ndarray) -> np.ndarray:
    """Return the gradient of a smooth function by central differences."""
    steps = STEP * np.eye(len(theta))
    return np.array([(g(theta + step) - g(theta - step)) / (2 * STEP) for step in steps])


def profile_limit(model: Mixed, optimum: MixedOptimum, g: Function, level: float, *, upper: bool) -> float:
    """Return one limit of g by the profile likelihood; NaN where the search did not end at the level.

    Parameters
    ----------
    model, found
        At the optimum.
    g : function of theta (K,)
        Smooth where the limit lies, and of the order of 1.
    level : float
        Of the interval, in (0, 1).
    upper : bool
        Which of the two limits.
    """
    allowed = 0.5 * float(stats.chi2.ppf(level, 1))
    best, sign = optimum.at.loglik, -1.0 if upper else 1.0

    def room(theta: np.ndarray) -> float:
        try:
            value = allowed - (best - state(model, theta).loglik)
        except np.linalg.LinAlgError:
            return OUTSIDE
        return value if np.isfinite(value) else OUTSIDE

    def room_gradient(theta: np.ndarray) -> np.ndarray:
        try:
            return np.nan_to_num(
                -derived(model, state(model, theta), expected=False).gradient, nan=0.0, posinf=0.0, neginf=0.0
            )
        except np.linalg.LinAlgError:
            return np.zeros(len(theta))

    with np.errstate(all="ignore"):  # the search may leave the parameters that have a likelihood
        for share in SHARES:
            result = optimize.minimize(  # type: ignore[call-overload]
                lambda theta: sign * g(theta),
                beginning(optimum, g, sign * share, allowed),
                jac=lambda theta: sign * gradient(g, theta),
                method="SLSQP",
                constraints={"type": "ineq", "fun": room, "jac": room_gradient},
                options={"ftol": 1e-12, "maxiter": 300},
            )
            left = room(result.x)
            still = left > 0 and float(np.abs(gradient(g, result.x)).max()) < CLOSE
            if abs(left) < CLOSE or still:
                return float(g(result.x))
    return np.nan


def beginning(optimum: MixedOptimum, g: Function, share: float, allowed: float) -> np.ndarray:
    """Return where a search for a limit begins: a share of the way to where a quadratic likelihood would have it."""
    slope = gradient(g, optimum.theta)
    along = optimum.covariance @ slope
    size = float(np.sqrt(slope @ along))
    if size == 0 or not np.isfinite(size):
        return optimum.theta + np.where(optimum.free, 0.0, 0.2 * abs(share))
    return optimum.theta - share * np.sqrt(2 * allowed) * along / size + np.where(optimum.free, 0.0, 0.05)
