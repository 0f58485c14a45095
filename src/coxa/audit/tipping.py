"""How different lost patients would have to be for a unit's position to change."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from coxa.audit.limits import Floats, binomial_limits, normal_limits, sides
from coxa.errors import OptionError

POSITIONS = np.array(["low", "within", "high"], dtype=object)


def tipping_means(
    means: ArrayLike,
    n_seen: ArrayLike,
    n_lost: ArrayLike,
    *,
    sd: float,
    target: float,
    level: float = 0.998,
    tau2: float = 0.0,
) -> pd.DataFrame:
    """Return the mean that the lost patients of each unit would have to have for its position to change.

    Parameters
    ----------
    means
        Mean of those seen, in each unit.
    n_seen, n_lost
        Patients with and without an outcome.
    sd
        Standard deviation of patients within units.
    target
        The target of the funnel.
    level
        Of its limits.
    tau2
        Variance between units by which the limits are widened.

    Returns
    -------
    DataFrame
        One row per unit: position (of those seen), lost_mean_low (below it the unit is low), lost_mean_high (above it
        the unit is high), low_by and high_by (how far these are from the mean of those seen); NaN where none was lost.

    Raises
    ------
    OptionError
        A unit without a patient seen, numbers below 0, or an `sd` that is not above 0.

    Notes
    -----
    With N = seen + lost, limits L = target -+ z sqrt(sd^2 / N + tau2): the mean of all is L where the lost have
    (N L - seen x mean) / lost. The limits are those of all N patients.

    Examples
    --------
    >>> frame = tipping_means([8.0], [80], [20], sd=10.0, target=10.0, level=0.95)
    >>> frame.round(2).values.tolist()
    [['within', 8.2, 27.8, 0.2, 19.8]]
    """
    means, seen, lost = (np.asarray(each, dtype=float) for each in (means, n_seen, n_lost))
    _check(seen, lost)
    if not sd > 0:
        raise OptionError(f"`sd` is {sd}. Give the standard deviation of patients, above 0.")
    now = normal_limits(target, np.sqrt(sd**2 / seen + tau2), level)
    every = seen + lost
    low, high = normal_limits(target, np.sqrt(sd**2 / every + tau2), level)
    some = np.where(lost > 0, lost, np.nan)
    lost_low, lost_high = ((every * limit - seen * means) / some for limit in (low, high))
    return pd.DataFrame(
        {
            "position": POSITIONS[sides(means, *now) + 1],
            "lost_mean_low": lost_low,
            "lost_mean_high": lost_high,
            "low_by": lost_low - means,
            "high_by": lost_high - means,
        }
    )


def tipping_proportions(
    events: ArrayLike, n_seen: ArrayLike, n_lost: ArrayLike, *, target: float, level: float = 0.998
) -> pd.DataFrame:
    """Return how many events among the lost patients of each unit would change its position.

    Parameters
    ----------
    events
        Events among those seen, in each unit.
    n_seen, n_lost
        Patients with and without an outcome.
    target
        The target proportion of the funnel.
    level
        Of its exact binomial limits (`binomial_limits`).

    Returns
    -------
    DataFrame
        One row per unit: position (of those seen), position_none and position_all (if none or all of the lost had the
        event), low_up_to (so many events or fewer and the unit is low) and high_from (so many or more and it is high);
        missing where no number makes it so.

    Raises
    ------
    OptionError
        A unit without a patient seen, or more events than patients seen.

    Examples
    --------
    >>> tipping_proportions([25], [40], [20], target=0.6, level=0.95).values.tolist()
    [['within', 'low', 'high', 2, 18]]
    """
    events, seen, lost = (np.asarray(each, dtype=float) for each in (events, n_seen, n_lost))
    _check(seen, lost)
    if (events < 0).any() or (events > seen).any():
        raise OptionError("A unit has more events than patients seen. Correct its counts.")
    every = seen + lost
    low, high = binomial_limits(every, target, level)
    below, above = np.ceil(low * every - events) - 1, np.floor(high * every - events) + 1
    reached_low, reached_high = np.minimum(below, lost), np.maximum(above, 0)
    return pd.DataFrame(
        {
            "position": _positions(events, seen, target, level),
            "position_none": _positions(events, every, target, level),
            "position_all": _positions(events + lost, every, target, level),
            "low_up_to": pd.array(np.where(reached_low < 0, np.nan, reached_low), dtype="Int64"),
            "high_from": pd.array(np.where(reached_high > lost, np.nan, reached_high), dtype="Int64"),
        }
    )


def _positions(events: Floats, n: Floats, target: float, level: float) -> NDArray[np.object_]:
    return POSITIONS[sides(events / n, *binomial_limits(n, target, level)) + 1]


def _check(seen: Floats, lost: Floats) -> None:
    if not ((seen > 0).all() and (lost >= 0).all()):
        raise OptionError("A unit has no patient seen, or a number below 0. Leave it out, or correct its counts.")
