"""Limits of agreement of Bland and Altman: of single pairs, and of repeated measurements in two ways."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import optimize, stats

from coxa.cards import Carded
from coxa.errors import OptionError, check_option
from coxa.measurement.reliability import check_level

Repeated = Literal["constant", "varying", "varying_reml"]
"""What of a participant is measured again: the same true value, or one that varies."""
METHODS = {
    "single": "one pair of each participant",
    "constant": "repeated measurements of a constant true value",
    "varying": "repeated pairs of a varying true value, by analysis of variance",
    "varying_reml": "repeated pairs of a varying true value, by REML",
}


@dataclass(frozen=True, slots=True, repr=False)
class Agreement(Carded):
    """Bias and limits of agreement, of x less y.

    bias, sd      : mean and standard deviation of a difference between two single measurements
    lower, upper  : limits of agreement, bias -+ z sd
    bias_limits, lower_limits, upper_limits : their confidence limits; NaN where the method has none
    n, pairs      : participants and differences
    method        : in words
    points        : mean and difference, one row per pair or participant, to draw

    Examples
    --------
    >>> bland_altman([10, 12, 15, 11], [9, 13, 14, 10]).bias
    0.5
    """

    bias: float
    sd: float
    lower: float
    upper: float
    bias_limits: tuple[float, float]
    lower_limits: tuple[float, float]
    upper_limits: tuple[float, float]
    conf_level: float
    n: int
    pairs: int
    method: str
    points: pd.DataFrame = field(repr=False)


def bland_altman(
    x: ArrayLike,
    y: ArrayLike,
    *,
    participant: ArrayLike | None = None,
    repeated: Repeated = "constant",
    share: float = 0.95,
    conf_level: float = 0.95,
) -> Agreement:
    """Return bias and limits of agreement between two methods or occasions.

    Parameters
    ----------
    x, y : array_like
        (N,) measurements by both; pairs with a missing one are left out.
    participant : array_like, optional
        (N,) whose they are; needed where participants have several. One pair each unless given.
    repeated : {"constant", "varying", "varying_reml"}
        Where participants have several: the true value stays the same, so that x and y of a row need not belong
        together; or it varies and they do, by analysis of variance or by REML. The two ways of the varying value weigh
        participants differently, and their bias and limits differ.
    share : float
        Of the differences between the limits of agreement.
    conf_level : float
        Of the limits of bias and of the limits of agreement.

    Returns
    -------
    Agreement

    Raises
    ------
    OptionError
        Too few measurements, or an option is out of its range.

    Notes
    -----
    Bland & Altman, Lancet 1986, 327:307-310; Statistical Methods in Medical Research 1999, 8:135-160; Journal of
    Biopharmaceutical Statistics 2007, 17:571-582. Limits of single pairs by sqrt(1/n + z^2/(2(n-1))) sd and t; of a
    constant true value by MOVER (Zou, Statistical Methods in Medical Research 2013, 22:630-642).

    Examples
    --------
    >>> found = bland_altman([10, 12, 15, 11], [9, 13, 14, 10])
    >>> round(found.lower, 4), round(found.upper, 4)
    (-1.46, 2.46)
    """
    check_option("repeated", repeated, ("constant", "varying", "varying_reml"))
    check_level(conf_level)
    check_level(share)
    first, second, whose = _pairs(x, y, participant)
    z = float(stats.norm.ppf((1 + share) / 2))
    if participant is None:
        return _single(first, second, z, conf_level)
    if repeated == "constant":
        return _constant(first, second, whose, z, conf_level)
    return _varying(first, second, whose, z, conf_level, repeated)


def _pairs(x: ArrayLike, y: ArrayLike, participant: ArrayLike | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return complete pairs and whose they are."""
    first, second = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if first.ndim != 1 or first.shape != second.shape:
        raise OptionError(
            f"`x` has the shape {first.shape} and `y` {second.shape}. Give a number of each for every row."
        )
    codes = np.arange(len(first)) if participant is None else pd.factorize(np.asarray(participant))[0]
    if len(codes) != len(first):
        raise OptionError(f"`participant` has {len(codes)} rows and `x` {len(first)}. Give one for each.")
    kept = np.isfinite(first) & np.isfinite(second) & (codes >= 0)
    if len(np.unique(codes[kept])) < 3:
        raise OptionError(f"{len(np.unique(codes[kept]))} participants have a pair. Give pairs of at least 3.")
    return first[kept], second[kept], pd.factorize(codes[kept])[0]


def _single(x: np.ndarray, y: np.ndarray, z: float, level: float) -> Agreement:
    d, n = x - y, len(x)
    bias, sd = float(d.mean()), float(d.std(ddof=1))
    t = float(stats.t.ppf((1 + level) / 2, n - 1))
    mean_error, limit_error = t * sd / np.sqrt(n), t * sd * np.sqrt(1 / n + z**2 / (2 * (n - 1)))
    return _record(bias, sd, z, level, n, n, "single", pd.DataFrame({"mean": (x + y) / 2, "difference": d}),
                   mean_error, (limit_error, limit_error))  # fmt: skip


def _record(
    bias: float, sd: float, z: float, level: float, n: int, pairs: int, method: str, points: pd.DataFrame,
    mean_error: float, limit_errors: tuple[float, float],
) -> Agreement:  # fmt: skip
    """Return the record; errors of a limit of agreement are towards the bias and away from it."""
    lower, upper = bias - z * sd, bias + z * sd
    inward, outward = limit_errors
    return Agreement(
        bias, sd, lower, upper, (bias - mean_error, bias + mean_error), (lower - outward, lower + inward),
        (upper - inward, upper + outward), level, n, pairs, METHODS[method], points,
    )  # fmt: skip


def _constant(x: np.ndarray, y: np.ndarray, whose: np.ndarray, z: float, level: float) -> Agreement:
    """Return the limits of a constant true value: the variance of means, with what a single measurement adds."""
    counts = np.bincount(whose)
    n, means_x, means_y = len(counts), np.bincount(whose, x) / counts, np.bincount(whose, y) / counts
    d = means_x - means_y
    df = len(x) - n
    if df < 1:
        raise OptionError("No participant has more than one measurement. Leave out `participant`.")
    within = [((values - means[whose]) ** 2).sum() / df for values, means in ((x, means_x), (y, means_y))]
    more = 1 - float((1 / counts).mean())
    parts = [(float(d.var(ddof=1)), n - 1), *((more * float(one), df) for one in within)]
    total = sum(part for part, _ in parts)
    tail = (1 - level) / 2
    low = total - np.sqrt(sum((part * (1 - k / stats.chi2.ppf(1 - tail, k))) ** 2 for part, k in parts))
    high = total + np.sqrt(sum((part * (k / stats.chi2.ppf(tail, k) - 1)) ** 2 for part, k in parts))
    half = stats.norm.ppf(1 - tail)
    of_mean = half**2 * parts[0][0] / n
    inward, outward = (np.sqrt(of_mean + (z * (np.sqrt(total) - np.sqrt(one))) ** 2) for one in (low, high))
    points = pd.DataFrame({"mean": (means_x + means_y) / 2, "difference": d})
    return _record(float(d.mean()), float(np.sqrt(total)), z, level, n, len(x), "constant", points,
                   float(np.sqrt(of_mean)), (float(inward), float(outward)))  # fmt: skip


def _varying(x: np.ndarray, y: np.ndarray, whose: np.ndarray, z: float, level: float, method: str) -> Agreement:
    """Return the limits of a varying true value: differences of pairs, between and within participants."""
    d, counts = x - y, np.bincount(whose)
    n, total = len(counts), len(d)
    if total == n:
        raise OptionError("No participant has more than one pair. Leave out `participant`.")
    means = np.bincount(whose, d) / counts
    within = ((d - means[whose]) ** 2).sum() / (total - n)
    if method == "varying":
        bias = float(d.mean())
        rows = (counts * (means - bias) ** 2).sum() / (n - 1)
        divisor = (total - (counts**2).sum() / total) / (n - 1)
        spread = max((rows - within) / divisor, 0.0) + within
    else:
        bias, between, within = _reml(d, whose, counts, float(within))
        spread = between + within
    points = pd.DataFrame({"mean": (x + y) / 2, "difference": d})
    none = (float("nan"), float("nan"))
    return _record(bias, float(np.sqrt(spread)), z, level, n, total, method, points, float("nan"), none)


def _reml(d: np.ndarray, whose: np.ndarray, counts: np.ndarray, start: float) -> tuple[float, float, float]:
    """Return mean, variance between and within, of a random intercept by REML; the ratio of the two is found."""
    means, n, total = np.bincount(whose, d) / counts, len(counts), len(d)
    inside = float(((d - means[whose]) ** 2).sum())

    def parts(ratio: float) -> tuple[float, float, float]:
        weights = counts / (1 + counts * ratio)
        bias = float((weights * means).sum() / weights.sum())
        square = inside + float((weights * (means - bias) ** 2).sum())
        criterion = (total - 1) * np.log(square / (total - 1)) + np.log1p(counts * ratio).sum() + np.log(weights.sum())
        return float(criterion), bias, square / (total - 1)

    found = optimize.minimize_scalar(lambda log: parts(np.exp(log))[0], bounds=(-15, 10), method="bounded",
                                     options={"xatol": 1e-10})  # fmt: skip
    ratio = float(np.exp(found.x))
    if parts(0.0)[0] <= float(found.fun) or n < 2 or start == 0:
        ratio = 0.0
    _, bias, within = parts(ratio)
    return bias, ratio * within, within
