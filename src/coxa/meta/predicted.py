"""What the trials so far say of the effect in the next one, as a prior, and the assurance of a design."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from coxa.cards import Carded
from coxa.errors import FitError, OptionError
from coxa.meta.pooled import PooledEffect

POINTS = 400
"""Equally probable effects over which power is averaged."""


@dataclass(frozen=True, slots=True, repr=False)
class NextTrial(Carded):
    """Predictive distribution of the true effect of a next trial: location, scale and degrees of freedom of a t.

    The prediction interval of the same level is its central interval; df is infinite for a normal distribution.

    Examples
    --------
    >>> prior = NextTrial(-0.36, 0.12, 4.0)
    >>> [round(limit, 2) for limit in prior.interval()], round(prior.below(0.0), 2)
    ([-0.69, -0.03], 0.98)
    """

    centre: float
    scale: float
    df: float

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the central interval."""
        reach = float(_law(self).ppf(0.5 + level / 2)) - self.centre
        return self.centre - reach, self.centre + reach

    def below(self, effect: float) -> float:
        """Return the probability that the effect of a next trial is below a value."""
        return float(_law(self).cdf(effect))


def next_trial(pooled: PooledEffect) -> NextTrial:
    """Return the predictive distribution of the true effect in a next trial like those that were pooled.

    Parameters
    ----------
    pooled
        Without moderators, by a method with tau².

    Returns
    -------
    NextTrial
        A t distribution whose central interval is the prediction interval.

    Raises
    ------
    FitError
        There is no prediction interval: too few studies, moderators, or one effect was assumed.

    Examples
    --------
    >>> from coxa.meta import pool_effects
    >>> prior = next_trial(pool_effects([-0.56, -0.43, -0.14], [0.03, 0.04, 0.13]))
    >>> round(prior.centre, 2), prior.df, round(prior.below(0.0), 2)
    (-0.46, 2.0, 0.97)
    """
    if math.isnan(pooled.prediction_interval[0]):
        raise FitError("There is no prediction interval. Pool two studies or more by a method with tau²")
    return NextTrial(pooled.estimate, math.hypot(pooled.std_error, math.sqrt(pooled.tau2)), pooled.prediction_df)


def assurance(prior: NextTrial, power: Callable[[float], float]) -> float:
    """Return the probability that a trial is a success, averaged over what is known of the effect.

    Parameters
    ----------
    prior
        From `next_trial`.
    power
        From a true effect to the probability of success, for example
        `lambda d: power_two_means(sd=1, difference=d, n=60).power`; for effects of either sign.

    Returns
    -------
    float
        Mean power over equally probable effects of the prior.

    Raises
    ------
    OptionError
        `power` gives something else than a probability.

    References
    ----------
    O'Hagan A, Stevens JW, Campbell MJ. Pharmaceutical Statistics 2005;4:187-201.

    Examples
    --------
    >>> from scipy.stats import norm
    >>> success = lambda effect: float(norm.cdf(-effect / 0.18 - 1.96))
    >>> round(assurance(NextTrial(-0.4, 0.1, float("inf")), success), 2), round(success(-0.4), 2)
    (0.59, 0.6)
    """
    effects = _law(prior).ppf((np.arange(POINTS) + 0.5) / POINTS)
    values = np.array([power(float(effect)) for effect in effects])
    if not np.all((values >= 0) & (values <= 1)):
        raise OptionError("`power` gives a number that is no probability. Return one from 0 to 1 for every effect.")
    return float(values.mean())


def success_power(std_error: float, *, lower_is_better: bool, alpha: float = 0.05) -> Callable[[float], float]:
    """Return the power of a two-sided z test to show a benefit, as a function of the true effect.

    Parameters
    ----------
    std_error
        Of the effect in the trial that is planned; sd sqrt(1/n + 1/n) for two means.
    lower_is_better
        Whether a benefit is a negative effect.
    alpha
        Two-sided level.

    Returns
    -------
    callable
        Only a result in the direction of benefit is a success.

    Raises
    ------
    OptionError
        The standard error is not positive, or the level not between 0 and 1.

    Examples
    --------
    >>> round(success_power(0.18, lower_is_better=True)(-0.4), 2)
    0.6
    """
    if std_error <= 0 or not 0 < alpha < 1:
        raise OptionError(f"`std_error` is {std_error:g} and `alpha` {alpha:g}. Give positive numbers, alpha below 1.")
    limit = float(stats.norm.ppf(1 - alpha / 2))
    sign = -1.0 if lower_is_better else 1.0
    return lambda effect: float(stats.norm.cdf(sign * effect / std_error - limit))


def _law(prior: NextTrial) -> Any:
    if math.isinf(prior.df):
        return stats.norm(prior.centre, prior.scale)
    return stats.t(prior.df, prior.centre, prior.scale)
