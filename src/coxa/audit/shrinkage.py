"""What small numbers can say: estimates drawn towards the mean, and the smallest difference that would show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from coxa.audit.dispersion import over_dispersion
from coxa.audit.limits import Floats, normal_quantile
from coxa.errors import OptionError


def shrunken_means(
    means: ArrayLike,
    std_errors: ArrayLike,
    *,
    units: Sequence[object] | None = None,
    centre: float | None = None,
    tau2: float | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return the means of units drawn towards that of all, by how reliable each is.

    Parameters
    ----------
    means, std_errors
        Mean of each unit and its standard error within the unit, taken as known.
    units
        Names of the units; numbers from 1 unless given.
    centre
        What they are drawn to; the random-effects mean unless given.
    tau2
        Variance between units; DerSimonian and Laird's unless given.
    level
        Of the intervals.

    Returns
    -------
    DataFrame
        One row per unit: unit, value, std_error, reliability, shrunken, shrunken_error, low, high. The errors are those
        given `centre` and `tau2`.

    Raises
    ------
    OptionError
        A standard error that is not above zero, fewer than two units without `tau2`, or a `tau2` below 0.

    Notes
    -----
    Reliability r = tau2 / (tau2 + s^2); shrunken centre + r (mean - centre) with standard error sqrt(r) s. In units of
    one size these are the predicted random effects of a linear mixed model. Source: Spiegelhalter et al., Journal of
    the Royal Statistical Society A 2012, 175:1-47.

    Examples
    --------
    >>> frame = shrunken_means([50.0, 56.0, 44.0], [1.0, 3.0, 1.0], tau2=9.0, centre=50.0)
    >>> frame[["reliability", "shrunken"]].round(2).values.tolist()
    [[0.9, 50.0], [0.5, 53.0], [0.9, 44.6]]
    """
    means, errors = np.asarray(means, dtype=float), _errors(std_errors)
    if tau2 is None:
        fixed = np.average(means, weights=errors**-2.0)
        tau2 = over_dispersion((means - fixed) / errors, errors, screen="none").tau2
    if tau2 < 0:
        raise OptionError(f"`tau2` is {tau2}. Give a variance of 0 or more.")
    middle = float(np.average(means, weights=1 / (tau2 + errors**2))) if centre is None else float(centre)
    reliability = tau2 / (tau2 + errors**2)
    shrunken, error = middle + reliability * (means - middle), np.sqrt(reliability) * errors
    half = normal_quantile(level) * error
    return pd.DataFrame(
        {
            "unit": list(range(1, len(means) + 1)) if units is None else list(units),
            "value": means,
            "std_error": errors,
            "reliability": reliability,
            "shrunken": shrunken,
            "shrunken_error": error,
            "low": shrunken - half,
            "high": shrunken + half,
        }
    )


def smallest_difference(
    std_errors: ArrayLike, *, power: float = 0.8, level: float = 0.998, tau2: float = 0.0
) -> Floats:
    """Return how far from the target a unit has to be for its mean to be outside the limits with this power.

    Parameters
    ----------
    std_errors
        Of each unit.
    power
        Above 0.5, below 1.
    level
        Of the limits.
    tau2
        Variance between units by which the limits are widened.

    Returns
    -------
    (n_units,) float
        On the scale of the means. What a unit's numbers cannot show is smaller.

    Raises
    ------
    OptionError
        A standard error that is not above zero, or a power outside its range.

    Notes
    -----
    z(level) sqrt(s^2 + tau2) + z(power) s; that the estimate falls outside on the other side is left out, which is less
    than one in 10,000 for a power above 0.5 and limits of 95 % or more.

    Examples
    --------
    >>> smallest_difference([1.0, 2.0]).round(2).tolist()
    [3.93, 7.86]
    """
    errors = _errors(std_errors)
    if not 0.5 < power < 1:
        raise OptionError(f"`power` is {power}, not between 0.5 and 1. Choose for example 0.8.")
    return normal_quantile(level) * np.sqrt(errors**2 + tau2) + float(stats.norm.ppf(power)) * errors


def power_of_difference(difference: float, std_errors: ArrayLike, *, level: float = 0.998, tau2: float = 0.0) -> Floats:
    """Return the probability that a unit so far from the target is outside the limits, on either side.

    Parameters
    ----------
    difference
        From the target, on the scale of the means.
    std_errors, level, tau2
        As in `smallest_difference`.

    Returns
    -------
    (n_units,) float

    Examples
    --------
    >>> power_of_difference(3.93, [1.0, 2.0]).round(2).tolist()
    [0.8, 0.13]
    """
    errors = _errors(std_errors)
    half = normal_quantile(level) * np.sqrt(errors**2 + tau2)
    return np.asarray(stats.norm.sf((half - difference) / errors) + stats.norm.cdf((-half - difference) / errors))


def _errors(std_errors: ArrayLike) -> Floats:
    errors = np.asarray(std_errors, dtype=float)
    if not (np.isfinite(errors).all() and (errors > 0).all()):
        raise OptionError("A standard error is missing or not above zero. Leave its unit out.")
    return errors
