"""Standard errors from what papers print: intervals, p-values, standard deviations."""

from __future__ import annotations

import math
from typing import Any, Literal

from scipy import stats

from coxa.errors import OptionError

ASYMMETRIC = 0.1
"""Share of the half-width of an interval by which its middle may be away from the estimate, for rounding."""


def error_from_interval(
    estimate: float,
    low: float,
    high: float,
    *,
    level: float = 0.95,
    df: float = math.inf,
    ratio: bool = False,
    rounding: float = 0.0,
) -> float:
    """Return the standard error behind a printed interval.

    Parameters
    ----------
    estimate, low, high
        As printed; ratios as ratios.
    level, df
        Level of the interval, and degrees of freedom of its t distribution; normal unless given.
    ratio
        Whether the interval is symmetric on the logarithm.
    rounding
        Half a unit of the last digit printed.

    Returns
    -------
    float
        Half of the width over the quantile; of the logarithm for a ratio.

    Raises
    ------
    OptionError
        The estimate is not in the middle of the interval, beyond rounding: a number is misprinted, or the interval is
        on another scale.

    Examples
    --------
    >>> round(error_from_interval(-7.4, -11.8, -3.0), 3)
    2.245
    >>> error_from_interval(10.5, 3.6, 14.5)
    Traceback (most recent call last):
    coxa.errors.OptionError: The estimate 10.5 is not in the middle of the interval 3.6 to 14.5, which is 9.05. Check \
the printed numbers, give `std_error`, or say that it is a ratio.
    """
    if not low < high:
        raise OptionError(f"The interval {low:g} to {high:g} is empty. Give the lower limit first.")
    if not 0 < level < 1:
        raise OptionError(f"`level` is {level:g}. Give a number between 0 and 1, such as 0.95.")
    if ratio and min(estimate, low) <= 0:
        raise OptionError(f"The ratio {estimate:g} ({low:g} to {high:g}) is not positive. Give it as a ratio.")
    centre, lower, upper = (math.log(x) if ratio else x for x in (estimate, low, high))
    middle, half = (lower + upper) / 2, (upper - lower) / 2
    slack = ASYMMETRIC * half + 2 * (rounding / low if ratio else rounding)
    if abs(centre - middle) > slack:
        shown = math.exp(middle) if ratio else middle
        raise OptionError(
            f"The estimate {estimate:g} is not in the middle of the interval {low:g} to {high:g}, which is {shown:g}. "
            "Check the printed numbers, give `std_error`, or say that it is a ratio."
        )
    return half / _quantile(level, df)


def error_from_p_value(estimate: float, p_value: float, *, df: float = math.inf) -> float:
    """Return the standard error behind a two-sided p-value of no effect.

    Parameters
    ----------
    estimate
        Of the effect; the logarithm of a ratio.
    p_value
        Exact, not a limit such as "< 0.05".
    df
        Degrees of freedom of the t distribution; normal unless given.

    Returns
    -------
    float

    Raises
    ------
    OptionError
        The p-value is not between 0 and 1, or the estimate is zero.

    Examples
    --------
    >>> round(error_from_p_value(5.7, 0.034), 2)
    2.69
    """
    if not 0 < p_value < 1:
        raise OptionError(f"`p_value` is {p_value:g}. Give the exact one, between 0 and 1.")
    if estimate == 0:
        raise OptionError("The estimate is 0, of which a p-value says nothing. Give `std_error` or `interval`.")
    return abs(estimate) / float(_distribution(df).ppf(1 - p_value / 2))


def standardised(
    estimate: float,
    std_error: float,
    sd: float,
    *,
    df: float = math.inf,
    correction: Literal["exact", "approximate", "none"] = "exact",
) -> tuple[float, float]:
    """Return a difference in units of the outcome, and its standard error, in standard deviations.

    Parameters
    ----------
    estimate, std_error
        In units of the outcome, for example an adjusted difference.
    sd
        Standard deviation of the outcome within arms; not of its change.
    df
        Its degrees of freedom, for Hedges' correction; none unless given.
    correction
        See `standardised_mean_differences`.

    Returns
    -------
    tuple of float
        Both times J/sd. The error of the standard deviation itself is added: g²/(2 df).

    Raises
    ------
    OptionError
        The standard deviation is not positive.

    Examples
    --------
    >>> tuple(round(x, 3) for x in standardised(-7.4, 2.245, 13.2, df=137))
    (-0.558, 0.172)
    """
    if sd <= 0:
        raise OptionError(f"`sd` is {sd:g}. Give the standard deviation of the outcome.")
    factor = 1.0
    if math.isfinite(df):
        from coxa.meta.continuous import small_sample_factor

        factor = float(small_sample_factor([df], correction)[0])
    g = estimate / sd * factor
    return g, math.hypot(std_error / sd * factor, abs(g) / math.sqrt(2 * df) if math.isfinite(df) else 0.0)


def _quantile(level: float, df: float) -> float:
    return float(_distribution(df).ppf(0.5 + level / 2))


def _distribution(df: float) -> Any:
    return stats.t(df) if math.isfinite(df) else stats.norm()
