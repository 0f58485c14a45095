"""The effect in one participant by regression on days, whose errors are correlated from day to day."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from coxa.cards import Carded
from coxa.errors import OptionError, check_level

Floats = NDArray[np.float64]

FEWEST = 3
"""Days beyond the coefficients without which the correlation cannot be estimated."""

ENDS = 4.0
"""Fisher's z of the largest correlation that is looked at (0.9993)."""


@dataclass(frozen=True, slots=True, repr=False)
class DayEffect(Carded):
    """The effect of a treatment in one participant by regression on days, in units of the outcome.

    n_days              : days with a value
    estimate            : days under `compare` less days under `against`, at the same place of the trend
    std_error, df       : generalised least squares; df are days less coefficients
    p_value             : two-sided t test
    conf_low, conf_high : limits at `conf_level`
    trend               : change per day, where it is a part of the model; else not a number
    correlation         : between two days in a row
    sd                  : of a day about the regression
    loglik              : restricted log-likelihood

    Examples
    --------
    >>> found = day_effect([5, 4.5, 3, 3.5, 5.5, 5, 3.5, 3], [0, 0, 1, 1, 0, 0, 1, 1], range(8), trend=False)
    >>> found.n_days, found.df
    (8, 6.0)
    """

    n_days: int
    estimate: float
    std_error: float
    df: float
    p_value: float
    conf_low: float
    conf_high: float
    conf_level: float
    trend: float
    correlation: float
    sd: float
    loglik: float


def day_effect(value: Any, treated: Any, day: Any, *, trend: bool = True, conf_level: float = 0.95) -> DayEffect:
    """Estimate the effect in one participant from days, with autoregressive errors of order 1.

    Parameters
    ----------
    value : array_like
        (t,) outcome of each day; missing ones are left out.
    treated : array_like
        (t,) 1 under the treatment compared, 0 under the other.
    day : array_like
        (t,) whole numbers, each once; days that are missing leave a gap of their length.
    trend : bool
        Whether the model has a straight course over the days.
    conf_level : float
        Between 0.5 and 1.

    Returns
    -------
    DayEffect
        By restricted maximum likelihood.

    Raises
    ------
    OptionError
        Too few days, days of one treatment only, lengths that differ, or a day twice.

    Notes
    -----
    Errors of days that are g apart have correlation rho^g, as nlme's `gls` with `corAR1(form = ~ day)`. The t test
    takes the correlation as known, so that it is optimistic in short series, and it does not know of anything that the
    days of a period share; the test with blocks as units (`person_effect`) depends on neither.

    Examples
    --------
    >>> treated = np.tile(np.repeat([0, 1], 5), 4)
    >>> noise = np.random.default_rng(1).normal(size=40)
    >>> round(day_effect(5 - 2 * treated + noise, treated, np.arange(40)).estimate, 2)
    -2.25
    """
    check_level(conf_level)
    y, x, t = (np.asarray(column, dtype=float).ravel() for column in (value, treated, day))
    if not len(y) == len(x) == len(t):
        raise OptionError(
            f"`value`, `treated` and `day` have {len(y)}, {len(x)} and {len(t)} numbers. Give one of each for every "
            "day."
        )
    kept = np.isfinite(y) & np.isfinite(x) & np.isfinite(t)
    order = np.argsort(t[kept], kind="stable")
    y, x, t = y[kept][order], x[kept][order], t[kept][order]
    columns = [np.ones_like(y), x, *([t - t.mean()] if trend and len(t) else [])]
    design = np.column_stack(columns)
    _check(y, x, t, design)
    low, high = -ENDS, ENDS
    grid = np.linspace(low, high, 81)
    heights = [_profile(np.tanh(z), y, design, t)[0] for z in grid]
    best = int(np.argmin(heights))
    around = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = optimize.minimize_scalar(
        lambda z: _profile(np.tanh(z), y, design, t)[0], bounds=around, method="bounded", options={"xatol": 1e-11}
    )
    rho = float(np.tanh(found.x))
    minus, beta, inverse, sigma = _profile(rho, y, design, t)
    df = float(len(y) - design.shape[1])
    error = sigma * math.sqrt(inverse[1, 1])
    half = float(stats.t.ppf((1 + conf_level) / 2, df)) * error
    return DayEffect(
        n_days=len(y),
        estimate=float(beta[1]),
        std_error=error,
        df=df,
        p_value=float(2 * stats.t.sf(abs(beta[1] / error), df)) if error > 0 else math.nan,
        conf_low=float(beta[1]) - half,
        conf_high=float(beta[1]) + half,
        conf_level=conf_level,
        trend=float(beta[2]) if trend else math.nan,
        correlation=rho,
        sd=sigma,
        loglik=-minus,
    )


def _check(y: Floats, x: Floats, t: Floats, design: Floats) -> None:
    if len(y) < design.shape[1] + FEWEST:
        raise OptionError(
            f"There are {len(y)} days with a value. Give at least {design.shape[1] + FEWEST}, from which the effect "
            "and the correlation of days can be estimated."
        )
    if len(np.unique(t)) < len(t):
        raise OptionError("A day is there twice. Give one value for each day.")
    if not np.array_equal(np.unique(x), [0.0, 1.0]):
        raise OptionError("`treated` needs days of both treatments, as 1 and 0, and no others.")
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise OptionError("Treatment and trend cannot be separated in these days. Give `trend=False`.")


def _profile(rho: float, y: Floats, design: Floats, t: Floats) -> tuple[float, Floats, Floats, float]:
    """Return minus the restricted log-likelihood, the coefficients, their unscaled covariance and the SD of a day."""
    gap = np.diff(t)
    power = np.sign(rho) ** (np.round(gap) % 2) * np.abs(rho) ** gap if rho < 0 else rho**gap
    own = 1.0 - power**2
    root = np.concatenate(([1.0], np.sqrt(own)))
    table = np.column_stack((design, y))
    white = table / root[:, None]
    white[1:] -= power[:, None] * table[:-1] / root[1:, None]
    z, response = white[:, :-1], white[:, -1]
    cross = z.T @ z
    inverse = np.asarray(np.linalg.inv(cross), dtype=np.float64)
    beta = inverse @ (z.T @ response)
    left = float(((response - z @ beta) ** 2).sum())
    n, p = design.shape
    sigma = math.sqrt(max(left, 1e-300) / (n - p))
    minus = 0.5 * (
        (n - p) * (math.log(2 * math.pi) + 2 * math.log(sigma) + 1.0)
        + float(np.log(own).sum())
        + float(np.linalg.slogdet(cross)[1])
    )
    return minus, np.asarray(beta), inverse, sigma
