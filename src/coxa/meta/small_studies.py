"""Whether small studies differ from large ones: Egger's test, trim and fill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from coxa.cards import Carded
from coxa.errors import FitError, check_option
from coxa.meta.effects import Floats, as_columns
from coxa.meta.pooled import PooledEffect, PoolSpec, fit_pooled
from coxa.meta.weighted import fit_line

FEWEST = 3
"""Studies that a line through estimates and their errors needs."""
ROUNDS = 100


@dataclass(frozen=True, slots=True, repr=False)
class Egger(Carded):
    """Egger's regression of estimates on their standard errors.

    statistic, df, p_value : t test of the slope
    limit, limit_error     : the estimate at a standard error of zero, with its own

    Examples
    --------
    >>> found = egger_test([-0.9, -0.4, -0.3, -0.2], [0.20, 0.09, 0.05, 0.02])
    >>> found.df, round(found.limit, 2)
    (2, 0.09)
    """

    statistic: float
    df: int
    p_value: float
    limit: float
    limit_error: float


def egger_test(estimate: ArrayLike, variance: ArrayLike) -> Egger:
    """Test whether the estimates of small studies differ from those of large ones (Egger).

    Parameters
    ----------
    estimate, variance
        Of each study; ratios as logarithms.

    Returns
    -------
    Egger
        Weighted regression on the standard error, with a multiplicative variance.

    Raises
    ------
    FitError
        There are fewer than three studies, or all have one standard error.

    Notes
    -----
    With fewer than ten studies the test finds little; small studies may differ for other reasons than publication.

    References
    ----------
    Egger M, Davey Smith G, Schneider M, Minder C. BMJ 1997;315:629-634.

    Examples
    --------
    >>> round(egger_test([-0.9, -0.4, -0.3, -0.2], [0.20, 0.09, 0.05, 0.02]).p_value, 3)
    0.046
    """
    y, v = as_columns(estimate=estimate, variance=variance)
    errors = np.sqrt(v)
    if len(y) < FEWEST or np.ptp(errors) == 0:
        raise FitError("Egger's test needs three studies or more, with different standard errors. Leave it out")
    line = fit_line(y, np.column_stack([np.ones(len(y)), errors]), 1 / v)
    df = len(y) - 2
    spread = np.sqrt(line.q / df * np.diag(line.covariance))
    statistic = float(line.coefficients[1] / spread[1])
    p_value = float(2 * stats.t.sf(abs(statistic), df))
    return Egger(statistic, df, p_value, float(line.coefficients[0]), float(spread[0]))


@dataclass(frozen=True, slots=True, repr=False)
class TrimFill(Carded):
    """Trim and fill.

    k0       : studies that are filled in
    side     : where they are missing
    pooled   : with them
    estimate : (k0,) of the studies filled in
    variance : (k0,)

    Examples
    --------
    >>> from coxa.meta import pool_effects
    >>> found = trim_and_fill(pool_effects([-1.4, -0.9, -0.4, -0.3, -0.2], [0.30, 0.20, 0.09, 0.05, 0.02]))
    >>> found.estimate.round(2).tolist(), found.variance.tolist()
    ([0.4, 0.9], [0.2, 0.3])
    """

    k0: int
    side: Literal["left", "right"]
    pooled: PooledEffect
    estimate: Floats
    variance: Floats


def trim_and_fill(pooled: PooledEffect, side: Literal["left", "right"] | None = None) -> TrimFill:
    """Fill in the mirror images of the most extreme studies until the funnel is symmetric (L0).

    Parameters
    ----------
    pooled
        Without moderators.
    side
        Where studies may be missing; by the sign of the slope on the standard error unless given.

    Returns
    -------
    TrimFill
        What the estimate would be if the asymmetry were made by studies that are missing; a sensitivity analysis, no
        corrected estimate.

    Raises
    ------
    FitError
        There are fewer than three studies, or moderators.

    References
    ----------
    Duval S, Tweedie R. Biometrics 2000;56:455-463.

    Examples
    --------
    >>> from coxa.meta import pool_effects
    >>> found = trim_and_fill(pool_effects([-1.4, -0.9, -0.4, -0.3, -0.2], [0.30, 0.20, 0.09, 0.05, 0.02]))
    >>> found.k0, found.side
    (2, 'right')
    """
    if pooled.k < FEWEST or len(pooled.names) > 1:
        raise FitError("Trim and fill needs three studies or more, and no moderators. Leave it out")
    if side is not None:
        check_option("side", side, ("left", "right"))
    where = side or _side(pooled)
    y, v = (-pooled.y if where == "right" else pooled.y), pooled.v
    order = np.argsort(y, kind="stable")
    y, v = y[order], v[order]
    k, k0 = len(y), 0
    for _ in range(ROUNDS):
        kept = slice(0, k - k0)
        centre = _refit(y[kept], v[kept], pooled.spec).estimate
        away = y - centre
        ranks = np.argsort(np.argsort(np.abs(away), kind="stable"), kind="stable") + 1
        right = float(np.sum(ranks[away > 0]))
        again = max(0, round((4 * right - k * (k + 1)) / (2 * k - 1)))
        if again == k0:
            break
        k0 = again
    extreme = slice(k - k0, k)
    filled, errors = 2 * centre - y[extreme], v[extreme]
    both, variances = np.concatenate([y, filled]), np.concatenate([v, errors])
    sign = -1.0 if where == "right" else 1.0
    return TrimFill(k0, where, _refit(sign * both, variances, pooled.spec), sign * filled, errors)


def _side(pooled: PooledEffect) -> Literal["left", "right"]:
    """Return where studies may be missing: away from the small ones."""
    x = np.column_stack([np.ones(pooled.k), np.sqrt(pooled.v)])
    slope = fit_line(pooled.y, x, 1 / pooled.v).coefficients[1] if np.ptp(pooled.v) else 0.0
    return "right" if slope < 0 else "left"


def _refit(y: Floats, v: Floats, spec: PoolSpec) -> PooledEffect:
    return fit_pooled(y, v, np.ones((len(y), 1)), ("intercept",), spec)
