"""From printed means and standard deviations to those before the ends of a scale, which a plan assumes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, least_squares
from scipy.special import roots_hermitenorm

from coxa.errors import OptionError

Floats = NDArray[np.float64]
POINTS = 2001
"""Points of the normal distribution, evenly spread over 8 standard deviations to either side."""
REACH = 8.0


def at_the_ends(mean: float, sd: float, low: float, high: float, step: float = 0.0) -> tuple[float, float]:
    """Return mean and standard deviation of a normal value that is cut at the ends of its scale.

    Parameters
    ----------
    mean, sd
        Before the ends.
    low, high
        The ends.
    step
        Values are rounded up or down at random to multiples of this, so that the mean is kept; 0 for none.

    Examples
    --------
    >>> [round(number, 2) for number in at_the_ends(95, 10, 0, 100)]
    [93.02, 7.44]
    """
    z = np.linspace(-REACH, REACH, POINTS)
    weight = np.exp(-0.5 * z**2)
    weight /= weight.sum()
    value = np.clip(mean + sd * z, low, high)
    centre = float(weight @ value)
    return centre, float(np.sqrt(weight @ (value - centre) ** 2 + weight @ _rounding(value, step)))


def before_the_ends(mean: float, sd: float, low: float, high: float, step: float = 0.0) -> tuple[float, float]:
    """Return the mean and standard deviation before the ends, so that those at the ends are the ones given.

    Raises
    ------
    OptionError
        No normal value cut at these ends has such a mean and spread.

    Examples
    --------
    >>> [round(number, 1) for number in before_the_ends(93.02, 7.44, 0, 100)]
    [95.0, 10.0]
    """

    def off(x: Floats) -> Floats:
        got = at_the_ends(float(x[0]), float(np.exp(x[1])), low, high, step)
        return np.array([got[0] - mean, got[1] - sd])

    found = least_squares(off, [mean, np.log(sd)], x_scale=[sd, 1.0], xtol=1e-14, ftol=1e-14, gtol=1e-14)
    if not low < mean < high or np.abs(found.fun).max() > 1e-6 * sd:
        raise OptionError(
            f"No normal value cut at {low:g} and {high:g} has mean {mean:g} and standard deviation {sd:g}. "
            "Lower the standard deviation."
        )
    return float(found.x[0]), float(np.exp(found.x[1]))


def correlation_for_change(first: tuple[float, float], second: tuple[float, float], change_sd: float, low: float,
                           high: float, step: float = 0.0) -> float:  # fmt: skip
    """Return the correlation before the ends of two values whose difference has a standard deviation at the ends.

    Parameters
    ----------
    first, second
        Mean and standard deviation of each before the ends.
    change_sd
        Standard deviation of the change at the ends.
    low, high, step
        As in `at_the_ends`.

    Raises
    ------
    OptionError
        No correlation gives such a change.

    Examples
    --------
    >>> round(correlation_for_change((50, 10), (55, 10), 10, 0, 100), 3)
    0.5
    """

    def off(r: float) -> float:
        return change_spread(first, second, r, low, high, step) - change_sd

    if off(-0.99) < 0 or off(0.99) > 0:
        raise OptionError(
            f"No correlation gives a change with standard deviation {change_sd:g}. Check this and the two "
            "standard deviations."
        )
    return float(brentq(off, -0.99, 0.99, xtol=1e-6))


def change_spread(first: tuple[float, float], second: tuple[float, float], correlation: float, low: float, high: float,
                  step: float = 0.0) -> float:  # fmt: skip
    """Return the standard deviation of the change between two correlated values, cut at the ends."""
    z, w = roots_hermitenorm(61)
    w = w / w.sum()
    both = np.outer(w, w)
    one = np.clip(first[0] + first[1] * z, low, high)[:, None] + 0.0 * z
    other = correlation * z[:, None] + np.sqrt(1.0 - correlation**2) * z
    two = np.clip(second[0] + second[1] * other, low, high)
    change = two - one
    centre = (both * change).sum()
    added = (both * (_rounding(one, step) + _rounding(two, step))).sum()
    return float(np.sqrt((both * (change - centre) ** 2).sum() + added))


def _rounding(value: Floats, step: float) -> Floats:
    """Return the variance of rounding a value up or down at random."""
    if step <= 0:
        return np.zeros_like(value)
    part = value / step - np.floor(value / step)
    return np.asarray(step**2 * part * (1.0 - part))
