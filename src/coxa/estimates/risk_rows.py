"""Rows of risks and of what they differ by, from means and their covariance by the delta method."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats
from scipy.special import expit, logit

RISK_CONTRASTS = {"risk_difference": "difference", "risk_ratio": "log_ratio", "odds_ratio": "log_odds_ratio"}
"""Term -> the scale on which two risks are compared."""


NO_SPREAD = 1e-12
"""A standard error of less than this share of the estimate (of 1, if that is less) is rounding and no spread."""

SPREAD_UNKNOWN = "no estimate of the spread: participants are alike, so that there is neither an interval nor a test"
"""What is said of an estimate whose variance is zero."""


def known_spread(value: float, spread: float) -> float:
    """Return a standard error, or not a number where it is zero but for rounding.

    Examples
    --------
    >>> known_spread(2.0, 0.5), known_spread(2.0, 3e-16)
    (0.5, nan)
    """
    return spread if spread > NO_SPREAD * max(abs(value), 1.0) else float("nan")


def quantile_of(conf_level: float, df: float = np.inf) -> float:
    """Return the quantile of t at which two-sided limits are; of the normal distribution where `df` is infinite.

    Examples
    --------
    >>> round(quantile_of(0.95), 3), round(quantile_of(0.95, 10), 3)
    (1.96, 2.228)
    """
    return float(stats.t.ppf((1 + conf_level) / 2, df))


def own_limits(family: str, mean: float, spread: float, quantile: float) -> dict[str, float]:
    """Return the row of an arm, its limits on the scale of the link, so that they can occur."""
    if family == "gaussian":
        return wald(mean, spread, quantile)
    if family == "binomial":
        row = wald(float(logit(mean)), spread / (mean * (1 - mean)), quantile, expit)
    else:
        row = wald(float(np.log(mean)), spread / mean, quantile, np.exp)
    return {**row, "std_error": float(spread)}


def wald(value: float, spread: float, quantile: float, shown: Callable[[float], float] = float) -> dict[str, float]:
    """Return estimate, standard error and limits; `shown` takes the estimate and the limits to their scale.

    Where the standard error is zero, it and the limits are missing.
    """
    spread = known_spread(value, spread)
    return {
        "estimate": float(shown(value)),
        "std_error": float(spread),
        "conf_low": float(shown(value - quantile * spread)),
        "conf_high": float(shown(value + quantile * spread)),
    }


def with_test(
    value: float,
    spread: float,
    conf_level: float,
    df: float = np.inf,
    shown: Callable[[float], float] = float,
) -> dict[str, float]:
    """Return the row of a value with its limits and the test that it is 0: t, or normal where `df` is infinite.

    Where the standard error is zero, limits and test are missing.

    Examples
    --------
    >>> with_test(0.4, 0.0, 0.95)["p_value"]
    nan
    """
    t = value / known_spread(value, spread)
    row = wald(value, spread, quantile_of(conf_level, df), shown)
    return {**row, "statistic": t, "p_value": float(2 * stats.t.sf(abs(t), df))}


def finite(df: float) -> float:
    """Return degrees of freedom as a table has them: missing where they are infinite."""
    return df if np.isfinite(df) else np.nan


def on_scale(means: np.ndarray, scale: str) -> tuple[float, np.ndarray]:
    """Return the first mean less the second on a scale, and the gradient (2,).

    Examples
    --------
    >>> on_scale(np.array([0.5, 0.2]), "log_ratio")[1].tolist()
    [2.0, -5.0]
    """
    if scale == "difference":
        values, slopes = means, np.ones(2)
    elif scale == "log_ratio":
        values, slopes = np.log(means), 1 / means
    else:
        values, slopes = np.log(means / (1 - means)), 1 / (means * (1 - means))
    return float(values[0] - values[1]), slopes * np.array([1.0, -1.0])


def contrast(
    means: np.ndarray, covariance: np.ndarray, scale: str, conf_level: float, df: float = np.inf
) -> dict[str, float]:
    """Return the row of the first of two means (2,) against the second, with their covariance (2, 2)."""
    value, gradient = on_scale(means, scale)
    spread = float(np.sqrt(gradient @ covariance @ gradient))
    return with_test(value, spread, conf_level, df, float if scale == "difference" else np.exp)
